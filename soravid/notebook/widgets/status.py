"""The live status of one job or of several: what they do, how far they are, what they hold, and Cancel."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets as t

from soravid.boards import Board
from soravid.card_text import SHAPES, TONES, one_line, problem, running_facts
from soravid.media.links import notebook_src
from soravid.notebook.widgets import front, pace
from soravid.stopping import stopping, stopping_all
from soravid.views import JobView

Row = dict[str, Any]


class StatusWidget(anywidget.AnyWidget):
    """A live status, fed by ``show`` from any thread and at any rate.

    At most five messages a second leave for the browser, each with the rows if they have changed; the last
    state always arrives. The clocks run in the browser: it is told Python's time once, so that the two
    clocks need not agree.
    """

    _esm, _css = front("status")

    rows = t.List(t.Dict()).tag(sync=True)
    """One for each job: ``id``, ``label`` and what else ``status.js`` shows, as far as it is known."""
    total = t.Dict(default_value=None, allow_none=True).tag(sync=True)
    """The row above the others, for what they come to; None for a single job."""
    now = t.Float(0.0).tag(sync=True, to_json=lambda _, __: time.time())
    """Unix seconds at the moment of sending; the rows' times are counted from it."""
    cancelling = t.List(t.Unicode()).tag(sync=True)
    """The ids of the rows that were asked to stop; the total's is empty."""

    def __init__(self, view: JobView | Board, on_cancel: Callable[[str], object] | None = None) -> None:
        """Show a job or a board.

        Args:
            view: as it is now.
            on_cancel: called on the kernel's main thread with the id of the job to stop, or nothing for all.
                While a cell runs, the kernel delivers no press: the callback then waits for the cell's end.
        """
        self._notes: dict[str, str] = {}
        self._shown = view
        self._waits = False  # whether a moment to send is booked
        self._sent_at = 0.0
        self._gate = threading.RLock()
        self._cancel = on_cancel
        super().__init__(**self._state())
        self.on_msg(self._receive)

    def show(self, view: JobView | Board) -> None:
        """Show them as they are now. Views that come too fast are skipped, never the last one."""
        with self._gate:
            self._shown = view
            self._send_soon()

    def refuse_cancel(self, reason: str, job_id: str = "") -> None:
        """Take a job's button back, and say why; without an id that of the only one, or of all."""
        with self._gate:
            if not job_id and isinstance(self._shown, JobView):
                job_id = self._shown.job_id
            self._notes[job_id] = reason
            self.cancelling = [each for each in self.cancelling if each != job_id]
            self._send_soon()

    def close(self) -> None:
        """Remove the widget from the browser; later calls of ``show`` do nothing."""
        with self._gate:
            super().close()

    # --- what the browser is told --------------------------------------------------------------------

    def _state(self) -> dict[str, Any]:
        if isinstance(self._shown, JobView):
            view = self._shown
            known = " · ".join(map(one_line, running_facts(view)))
            return {"rows": [self._row(view, known)], "total": None}
        board = self._shown
        rows = [
            self._row(view, " · ".join(board.own(view)), name=name, src=_source(view))
            for name, view in board.rows
        ]
        return {"rows": rows, "total": self._total(board)}

    def _row(self, view: JobView, known: str, **more: Any) -> Row:
        stop = stopping(view)
        barred = bool(stop.reason) and not view.done and view.status != "downloading"
        return _told(
            id=view.job_id,
            label=one_line(problem(view).title) if view.status == "failed" and more else view.label,
            mark=SHAPES.get(view.status, "●"),
            tone=TONES.get(view.status, "busy"),
            progress=view.progress,
            aside=view.aside,
            facts=(f"{known} · cannot be cancelled" if barred else known)[:400],
            why=stop.reason if barred else "",
            note=self._notes.get(view.job_id),
            ask=stop.question if self._cancel and view.job_id not in self._notes else "",
            done=view.done,
            start=view.started_at,
            end=view.started_at + view.elapsed if view.done else None,
            usual=[view.usual.middle, view.usual.high] if view.usual and not view.done else None,
            **more,
        )

    def _total(self, board: Board) -> Row:
        tally, running = board.tally, [view for _, view in board.rows if not view.done]
        known = [*board.facts, *([str(board.usual)] if board.usual else [])]
        return _told(
            id="",
            label=tally.label,
            mark=SHAPES.get(tally.state, "●"),
            tone=tally.tone,
            progress=tally.progress,
            red=tally.failed_share or None,
            facts=" · ".join(known)[:400],
            note=self._notes.get(""),
            ask=stopping_all(running) if self._cancel and "" not in self._notes else "",
            done=board.done,
            start=tally.started_at or time.time(),
            end=tally.finished_at if board.done else None,
        )

    def _send_soon(self) -> None:
        if self._waits or self.comm is None or not self._news():
            return
        self._waits = True
        pace.soon(self._send_news, self._sent_at + pace.OWN_GAP)

    def _news(self) -> dict[str, Any]:
        return {name: value for name, value in self._state().items() if getattr(self, name) != value}

    def _send_news(self) -> None:
        with self._gate:
            self._waits = False
            if self.comm is None:
                return
            news = self._news()
            if news:
                with self.hold_sync():
                    for name, value in news.items():
                        setattr(self, name, value)
                self._sent_at = time.monotonic()

    def _receive(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        job_id = str(content.get("job", ""))
        if content.get("type") != "cancel" or self._cancel is None or job_id in self.cancelling:
            return
        asked = {job_id} if job_id else {str(row["id"]) for row in self.rows if row.get("ask")}
        self.cancelling = sorted(asked.union(self.cancelling))
        self._cancel(job_id)


def _told(**row: Any) -> Row:
    """A row without what is not known."""
    return {name: value for name, value in row.items() if value is not None and value is not False}


def _source(view: JobView) -> str | None:
    """Where a page finds a finished clip, if it can."""
    return notebook_src(Path(view.path)) if view.path and view.status == "completed" else None
