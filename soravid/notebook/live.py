"""Jobs in an output: live while they run, lasting afterwards, in the same place."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from soravid.boards import Board
from soravid.card_board import board_running_html, board_text
from soravid.cards import running_html, running_text
from soravid.notebook.display import Output, rich_front
from soravid.notebook.lasting import LastingOutput
from soravid.views import JobView

_STILL_EVERY = 1.0  # seconds between two still cards: each one is sent whole


class LiveOutput:
    """A live status of a job or a board first, then what ``finish`` leaves there for good.

    Args:
        view: as it is now; it is shown at once.
        on_cancel: called with a job's id, or nothing for all, when the person has it stopped; None shows no
            button.
        place: an output that it takes over; else it is a new one of the cell that runs.

    All methods may be called from any thread.
    """

    def __init__(
        self,
        view: JobView | Board,
        on_cancel: Callable[[str], object] | None = None,
        *,
        place: LastingOutput | None = None,
    ) -> None:
        self._lock = threading.RLock()
        self._finished = False
        self._ending: tuple[str, str] | None = None
        self._still_at = time.monotonic()
        self._widget = _status_widget(view, on_cancel)
        if self._widget is None:
            self._still = Output(_bundle(view))
        elif place is None:
            self._place = LastingOutput(self._widget, *_still(view))
        else:
            self._place = place
            place.become(self._widget, *_still(view))

    @property
    def finished(self) -> bool:
        """Whether the output has, or is about to have, its lasting content."""
        return self._finished

    def update(self, view: JobView | Board) -> None:
        """Show the job as it is now. Ignored after ``finish``."""
        with self._lock:
            if self._finished:
                return
            if self._widget is not None:
                self._place.run(self._widget.show, view)
            elif time.monotonic() - self._still_at >= _STILL_EVERY:
                self._still_at = time.monotonic()
                self._still.replace(_bundle(view))

    def drop(self) -> None:
        """Stop feeding it: its cell has been run again and shows something else."""
        with self._lock:
            self._finished = True
            if self._widget is not None:
                self._place.close()

    def refuse_cancel(self, reason: str, job_id: str = "") -> None:
        """Take a Cancel button back, because the job cannot be cancelled, and say why."""
        with self._lock:
            if not self._finished and self._widget is not None:
                self._place.run(self._widget.refuse_cancel, reason, job_id)

    def finish(self, html: str, text: str) -> None:
        """Replace the output by HTML that needs no kernel, as soon as the pace allows. Once only."""
        with self._lock:
            if self._finished:
                return
            self._finished = True
            self._ending = html, text
        if self._widget is None:
            self.flush()
        else:
            from soravid.notebook.widgets import pace

            pace.soon(self.flush, messages=2)  # a player that is there then asks for one more

    def flush(self) -> None:
        """Show at once what ``finish`` is about to."""
        with self._lock:
            ending, self._ending = self._ending, None
            if ending is None:
                return
            if self._widget is not None:
                self._place.end(*ending)
            else:
                self._still.replace({"text/html": ending[0], "text/plain": ending[1]})


def _still(view: JobView | Board) -> tuple[str, str]:
    """The same as HTML and as text, for who cannot see the widget."""
    if isinstance(view, Board):
        return board_running_html(view), board_text(view)
    return running_html(view), running_text(view)


def _bundle(view: JobView | Board) -> dict[str, Any]:
    html, text = _still(view)
    return {"text/html": html, "text/plain": text}


def _status_widget(view: JobView | Board, on_cancel: Callable[[str], object] | None) -> Any:
    """A live status, or None where the front-end or the installation has no widgets."""
    if not rich_front():
        return None
    try:
        from soravid.notebook.widgets.status import StatusWidget
    except ImportError:
        return None
    return StatusWidget(view, on_cancel)
