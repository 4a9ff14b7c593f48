"""The takes of a form: each a live status, then its card, in the form; and what lasts of them beneath it."""

from __future__ import annotations

import threading
import time
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import traitlets as t

from soravid import cards, cells, loop, session
from soravid.card_text import day, saved
from soravid.errors import Cancelled, SoravidError
from soravid.job import Job
from soravid.media.links import notebook_dir
from soravid.notebook.display import Output
from soravid.notebook.lasting import page
from soravid.notebook.shown import Jobs
from soravid.notebook.wanted import one_take
from soravid.notebook.widgets.clips import serve
from soravid.notebook.widgets.clips import shown as clip_facts
from soravid.notebook.widgets.form_offer import Offer, plans_of, there
from soravid.notebook.widgets.status import StatusWidget
from soravid.planning import current
from soravid.views import JobView


@dataclass(frozen=True, slots=True)
class Order:
    """What Generate was pressed for: a cell's options, the text to send, keywords, the price shown."""

    args: Namespace
    prompt: str
    wanted: dict[str, Any]
    offer: Offer
    cell: dict[str, str]
    """The labels of the cell that shows the form: its jobs count for it."""

    def view(self) -> JobView:
        """The job before there is one."""
        return JobView(
            job_id="",
            model=self.wanted["model"],
            prompt=self.prompt,
            status="submitting",
            started_at=time.time(),
            seconds=self.wanted["seconds"],
            size=self.wanted["size"],
            held=self.offer.upper,
        )

    def generate(self, take: int, *, reuse: bool) -> Job:
        """Start one take, at no more than the price that was shown; blocks while it is checked and sent.

        Raises:
            SoravidError: it cannot be made; nothing was sent.
        """
        with cells.asked_by(self.cell):
            return session.generate(
                self.prompt,
                **self.wanted,
                **one_take(self.args, take),
                reuse=reuse,
                confirm=self.offer.agree,
            )

    async def free_take(self, after: int) -> int:
        """The number of the next take that there is none of."""
        take, made = after, True
        while made:
            take += 1
            plans = await plans_of(current(), self.prompt, self.wanted, [one_take(self.args, take)])
            made = await loop.in_thread(there, current(), plans[0]) is not None
        return take


class TakeWidget(StatusWidget):
    """One take in a form: a live status first, then the card that lasts."""

    clip = t.Dict().tag(sync=True)
    """The clip, once there is one, as ``shown`` makes it."""
    html = t.Unicode().tag(sync=True)
    """Why there is none, as a card."""
    again = t.Unicode().tag(sync=True)
    """Words on a button that makes another take of a clip that was made before; empty: no button."""

    def __init__(self, order: Order, take: int, kept: Kept | None) -> None:
        self.order, self.take, self._kept = order, take, kept
        self._made: Jobs | None = None
        self._called_back = threading.Event()
        super().__init__(order.view(), self._stop)
        serve(self, self._file)

    def start(self, *, reuse: bool) -> Job | None:
        """Make the take and show it; None where it cannot be made, as its card then tells. Blocks a while."""
        try:
            if self._called_back.is_set():
                raise Cancelled("Nothing was sent.")
            job = self.order.generate(self.take, reuse=reuse)
        except SoravidError as wrong:
            self.html = cards.error_html(wrong)
            return None
        self._made = shown = Jobs([job])
        shown.on_update(lambda: self._changed(job, shown))
        self._changed(job, shown)  # it may have ended before anyone listened
        if self._called_back.is_set():
            self._stop()
        return job

    def _changed(self, job: Job, shown: Jobs) -> None:
        if not shown.done():
            self.show(shown.view())
            return
        bundle, view = shown.bundle(embed=self.order.args.embed), job.view
        if self._kept:
            self._kept.add(job.id, bundle)
        if job.error is not None:
            self.html = bundle["text/html"]
            return
        clip = clip_facts(view)
        with self.hold_sync():
            if view.reused_from is not None:
                clip["facts"] += f" · re-used from {day(view.reused_from)}, {saved(view)}"
                self.again = f"Make a new one · {self.order.offer.each}"
            self.clip = clip

    def _file(self, job_id: str) -> Path | None:
        path = str(self.clip.get("path", ""))
        return notebook_dir() / path if path and self.clip.get("id") == job_id else None

    def _stop(self, _job_id: str = "") -> None:
        """Ask the provider to stop; one that has not been sent yet is not sent."""
        self._called_back.set()
        if self._made is not None:
            self._made.cancel("", self.refuse_cancel)


class Kept:
    """An output under the form with every finished card: what a saved notebook shows without a kernel.

    While the form is on the page, its style sheet hides it.

    Args:
        model_id: the form's.
    """

    def __init__(self, model_id: str) -> None:
        self._id = f"{model_id}-takes"
        self._lock = threading.Lock()
        self._cards: dict[str, dict[str, str]] = {}
        self._output = Output(self._data())

    def add(self, job_id: str, bundle: dict[str, str]) -> None:
        """Keep a job's card, the newest first."""
        with self._lock:
            self._cards = {job_id: bundle} | {
                name: card for name, card in self._cards.items() if name != job_id
            }
            data = self._data()
            self._output.replace(data)
            if (here := page()) is not None:  # a page that was reloaded does not know which output is meant
                here.keep(self._id, data)

    def _data(self) -> dict[str, str]:
        html = "".join(bundle["text/html"] for bundle in self._cards.values())
        text = "\n".join(bundle["text/plain"] for bundle in self._cards.values())
        return {"text/html": f'<div data-soravid="{self._id}">{html}</div>', "text/plain": text}
