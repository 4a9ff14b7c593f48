"""A clip for each of many prompts: what is asked of it, and how it looks."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from soravid import loop, terminal
from soravid.batches.item import Item
from soravid.batches.sending import Sending
from soravid.boards import Board, row_name
from soravid.card_board import MOST, board_html, board_running_html, board_text
from soravid.clips import Clip
from soravid.errors import DeadlineExceeded
from soravid.media.links import page_src_or_none
from soravid.money import to_usd
from soravid.tables import Table

_FAILED_ROWS = 8
"""Failures that a live board of many shows."""


class Batch(Sending):
    """A clip for each of many prompts. Made by ``soravid.map``; it runs by itself.

    ``clips``, ``failed``, ``cost`` and ``table()`` wait for the end; ``for`` and ``async for`` give each
    ``Item`` as it ends; ``await`` gives the batch, ended. Interrupting a wait stops the sending: what has
    been sent goes on, and ``resume`` sends the rest.
    """

    shown = False
    """Whether a front-end shows it; else a wait does, in a terminal."""

    def wait(self, timeout: float | None = None) -> Batch:
        """Wait until every prompt has a clip, or never will.

        Raises:
            DeadlineExceeded: not within ``timeout`` seconds; it goes on.
            Exception: what the iterable of prompts raised; told once.
        """
        loop.forbid_waiting()
        try:
            if not self.shown:
                terminal.follow_board(self.board, self._has_ended, timeout)
            ended = self._has_ended(timeout)
        except BaseException:
            self.stop()
            raise
        if not ended:
            raise DeadlineExceeded(f"The batch has not ended after {timeout:g} s.")
        self._raise_fault()
        return self

    def resume(self) -> Batch:
        """Send the prompts that ``stop``, or an interrupt, has left."""
        self._go_on()
        return self

    def cancel(self) -> None:
        """Send no more, and stop what runs, where its provider does that."""
        with self._news:
            self._cancelled = True
        self.stop()
        for job in self.jobs:
            loop.submit(job.cancelled_at_provider())

    @property
    def items(self) -> list[Item]:
        """Every prompt that was sent, in their order; waits."""
        return self.wait()._in_order()

    @property
    def clips(self) -> list[Clip]:
        """The clips, in the order of their prompts; waits."""
        return [item.clip for item in self.items if item.path]

    @property
    def failed(self) -> list[Item]:
        """What has no clip, each with its ``prompt`` and its ``error``; waits."""
        return [item for item in self.items if not item.path]

    @property
    def cost(self) -> Decimal | None:
        """USD for all of them; None when the price of one is not known. Waits."""
        tally = self.wait()._tally
        return None if tally.unpriced else to_usd(tally.spent)

    def table(self) -> Table:
        """A line for each prompt; waits."""
        columns = ("No.", "Prompt", "State", "Money", "Took", "Clip")
        return Table(columns, [item.line for item in self.items], self.board().tally.label)

    def __iter__(self) -> Iterator[Item]:
        for place in itertools.count():
            loop.forbid_waiting()
            try:
                with self._news:
                    self._news.wait_for(lambda: len(self._ended) > place or self.done())  # noqa: B023
            except BaseException:
                self.stop()
                raise
            if place == len(self._ended):
                break
            yield self._ended[place]
        self._raise_fault()

    async def __aiter__(self) -> AsyncIterator[Item]:
        changed = self._changes()
        for place in itertools.count():
            await self._until(changed, lambda: len(self._ended) > place or self.done())  # noqa: B023
            if place == len(self._ended):
                break
            yield self._ended[place]
        self._raise_fault()

    def __await__(self) -> Generator[Any, None, Batch]:
        yield from self._until(self._changes(), self.done).__await__()
        self._raise_fault()
        return self

    # --- how it looks --------------------------------------------------------------------------------

    def board(self) -> Board:
        """What a surface shows of it now: all of them where they are few, else what runs and what failed."""
        with self._news:
            views = {number: job.view for number, job in self._running.items()}
            ended, total = self._tally, self._total
            if self._stopped or self.done():
                total = len(self._ended) + len(views)  # no more will be sent
            few = (total or len(self._ended) + len(views)) <= MOST
            items = self._ended if few else [item for item in self._ended if item.error][-_FAILED_ROWS:]
        rows = views | {item.number: item.view for item in items}
        named = tuple((row_name(view.prompt), view) for _, view in sorted(rows.items()))
        return Board(named, replace(ended, total=total).plus(views.values()))

    def bundle(self, *, embed: bool = False) -> dict[str, str]:
        """Its card and its text, as a notebook keeps them."""
        board = self.board()
        if not board.done:
            return {"text/plain": board_text(board), "text/html": board_running_html(board)}
        items = self._in_order()[:MOST]
        lasting = Board(tuple((row_name(item.prompt), item.pictured) for item in items), board.tally)
        sources = [page_src_or_none(item.path, embed=embed) if item.path else None for item in items]
        return {"text/plain": board_text(board), "text/html": board_html(lasting, sources)}

    def __repr__(self) -> str:
        return f"<Batch: {self.board().tally.label}>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return self.bundle()

    # --- pieces --------------------------------------------------------------------------------------

    def _in_order(self) -> list[Item]:
        return sorted(self._ended, key=lambda item: item.number)

    def _has_ended(self, timeout: float | None) -> bool:
        with self._news:
            return self._news.wait_for(self.done, timeout)

    def _raise_fault(self) -> None:
        fault, self._fault = self._fault, None
        if fault:
            raise fault

    def _changes(self) -> asyncio.Event:
        """What is set, on the loop that asks for it, at each change."""
        here, event = asyncio.get_running_loop(), asyncio.Event()
        self.on_update(lambda: here.call_soon_threadsafe(event.set))
        return event

    async def _until(self, changed: asyncio.Event, condition: Callable[[], bool]) -> None:
        try:
            while not condition():
                await changed.wait()
                changed.clear()
        except asyncio.CancelledError:
            self.stop()
            raise
