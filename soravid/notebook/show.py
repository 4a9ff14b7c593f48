"""Shows jobs where the person is: live and then durable in a notebook, a line of text in a terminal."""

from __future__ import annotations

import weakref
from collections.abc import Sequence

from IPython.display import display

from soravid import settings, terminal
from soravid.batches import Batch
from soravid.clips import Clip
from soravid.errors import SoravidError
from soravid.job import Job
from soravid.notebook.display import cell_id, execution_count, rich_front
from soravid.notebook.lasting import LastingOutput, page
from soravid.notebook.live import LiveOutput
from soravid.notebook.shown import Clips, Jobs, Shown

_live: weakref.WeakKeyDictionary[object, dict[str, LiveOutput]] = weakref.WeakKeyDictionary()
"""Where each job and each batch is shown, by the cell's id."""
_counts: weakref.WeakKeyDictionary[Batch, int] = weakref.WeakKeyDictionary()
"""The number in the brackets of the cell that made a batch."""


def show_live(
    jobs: Job | Sequence[Job], *, embed: bool = False, place: LastingOutput | None = None
) -> LiveOutput | None:
    """Show a job, or several as one board, in the output of the running cell, and leave there what lasts.

    Args:
        jobs: what to show.
        embed: put the clips into the notebook.
        place: an output that they take over; else it is a new one of the cell that runs.

    Returns:
        The live output; None where they have ended, and in a terminal, where they are waited for.
    """
    each = [jobs] if isinstance(jobs, Job) else list(jobs)
    if rich_front():
        return _show(Jobs(each), each, embed, place)
    try:
        terminal.follow_all(each)
    except KeyboardInterrupt:
        again = f"show {each[0].id}" if len(each) == 1 else "jobs"
        print(f"\nWhat runs goes on. To see it again: %video {again}")  # noqa: T201
    return None


def show_batch(batch: Batch) -> None:
    """Show a batch in the cell that makes it; where nobody looks on, wait for it."""
    if not (rich_front() or settings.waits()):
        return
    batch.shown = True
    _counts[batch] = execution_count()
    if settings.waits():
        batch.wait()
        display(Clips(batch).bundle(embed=False), raw=True)  # type: ignore[no-untyped-call]
    else:
        _show(Clips(batch), [batch], False)


def show_again(batch: Batch) -> None:
    """Show a batch that a cell ends with, unless that cell shows it already."""
    if not rich_front():
        try:
            batch.wait()
        except KeyboardInterrupt:
            print("\nNo more is sent; what runs goes on.")  # noqa: T201
        print(batch.bundle()["text/plain"])  # noqa: T201
    elif _counts.get(batch) != execution_count():
        _show(Clips(batch), [batch], False)


def present(jobs: list[Job], *, wait: bool, embed: bool) -> Clip | None:
    """Show a cell's jobs as the cell's settings want it; where nobody looks, wait for them.

    Raises:
        SoravidError: nobody looks, and a job ended without a clip.
    """
    if settings.waits():
        # A run without a person: the clip is the cell's result, and a failure fails the cell.
        for job in jobs:
            _wait(job)
        if len(jobs) > 1 or embed:
            display(Jobs(jobs).bundle(embed=embed), raw=True)  # type: ignore[no-untyped-call]
        clips = [job.result() for job in jobs]
        return clips[0] if len(clips) == 1 and not embed else None
    live = show_live(jobs, embed=embed) if jobs else None
    if wait:
        for job in jobs:
            _wait(job)
        if live:
            _end(live, Jobs(jobs), embed)
            live.flush()
    return None


def _show(
    shown: Shown, keys: Sequence[object], embed: bool, place: LastingOutput | None = None
) -> LiveOutput | None:
    page()  # what lasts has the player's bar while there is a kernel
    if shown.done():
        bundle = shown.bundle(embed=embed)
        if place:
            place.end(bundle["text/html"], bundle["text/plain"])
        else:
            display(bundle, raw=True)  # type: ignore[no-untyped-call]
        return None
    live = LiveOutput(shown.view(), lambda job_id: shown.cancel(job_id, live.refuse_cancel), place=place)
    if here := cell_id():
        before = {_live.setdefault(key, {}).get(here) for key in keys}
        for key in keys:
            _live[key][here] = live
        for other in before:
            if other:
                other.drop()

    def changed() -> None:
        if shown.done():
            _end(live, shown, embed)
        elif not live.finished:
            live.update(shown.view())

    shown.on_update(changed)
    changed()  # it may have ended before anyone listened
    return live


def _end(live: LiveOutput, shown: Shown, embed: bool) -> None:
    if not live.finished:
        bundle = shown.bundle(embed=embed)
        live.finish(bundle["text/html"], bundle["text/plain"])


def _wait(job: Job) -> None:
    try:
        job.wait()
    except SoravidError:
        return  # the output tells
