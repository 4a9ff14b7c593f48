"""Runs guardrails in order: each in its own time, each failure as it was told to be taken."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from soravid.errors import InvalidRequest, SoravidError, nearest
from soravid.guardrails.base import Guardrail
from soravid.guardrails.blocked import THING, GuardrailBlocked, GuardrailUnavailable
from soravid.guardrails.call import Call
from soravid.guardrails.frames import sampled_frames
from soravid.guardrails.verdicts import STAGES, Context, Flag, Outcome, Stage, Verdict, check_choice

_VIDEO: tuple[Stage, ...] = ("input_video", "output_frames")


class Guard:
    """Several guardrails as one.

    Args:
        guardrails: in the order in which they run. A plain function stands for ``Call(function)``.
        frames: how many pictures are sampled from a clip, where a stage needs some and none were given.

    Raises:
        InvalidRequest: something that is no guardrail.
    """

    def __init__(self, guardrails: Iterable[Guardrail | Callable[..., Any]] = (), *, frames: int = 6) -> None:
        self.guardrails = tuple(_guardrail(each) for each in guardrails)
        self._frames = frames

    def __repr__(self) -> str:
        return f"<Guard {', '.join(each.name for each in self.guardrails) or 'without guardrails'}>"

    def watches(self, stage: Stage, named: Iterable[str] = ()) -> bool:
        """Whether any guardrail looks at a stage; ``named`` are those that the request asks for."""
        return bool(self._chosen(stage, tuple(named)))

    async def check(self, stage: Stage, context: Context) -> Outcome:
        """Run the guardrails of a stage, one after the other; each gets the prompt that the last one left.

        A stage about pictures passes at once where there are none.

        Raises:
            GuardrailBlocked: one said no.
            GuardrailUnavailable: one that fails closed raised an error or took longer than its timeout.
            InvalidRequest: the request names a guardrail that does not exist.
        """
        check_choice("stage", stage, STAGES)
        chosen = self._chosen(stage, context.guardrails)
        if stage == "input_image" and not context.pictures:
            chosen = ()
        original = prompt = context.prompt
        flags: list[Flag] = []
        for each in chosen:
            context = replace(context, prompt=prompt)
            try:
                async with asyncio.timeout(each.timeout):
                    context = await self._with_frames(stage, context)
                    verdict = await _ask(each, stage, context)
                _check_applies(verdict, stage)
            except Exception as wrong:
                why = _why(wrong, each.timeout)
                if each.on_error != "allow":
                    raise GuardrailUnavailable(why, guardrail=each.name, stage=stage) from wrong
                flags.append(Flag(each.name, stage, GuardrailUnavailable.code, why))
                continue
            if verdict.action == "block":
                raise GuardrailBlocked(verdict.reason, guardrail=each.name, stage=stage, rule=verdict.rule)
            if verdict.action == "flag":
                flags.append(Flag(each.name, stage, verdict.rule, verdict.reason))
            elif verdict.action == "rewrite" and verdict.text:
                prompt = verdict.text
        return Outcome(prompt, prompt != original, tuple(flags))

    def _chosen(self, stage: Stage, named: tuple[str, ...]) -> tuple[Guardrail, ...]:
        known = {each.name for each in self.guardrails}
        for name in named:
            if name not in known:
                near = nearest(name, known, 1)
                raise InvalidRequest(
                    f"There is no guardrail {name!r}.",
                    param="guardrails",
                    hint=f"Did you mean {near[0]!r}?" if near else "",
                )
        return tuple(
            each
            for each in self.guardrails
            if stage in each.stages and (each.default_on or each.name in named)
        )

    async def _with_frames(self, stage: Stage, context: Context) -> Context:
        """The context with pictures of its clip, which are sampled once."""
        if stage not in _VIDEO or context.frames:
            return context
        if context.clip is None:
            raise InvalidRequest(f"{THING[stage]} is not there to be looked at.", param="clip")
        return replace(context, frames=await _in_own_thread(sampled_frames, context.clip, self._frames))


def _guardrail(given: Any) -> Guardrail:
    if isinstance(given, Guardrail):
        return given
    if callable(given) and not isinstance(given, type):
        return Call(given)
    raise InvalidRequest(
        f"{given!r} is no guardrail.", param="guardrails", hint="Give one of BaseGuardrail, or a function."
    )


async def _ask(guardrail: Guardrail, stage: Stage, context: Context) -> Verdict:
    check: Callable[..., Any] = guardrail.check
    if inspect.iscoroutinefunction(check):
        verdict = await check(stage, context)
    else:
        verdict = await _in_own_thread(check, stage, context)
        if inspect.isawaitable(verdict):
            verdict = await verdict
    if not isinstance(verdict, Verdict):
        raise TypeError(f"check() must return a Verdict, not {type(verdict).__name__}.")
    return verdict


def _check_applies(verdict: Verdict, stage: Stage) -> None:
    if verdict.action == "rewrite" and stage != "prompt":
        raise InvalidRequest("Only a prompt can be rewritten.", param="action")


def _why(wrong: Exception, timeout: float) -> str:
    """What is said of a failure. Another's exception may hold anything, so only its kind is."""
    if isinstance(wrong, SoravidError):
        return str(wrong)
    if isinstance(wrong, TimeoutError):
        return f"It did not answer within {timeout:g} s."
    return f"It failed with {type(wrong).__name__}."


async def _in_own_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    """Run what blocks in a thread that nothing else waits for.

    One that hangs then keeps neither the event loop's pool of threads nor the end of the interpreter.
    """
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()
    run = contextvars.copy_context().run

    def work() -> None:
        try:
            future.set_result(run(function, *arguments))
        except StopIteration:  # no future takes it
            future.set_exception(RuntimeError("StopIteration"))
        except Exception as wrong:
            future.set_exception(wrong)
        except BaseException as wrong:  # an exit() in a guardrail ends the check, not the event loop
            future.set_exception(RuntimeError(type(wrong).__name__))

    threading.Thread(target=work, name="soravid-guardrail", daemon=True).start()
    return await asyncio.wrap_future(future)
