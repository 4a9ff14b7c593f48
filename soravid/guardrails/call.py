"""A Python function as a guardrail."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Unpack

from soravid.errors import InvalidRequest
from soravid.guardrails.base import BaseGuardrail, Common
from soravid.guardrails.verdicts import ALLOW, Context, Stage, Verdict


class Call(BaseGuardrail):
    """Asks ``function(stage, context)``, or ``function(prompt)`` where it takes one argument.

    It may be a coroutine function; a plain one runs in a thread of its own, where it cannot be stopped when
    its time is over. It returns None or True to allow, False to block, a text to block with that reason, or
    a ``Verdict``.

    Args:
        function: what to call, or where it is, as ``"package.module:function"``.

    Raises:
        InvalidRequest: there is no such function.
    """

    kind = "call"

    def __init__(self, function: Callable[..., Any] | str, **common: Unpack[Common]) -> None:
        self._function = _found(function) if isinstance(function, str) else function
        self._whole = _takes_two(self._function)
        common.setdefault("name", getattr(self._function, "__name__", "").strip("<>") or None)
        super().__init__(**common)

    def check(self, stage: Stage, context: Context) -> Verdict | Awaitable[Verdict]:
        """See ``Guardrail.check``."""
        answer = self._function(*((stage, context) if self._whole else (context.prompt,)))
        return _later(answer) if inspect.isawaitable(answer) else _verdict(answer)


async def _later(answer: Awaitable[Any]) -> Verdict:
    return _verdict(await answer)


def _verdict(answer: Any) -> Verdict:
    if isinstance(answer, Verdict):
        return answer
    if answer is None or answer is True:
        return ALLOW
    if answer is False or isinstance(answer, str):
        # A text that is taken for a reason costs a question; one taken for a prompt would cost money.
        return Verdict("block", reason=answer or "")
    raise TypeError(
        f"A guardrail must return None, True, False, a text or a Verdict, not {type(answer).__name__}."
    )


def _takes_two(function: Callable[..., Any]) -> bool:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some builtins have none
        return True
    several = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [each for each in signature.parameters.values() if each.default is each.empty]
    return any(each.kind is each.VAR_POSITIONAL for each in needed) or (
        sum(each.kind in several for each in needed) > 1
    )


def _found(path: str) -> Callable[..., Any]:
    module, _, name = path.partition(":")
    try:
        found = getattr(importlib.import_module(module), name) if name else None
    except (ImportError, AttributeError, ValueError):
        found = None
    if not callable(found):
        raise InvalidRequest(
            f"There is no function {path!r}.", param="function", hint='Name it as "package.module:function".'
        )
    return found  # type: ignore[no-any-return]
