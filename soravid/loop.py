"""The one background event loop, on a daemon thread, and the two faces that a coroutine gets on it.

The kernel's own loop is never patched and never blocked: a synchronous call waits for the thread, so Ctrl-C
returns at once and the work goes on; an asynchronous call awaits it from whichever loop it runs on.
"""

from __future__ import annotations

import asyncio
import atexit
import functools
import gc
import inspect
import os
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar, get_type_hints, is_typeddict

from soravid.errors import UnknownKeyword, nearest, one_of

P = ParamSpec("P")
R = TypeVar("R")

THREAD_NAME = "soravid"
SENDING = "soravid-sending"
"""The name of a task that must not be cut short when the interpreter ends."""
_GRACE = 10.0
_HANDS = 32
"""Threads for blocking work."""
_lock = threading.Lock()
_leaving: list[Callable[[], Coroutine[Any, Any, None]]] = []
_loop: asyncio.AbstractEventLoop | None = None
_thread: threading.Thread | None = None
_new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop


def loop() -> asyncio.AbstractEventLoop:
    """The loop, started on first use."""
    global _loop, _thread
    with _lock:
        if _loop is None:
            _loop = _new_loop()
            # Waiting for a disk needs no processor, and writes that come together share a transaction.
            _loop.set_default_executor(ThreadPoolExecutor(_HANDS, thread_name_prefix=f"{THREAD_NAME}-hand"))
            _thread = threading.Thread(target=_loop.run_forever, name=THREAD_NAME, daemon=True)
            _thread.start()
        return _loop


def expect_many() -> None:
    """Make this process one for many calls under way at once, such as a proxy; before the loop is first used.

    The loop is uvloop's where that is installed. A thread gives way after half a millisecond, so that none
    keeps the loop waiting; and what lives from now on is looked through for garbage less often.
    """
    global _new_loop
    with suppress(ImportError):
        from uvloop import new_event_loop

        _new_loop = new_event_loop
    sys.setswitchinterval(0.0005)
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def submit(work: Coroutine[Any, Any, R]) -> Future[R]:
    """Start a coroutine on the loop thread and return at once."""
    return asyncio.run_coroutine_threadsafe(work, loop())


def run(work: Coroutine[Any, Any, R]) -> R:
    """Run a coroutine on the loop thread and wait for it. Interrupting the wait cancels the work."""
    try:
        forbid_waiting()
    except RuntimeError:
        work.close()
        raise
    future = submit(work)
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


async def in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run blocking work (a database, a disk) off the loop.

    While the interpreter ends there are no more worker threads: what must be written then is written here.
    """
    try:
        return await asyncio.to_thread(function, *args, **kwargs)
    except RuntimeError as wrong:
        if "shutdown" not in str(wrong):
            raise
        return function(*args, **kwargs)


def on_exit(close: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Have something closed on the loop thread when the interpreter ends."""
    _leaving.append(close)


def forbid_waiting() -> None:
    """Raise where waiting for the loop thread would wait for itself."""
    if threading.current_thread() is _thread:
        raise RuntimeError("A callback of soravid cannot wait for soravid: use the async form, or a thread.")


def blocking(function: Callable[P, Coroutine[Any, Any, R]], name: str | None = None) -> Callable[P, R]:
    """The synchronous face of a coroutine function: the same arguments, run on the loop thread."""

    @functools.wraps(function)
    def face(*args: P.args, **kwargs: P.kwargs) -> R:
        _check_keywords(face, kwargs)
        return run(function(*args, **kwargs))

    return _described(face, function, name)


def hopping(
    function: Callable[P, Coroutine[Any, Any, R]], name: str | None = None
) -> Callable[P, Coroutine[Any, Any, R]]:
    """The asynchronous face: awaited on any loop, run on the loop thread; there it is a plain await."""

    @functools.wraps(function)
    async def face(*args: P.args, **kwargs: P.kwargs) -> R:
        _check_keywords(face, kwargs)
        if asyncio.get_running_loop() is _loop:
            return await function(*args, **kwargs)
        return await asyncio.wrap_future(submit(function(*args, **kwargs)))

    return _described(face, function, name)


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """A plain function whose unknown keywords are named, with the nearest ones."""

    @functools.wraps(function)
    def face(*args: P.args, **kwargs: P.kwargs) -> R:
        _check_keywords(face, kwargs)
        return function(*args, **kwargs)

    return _described(face, function)


def _described(face: Callable[P, R], function: Callable[..., Any], name: str | None = None) -> Callable[P, R]:
    """Give a face its public name and its whole signature.

    ``**options: Unpack[...]`` is spelt out, for Jupyter's help and completion.
    """
    if name:
        face.__name__ = function.__name__ = name
        face.__qualname__ = function.__qualname__ = name  # what Python's own TypeError calls it
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())
    if parameters and parameters[-1].kind is inspect.Parameter.VAR_KEYWORD:
        hint = get_type_hints(function).get(parameters.pop().name)
        options = getattr(hint, "__args__", (None,))[0]
        if is_typeddict(options):
            parameters += [
                inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
                for name, annotation in options.__annotations__.items()
            ]
    face.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    face.__keywords__ = frozenset(p.name for p in parameters)  # type: ignore[attr-defined]
    return face


def _check_keywords(face: Any, kwargs: dict[str, Any]) -> None:
    for name in kwargs.keys() - face.__keywords__:
        near = nearest(name, face.__keywords__)
        raise UnknownKeyword(
            f"{face.__name__}() has no argument {name!r}.",
            param=name,
            hint=f"Did you mean {one_of(near)}?" if near else "",
        )


def _forget() -> None:
    """A forked child has the lock and the names, but not the thread."""
    global _lock, _loop, _thread
    _lock, _loop, _thread = threading.Lock(), None, None
    _leaving.clear()


def _stop() -> None:
    """End quietly with the interpreter: jobs in flight stay in the journal."""
    if _loop is None or _thread is None:
        return

    async def leave() -> None:
        sending = [task for task in asyncio.all_tasks() if task.get_name() == SENDING]
        if sending:  # a create under way gets its answer into the journal
            await asyncio.wait(sending, timeout=_GRACE)
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *(close() for close in _leaving), return_exceptions=True)
        asyncio.get_running_loop().stop()

    asyncio.run_coroutine_threadsafe(leave(), _loop)
    _thread.join(timeout=_GRACE + 2)


atexit.register(_stop)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
