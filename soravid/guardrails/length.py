"""How long a prompt may be."""

from __future__ import annotations

from typing import Unpack

from soravid.errors import InvalidRequest
from soravid.guardrails.base import BaseGuardrail, Common
from soravid.guardrails.verdicts import ALLOW, Context, Stage, Verdict


class Length(BaseGuardrail):
    """Blocks a prompt, or a negative prompt, with too many characters (Unicode code points).

    Args:
        max_characters: how many a prompt, and a negative prompt, may have.
        min: how many a prompt must have.

    Raises:
        InvalidRequest: the bounds leave nothing between them.
    """

    kind = "length"
    sees = ("prompt",)

    def __init__(self, max_characters: int, *, min: int = 0, **common: Unpack[Common]) -> None:
        super().__init__(**common)
        numbers = isinstance(max_characters, int) and isinstance(min, int)
        if not numbers or not 0 <= min <= max_characters or max_characters < 1:
            raise InvalidRequest(
                "max_characters must be a whole number above 0, and min one that is not above it.",
                param="max_characters",
            )
        self._most, self._least = max_characters, min

    async def check(self, stage: Stage, context: Context) -> Verdict:  # noqa: ARG002
        """See ``Guardrail.check``."""
        for what, text in (("prompt", context.prompt), ("negative prompt", context.negative_prompt or "")):
            if len(text) > self._most:
                return Verdict(
                    "block",
                    "max_characters",
                    f"The {what} has {len(text):,} characters; at most {self._most:,} are allowed here.",
                )
        if len(context.prompt.strip()) < self._least:
            return Verdict(
                "block", "min", f"The prompt is too short: it needs at least {self._least:,} characters."
            )
        return ALLOW
