"""Regular expressions that a prompt must not match, with a bound on the time that each may take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Unpack

from soravid.errors import InvalidRequest, MissingExtra, SoravidError
from soravid.guardrails.base import BaseGuardrail, Common, check_action
from soravid.guardrails.folding import fold
from soravid.guardrails.found import MASK, Found, verdict_on
from soravid.guardrails.verdicts import Action, Context, Stage, Verdict

if TYPE_CHECKING:
    import regex

_REASON = "The prompt has something in it that is not allowed here."


class Patterns(BaseGuardrail):
    """Looks for regular expressions of the ``regex`` package, upper and lower case alike.

    Each is sought in the prompt as it came and in the prompt as a reader sees it (lower case, no accents, no
    invisible characters, look-alikes as Latin letters), so that an evasion of the one is found in the other.

    A pattern that takes longer than ``match_timeout`` is stopped, and the guardrail has failed: the module
    ``re`` could neither be stopped nor lets other threads run meanwhile.

    Args:
        patterns: one, several, or several by name; the name, else the pattern, is the rule.
        action: ``block``, ``flag``, or ``rewrite``: each find is replaced by ``mask``.
        match_timeout: seconds that one pattern may take.
        reason: what the end user is told.

    Raises:
        InvalidRequest: no pattern, or one that is none; the message says where.
        MissingExtra: the ``regex`` package is not installed.
    """

    kind = "patterns"
    sees = ("prompt",)

    def __init__(
        self,
        patterns: str | Iterable[str] | Mapping[str, str],
        *,
        action: Action = "block",
        mask: str = MASK,
        match_timeout: float = 1.0,
        reason: str = _REASON,
        **common: Unpack[Common],
    ) -> None:
        super().__init__(**common)
        self._action, self._mask, self._reason = check_action(action), mask, reason
        self._seconds = match_timeout
        named: Iterable[tuple[str, str]]
        if isinstance(patterns, Mapping):
            named = patterns.items()
        else:
            named = [(each, each) for each in ([patterns] if isinstance(patterns, str) else patterns)]
        self._patterns = {name: _compiled(pattern) for name, pattern in named}
        if not self._patterns:
            raise InvalidRequest("The guardrail patterns needs at least one pattern.", param="patterns")

    def check(self, stage: Stage, context: Context) -> Verdict:  # noqa: ARG002
        """See ``Guardrail.check``."""
        folded = fold(context.prompt)
        found = []
        for name, pattern in self._patterns.items():
            found += [Found(*span, name) for span in self._spans(name, pattern, context.prompt)]
            found += [Found(*folded.span(*span), name) for span in self._spans(name, pattern, folded.text)]
        return verdict_on(context.prompt, found, self._action, self._reason, self._mask)

    def _spans(self, name: str, pattern: regex.Pattern[str], text: str) -> list[tuple[int, int]]:
        try:
            finds = pattern.finditer(text, timeout=self._seconds, concurrent=True)
            return [find.span() for find in finds if find.end() > find.start()]
        except TimeoutError:
            raise SoravidError(
                f"The pattern {name!r} took longer than {self._seconds:g} s.",
                hint="Write it so that it does not try the same text again and again.",
            ) from None


def _compiled(pattern: Any) -> regex.Pattern[str]:
    try:
        import regex
    except ImportError:
        raise MissingExtra("The guardrail patterns", "guardrails") from None
    try:
        return regex.compile(pattern, regex.IGNORECASE)
    except (regex.error, TypeError) as wrong:
        raise InvalidRequest(f"{pattern!r} is no regular expression: {wrong}.", param="patterns") from None
