"""Shows jobs where the person is: live and then durable in a notebook, a line of text in a terminal."""

from __future__ import annotations

import weakref
from concurrent.futures import Future

from soravid import cards, loop, terminal
from soravid.clips import Clip
from soravid.errors import SoravidError
from soravid.job import Job
from soravid.media.links import embed_src, notebook_src
from soravid.notebook.display import LiveOutput, cell_id, in_colab, rich_front
from soravid.views import JobView

_live: weakref.WeakKeyDictionary[Job, dict[str, LiveOutput]] = weakref.WeakKeyDictionary()
"""Where each running job is shown, by the cell's id."""


def show_live(job: Job, *, embed: bool = False) -> None:
    """Show a job in the output of the running cell, and leave its player, or why there is none, there."""
    if not rich_front():
        try:
            terminal.follow(job)
        except KeyboardInterrupt:
            print(f"\nThe job goes on. To see it again: %video show {job.id}")  # noqa: T201
        return
    job.resume()  # one that nobody here waits for would stand still
    if job.done():
        from IPython.display import display

        display(_ending(job, embed), raw=True)  # type: ignore[no-untyped-call]
        return
    output = LiveOutput(job.view, on_cancel=lambda: _cancel(job, output))
    if here := cell_id():
        before = _live.setdefault(job, {}).get(here)
        _live[job][here] = output
        if before:
            before.drop()

    def changed(view: JobView) -> None:
        if job.done():
            bundle = _ending(job, embed)
            output.finish(bundle["text/html"], bundle["text/plain"])
        else:
            output.update(view)

    job.on_update(changed)
    changed(job.view)  # it may have ended before anyone listened


def clip_bundle(clip: Clip, *, embed: bool = False) -> dict[str, str]:
    """A finished clip as a notebook keeps it: the file by its relative URL, or inside the notebook."""
    source = None if embed or in_colab() else notebook_src(clip.path)
    return {
        "text/html": cards.finished_html(clip.view, source or embed_src(clip.path)),
        "text/plain": str(clip),
    }


def _ending(job: Job, embed: bool) -> dict[str, str]:
    if job.error is None:
        try:
            return clip_bundle(job.wait(), embed=embed)
        except SoravidError as wrong:  # too large to embed: the clip is there all the same
            html = cards.notice_html("The clip is made, but cannot be shown here", wrong.message, "warn")
            return {"text/html": html, "text/plain": str(wrong)}
    return {"text/html": cards.failed_html(job.view), "text/plain": cards.failed_text(job.view)}


def _cancel(job: Job, output: LiveOutput) -> None:
    """Ask the provider to stop; the button must not keep the kernel."""

    def answered(answer: Future[None]) -> None:
        if wrong := answer.exception():
            output.refuse_cancel(
                str(wrong) if isinstance(wrong, SoravidError) else "It could not be cancelled."
            )

    loop.submit(job.cancelled_at_provider()).add_done_callback(answered)
