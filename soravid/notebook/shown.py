"""What can be shown in an output: one job, several, a batch. Each tells how it is, and what it leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Protocol

from soravid import cards, loop, media
from soravid.batches import Batch
from soravid.boards import Board
from soravid.card_board import board_html, board_text
from soravid.errors import SoravidError
from soravid.job import Job
from soravid.ledger.timing import usual
from soravid.media.links import page_src_or_none
from soravid.planning import current
from soravid.views import JobView, Usual

Refuse = Callable[[str, str], object]
"""Is told why a job cannot be stopped, and the job's id."""


class Shown(Protocol):
    """Something that runs, and ends."""

    def view(self) -> JobView | Board:
        """It as it is now."""
        ...

    def done(self) -> bool:
        """Whether nothing more will change."""
        ...

    def on_update(self, listener: Callable[[], object]) -> None:
        """Have a function called at each change."""
        ...

    def bundle(self, *, embed: bool) -> dict[str, str]:
        """What it leaves, as HTML and as text."""
        ...

    def cancel(self, job_id: str, refuse: Refuse) -> None:
        """Have a job stopped, or all; returns at once."""
        ...


class Jobs:
    """One job, or several on a board."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs = [job.resume() for job in jobs]  # one that nobody here waits for would stand still
        journal = current().journal
        self._usual: dict[tuple[str, str | None], Usual | None] = {}
        for view in (job.view for job in jobs if not job.done()):
            kind = view.model, view.seconds
            if kind not in self._usual:
                self._usual[kind] = usual(journal, *kind)

    def view(self) -> JobView | Board:
        """The job, or all of them."""
        views = [self._timed(job.view) for job in self._jobs]
        return Board.of(views) if views[1:] else views[0]

    def done(self) -> bool:
        """Whether each has a clip, or never will."""
        return all(job.done() for job in self._jobs)

    def on_update(self, listener: Callable[[], object]) -> None:
        """Have a function called at each change of any."""
        for job in self._jobs:
            job.on_update(lambda _view: listener())

    def bundle(self, *, embed: bool) -> dict[str, str]:
        """A player, or why there is none; for several a row each."""
        if not self._jobs[1:]:
            return ending(self._jobs[0], embed=embed)
        views = [job.view for job in self._jobs]
        small = [replace(view, poster=view.poster and media.smaller(view.poster)) for view in views]
        paths = [None if job.error else job.wait().path for job in self._jobs]
        sources = [page_src_or_none(path, embed=embed) if path else None for path in paths]
        board = Board.of(small)
        return {"text/html": board_html(board, sources), "text/plain": board_text(board)}

    def cancel(self, job_id: str, refuse: Refuse) -> None:
        """Ask the provider to stop one, or each that has not ended."""
        for job in self._jobs:
            if not job.done() and job_id in {"", job.id}:
                stop(job, refuse)

    def _timed(self, view: JobView) -> JobView:
        return view if view.done else replace(view, usual=self._usual.get((view.model, view.seconds)))


class Clips:
    """A batch."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch

    def view(self) -> Board:
        """What runs of it and what has failed, or all where they are few."""
        return self._batch.board()

    def done(self) -> bool:
        """Whether all have ended."""
        return self._batch.done()

    def on_update(self, listener: Callable[[], object]) -> None:
        """Have a function called at each change."""
        self._batch.on_update(listener)

    def bundle(self, *, embed: bool) -> dict[str, str]:
        """A row for each, up to some."""
        return self._batch.bundle(embed=embed)

    def cancel(self, job_id: str, refuse: Refuse) -> None:
        """Stop one, or send no more and stop all that run."""
        if not job_id:
            self._batch.stop()
        for job in self._batch.jobs:
            if job_id in {"", job.id}:
                stop(job, refuse)


def stop(job: Job, refuse: Refuse) -> None:
    """Ask a job's provider to stop it; the button must not keep the kernel."""

    def answered(answer: Future[None]) -> None:
        if wrong := answer.exception():
            known = isinstance(wrong, SoravidError)
            refuse(str(wrong) if known else "It could not be cancelled.", job.id)

    loop.submit(job.cancelled_at_provider()).add_done_callback(answered)


def ending(job: Job, *, embed: bool = False) -> dict[str, str]:
    """What a job that has ended leaves: its player, or why there is none."""
    if job.error:
        return {"text/html": cards.failed_html(job.view), "text/plain": cards.failed_text(job.view)}
    return job.wait().bundle(embed=embed)
