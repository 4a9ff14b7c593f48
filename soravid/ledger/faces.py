"""The two faces of a journal's steps: for a caller that waits, and for one that awaits.

A step is a generator that yields what is to be written, and is sent what came of it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from soravid import observe
from soravid.ledger.orders import Order
from soravid.ledger.rows import JobRow
from soravid.observe import EventName

if TYPE_CHECKING:
    from soravid.ledger.database import Database

P = ParamSpec("P")
R = TypeVar("R")
B = TypeVar("B", bound="Bound")
Steps = Generator[Order, Any, R]


class Bound:
    """A journal's database, before it is said whether a caller waits or awaits."""

    def __init__(self, database: Database, home: Path, session: str, default_hold: int | None) -> None:
        self.home = home
        self.session = session
        self.alone = False
        """Whether whoever awaits a step is alone on its loop."""
        self._default_hold = default_hold
        self._database = database

    def _tell(self, name: EventName, row: JobRow, **more: Any) -> None:
        """Told once, by whoever made the change, after it is on disk."""
        if observe.heard():
            observe.tell(name, row, self.home, **more)


def at_once(steps: Callable[Concatenate[B, P], Steps[R]]) -> Callable[Concatenate[B, P], R]:
    """The face of a step for a caller that waits."""

    @functools.wraps(steps)
    def face(self: B, /, *args: P.args, **kwargs: P.kwargs) -> R:
        going = steps(self, *args, **kwargs)
        try:
            order = next(going)
            while True:
                order = going.send(self._database.carry_out(order))
        except StopIteration as end:
            result: R = end.value
            return result

    return face


def soon(steps: Callable[Concatenate[B, P], Steps[R]]) -> Callable[Concatenate[B, P], Coroutine[Any, Any, R]]:
    """The face of a step for a caller that awaits it, on any loop."""

    @functools.wraps(steps)
    async def face(self: B, /, *args: P.args, **kwargs: P.kwargs) -> R:
        going = steps(self, *args, **kwargs)
        try:
            order = next(going)
            while True:
                order = going.send(await self._database.carried_out(order, alone=self.alone))
        except StopIteration as end:
            result: R = end.value
            return result

    return face
