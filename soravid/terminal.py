"""Shows jobs in a terminal: one line that changes while somebody looks, then what stays."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from soravid import cards, planning
from soravid.boards import Board
from soravid.card_board import board_text
from soravid.errors import SoravidError
from soravid.job import Job
from soravid.ledger.timing import usual

_RED, _PLAIN = "\x1b[31m", "\x1b[39m"


def follow(job: Job) -> bool:
    """Wait for a job; whether there is a clip. Where nobody looks on, only the end is shown."""
    job.resume()
    took = usual(planning.current().journal, job.view.model, job.view.seconds)
    _show_until(_polled(job.done), lambda: cards.running_text(replace(job.view, usual=took)))
    return _end(job)


def follow_all(jobs: Sequence[Job]) -> bool:
    """Wait for several; whether all have a clip."""
    if len(jobs) == 1:
        return follow(jobs[0])
    waiting = [job.resume() for job in jobs]

    def ended() -> bool:
        return all(job.done() for job in waiting)

    _show_until(_polled(ended), lambda: _coloured(Board.of([job.view for job in waiting])))
    have_clips = [_end(job) for job in waiting]
    return all(have_clips)


def follow_board(
    board: Callable[[], Board], ended: Callable[[float], bool], timeout: float | None = None
) -> None:
    """Show a board, where somebody looks on, until ``ended`` (which waits for so many seconds) says so."""
    end = None if timeout is None else time.monotonic() + timeout
    _show_until(
        lambda pause: ended(pause) or (end is not None and time.monotonic() > end), lambda: _coloured(board())
    )


def _polled(ended: Callable[[], bool]) -> Callable[[float], bool]:
    """The same, after a pause of so many seconds."""

    def later(pause: float) -> bool:
        time.sleep(pause)
        return ended()

    return later


def _show_until(ended: Callable[[float], bool], line: Callable[[], str]) -> None:
    """A line that changes, from now on, until ``ended``, which waits for so many seconds, says so."""
    if not sys.stderr.isatty():
        return
    try:
        over = ended(0)
        while not over:
            print(f"\r{line()}\x1b[K", end="", file=sys.stderr, flush=True)
            over = ended(0.1)
    finally:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _coloured(board: Board) -> str:
    text = board_text(board)
    return f"{_RED}{text}{_PLAIN}" if board.tally.tone == "bad" and not os.environ.get("NO_COLOR") else text


def _end(job: Job) -> bool:
    try:
        clip = job.result()
    except SoravidError:
        print(cards.failed_text(job.view), file=sys.stderr)
        return False
    print(clip)
    return True
