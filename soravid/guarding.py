"""The guardrails of this process: they look before anything is held, and before a clip is handed out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soravid import observe
from soravid.deployments import Options
from soravid.ledger import JobRow

if TYPE_CHECKING:
    from soravid.guardrails import Context, Flag, Guard, Guardrail, GuardrailBlocked, Stage
    from soravid.types import VideoRequest

_active: Guard | None = None
_CODES = {"guardrail_blocked", "guardrail_unavailable"}


def guard(*guardrails: Guardrail | Callable[..., Any], frames: int = 6) -> Guard:
    """Set the guardrails of this process, in place of those that were there; without any, there are none.

        soravid.guard(BlockList(["gore"]), OpenAIModeration())

    Args:
        *guardrails: of ``soravid.guardrails``, or functions that take a stage and a context.
        frames: how many pictures of a finished clip are looked at.

    Raises:
        InvalidRequest: something that is no guardrail.
    """
    from soravid.guardrails import Guard

    return use(Guard(guardrails, frames=frames))


def use(whole: Guard) -> Guard:
    """Set a ``Guard`` as it is, such as one that was read from a configuration."""
    global _active
    _active = whole
    return whole


def watches(stage: Stage) -> bool:
    """Whether any guardrail looks at a stage."""
    return _active is not None and _active.watches(stage)


async def let_in(request: VideoRequest, options: Options, source: JobRow | None = None) -> VideoRequest:
    """The request as the guardrails leave it; ``options`` may name some that do not run for everybody.

    ``source`` is the job whose clip is to be remixed, edited or extended.

    Nothing has been held or sent.

    Raises:
        GuardrailBlocked: one said no.
    """
    if _active is None:
        return request
    from soravid.guardrails import Context

    named = tuple(options.get("guardrails") or ())
    context = Context.of(request, labels=options.get("metadata") or {}, guardrails=named)
    prompt = await _ask("prompt", context, None)
    context = replace(context, prompt=prompt)
    await _ask("input_image", context, None)
    if source and source.path:
        await _ask("input_video", replace(context, clip=source.path), None)
    return replace(request, prompt=prompt)


def held_back(row: JobRow) -> GuardrailBlocked | None:
    """Why a clip that is done is not handed out; None where nothing is known against it."""
    error = row.error or {}
    if row.status != "completed" or error.get("code") not in _CODES:
        return None
    from soravid.guardrails import GuardrailBlocked

    return GuardrailBlocked(
        error.get("message") or "", guardrail=error.get("provider_code") or "", stage="output_frames"
    )


async def let_out(row: JobRow, clip: Path) -> None:
    """Look at a finished clip.

    Raises:
        GuardrailBlocked: one said no: the clip must not be handed out.
    """
    if not watches("output_frames"):
        return
    from soravid.guardrails import Context

    context = Context(prompt=row.prompt, model=row.model, user=row.user, clip=clip, labels=row.labels)
    await _ask("output_frames", context, row)


async def _ask(stage: Stage, context: Context, row: JobRow | None) -> str:
    from soravid.guardrails import GuardrailBlocked

    assert _active is not None  # noqa: S101 - both callers have looked
    try:
        outcome = await _active.check(stage, context)
    except GuardrailBlocked as blocked:
        rule = f"{blocked.guardrail}: {blocked.rule}".rstrip(": ")
        _note("guard.blocked", stage, rule, blocked.message, context, row)
        raise
    for flag in outcome.flags:
        _flagged(flag, context, row)
    return outcome.prompt


def _flagged(flag: Flag, context: Context, row: JobRow | None) -> None:
    _note("guard.flagged", flag.stage, f"{flag.guardrail}: {flag.rule}", flag.reason, context, row)


def _note(
    name: observe.EventName, stage: str, rule: str, reason: str, context: Context, row: JobRow | None
) -> None:
    code = f"{stage} {rule}"
    if row:
        event = observe.about(name, row, error_code=code, error_message=reason)
    else:
        event = observe.Event(
            name=name,
            at=time.time(),
            model=context.model,
            user=context.user,
            prompt=context.prompt,
            error_code=code,
            error_message=reason,
        )
    observe.emit(event)
