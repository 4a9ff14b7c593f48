"""What every guardrail has: a name, the stages at which it looks, its time, and what its failure means."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from typing import ClassVar, Literal, Protocol, TypedDict, get_args, runtime_checkable

from soravid.errors import InvalidRequest
from soravid.guardrails.verdicts import STAGES, Action, Context, Stage, Verdict, check_choice

OnError = Literal["block", "allow"]
"""What a guardrail's failure means: ``block`` (fail closed) or ``allow`` with a flag (fail open)."""


@runtime_checkable
class Guardrail(Protocol):
    """What a ``Guard`` runs. ``BaseGuardrail`` has all of it but ``check``.

    Attributes:
        timeout: seconds that a check may take.
        default_on: whether it runs for every request; else only where a request names it.
    """

    name: str
    stages: tuple[Stage, ...]
    timeout: float
    on_error: OnError
    default_on: bool

    def check(self, stage: Stage, context: Context) -> Verdict | Awaitable[Verdict]:
        """Judge. A coroutine function is awaited; a plain one runs in a thread of its own."""
        ...


class Common(TypedDict, total=False):
    """Keywords that every built-in guardrail takes."""

    name: str | None
    stages: Iterable[Stage] | Stage | None
    timeout: float
    on_error: OnError
    default_on: bool


class BaseGuardrail:
    """A guardrail without its check.

    Args:
        name: what it is called in flags and errors; its kind where none is given.
        stages: at which it looks; its usual ones where none are given.
        timeout: seconds that a check may take.
        on_error: ``block`` (fail closed) or ``allow`` (fail open, with a flag).
        default_on: whether it runs for every request; else only where a request names it.

    Raises:
        InvalidRequest: a value that cannot work.
    """

    kind: ClassVar[str] = "guardrail"
    """Its name in a configuration."""
    sees: ClassVar[tuple[Stage, ...]] = STAGES
    """The stages at which it can say anything."""
    usual: ClassVar[tuple[Stage, ...]] = ("prompt",)
    """The stages at which it looks unless told otherwise."""

    def __init__(
        self,
        *,
        name: str | None = None,
        stages: Iterable[Stage] | Stage | None = None,
        timeout: float = 10.0,
        on_error: OnError = "block",
        default_on: bool = True,
    ) -> None:
        if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not 0 < timeout < 1e6:
            raise InvalidRequest(
                f"timeout must be a positive number of seconds, not {timeout!r}.", param="timeout"
            )
        check_choice("on_error", on_error, get_args(OnError))
        self.name = name or self.kind
        self.stages = self._stages(stages)
        self.timeout = float(timeout)
        self.on_error: OnError = on_error
        self.default_on = bool(default_on)

    def _stages(self, stages: Iterable[Stage] | Stage | None) -> tuple[Stage, ...]:
        wanted: tuple[str, ...] = (
            self.usual if stages is None else (stages,) if isinstance(stages, str) else tuple(stages)
        )
        for stage in wanted:
            check_choice("stages", stage, STAGES)
            if stage not in self.sees:
                raise InvalidRequest(
                    f"The guardrail {self.kind} cannot look at {stage}: "
                    f"it looks at {', '.join(self.sees)} only.",
                    param="stages",
                )
        if not wanted:
            raise InvalidRequest(f"The guardrail {self.name!r} has no stages.", param="stages")
        return tuple(stage for stage in STAGES if stage in wanted)

    def check(self, stage: Stage, context: Context) -> Verdict | Awaitable[Verdict]:
        """See ``Guardrail.check``."""
        raise NotImplementedError

    def __repr__(self) -> str:
        # Nothing else: a key, or the words of a list, have no place in a log.
        return f"<{type(self).__name__} {self.name!r} at {', '.join(self.stages)}>"


def check_action(action: Action, *allowed: Action) -> Action:
    """What a guardrail does when it finds something.

    Raises:
        InvalidRequest: it cannot do that.
    """
    check_choice("action", action, allowed or ("block", "flag", "rewrite"))
    return action
