"""The live status of one job: what it does, how far it is, what it holds, and a way to cancel it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import anywidget
import traitlets as t

from soravid.card_text import SHAPES, TONES, amount, facts, one_line
from soravid.notebook.widgets import front
from soravid.views import JobView

_GAP = 0.21  # seconds from message to message: five in any one second, never six

_LARGEST_ENDING = 200_000  # characters: media stay out of a widget's state


def _state(view: JobView) -> dict[str, Any]:
    """What the browser shows of a view."""
    return {
        "label": view.label,
        "mark": SHAPES.get(view.status, "●"),
        "tone": TONES.get(view.status, "busy"),
        "progress": view.progress,
        "facts": " · ".join(map(one_line, [view.model, *facts(view), amount(view)]))[:400],
        "done": view.done,
        "elapsed": view.elapsed,
    }


class StatusWidget(anywidget.AnyWidget):
    """One live status, fed by ``show`` from any thread and at any rate.

    At most five messages a second leave for the browser, each with what changed; the last state always
    arrives. The clock runs in the browser: Python sends how old the job is, not the time, so that the two
    clocks need not agree.
    """

    _esm = front("clock.js", "status.js")
    _css = front("parts.css", "status.css")

    label = t.Unicode().tag(sync=True)
    """The state in words."""
    mark = t.Unicode().tag(sync=True)
    """The state's shape, one character."""
    tone = t.Unicode("busy").tag(sync=True)
    """The state's colour: ``busy``, ``good``, ``warn``, ``bad`` or ``quiet``."""
    progress = t.Int(None, allow_none=True).tag(sync=True)
    """0 to 100, or None where the provider reports none."""
    facts = t.Unicode().tag(sync=True)
    """Model, length, size and money, on one line."""
    done = t.Bool(False).tag(sync=True)
    """Whether nothing more will change."""
    elapsed = t.Float(0.0).tag(sync=True, to_json=lambda _, widget: widget._age())
    """Seconds since the job began, at the moment of sending."""
    cancellable = t.Bool(False).tag(sync=True)
    """Whether there is a button to cancel; ``on_cancel`` sets it."""
    cancelling = t.Bool(False).tag(sync=True)
    """Whether the button was pressed."""
    note = t.Unicode().tag(sync=True)
    """A sentence beneath, such as why the job cannot be cancelled."""
    ending = t.Dict(default_value=None, allow_none=True).tag(sync=True)
    """What lasts in place of the status, once there is something; ``finish`` sets it."""

    def __init__(self, view: JobView, on_cancel: Callable[[], object] | None = None) -> None:
        self._view = view
        self._pending: JobView | None = None
        self._timer: threading.Timer | None = None
        self._sent_at = time.monotonic()
        self._gate = threading.RLock()
        self._cancel = on_cancel
        super().__init__(**_state(view), cancellable=on_cancel is not None)
        self.on_msg(self._receive)

    def show(self, view: JobView) -> None:
        """Show the job as it is now. Views that come too fast are skipped, never the last one."""
        with self._gate:
            self._pending = view
            if self._timer is None:
                wait = self._sent_at + _GAP - time.monotonic()
                if wait <= 0:
                    self._send_pending()
                else:
                    self._timer = threading.Timer(wait, self._send_pending)
                    self._timer.daemon = True
                    self._timer.start()

    def on_cancel(self, callback: Callable[[], object]) -> None:
        """Show a button, and call ``callback`` on the kernel's main thread when it is pressed.

        While a cell runs, the kernel delivers no press: the callback then waits for the cell's end.
        """
        self._cancel = callback
        self.cancellable = True

    def refuse_cancel(self, reason: str) -> None:
        """Take the button back, and say why."""
        with self._gate, self.hold_sync():
            self.cancelling = self.cancellable = False
            self.note = reason

    def finish(self, html: str, text: str) -> None:
        """Hand over what lasts, and close as soon as a page has it.

        The output itself is replaced by whoever displayed it, but such a replacement is lost on a page that
        is closed at that moment or was reloaded since the start. So the widget stays open until a page
        says that its notebook holds the lasting output and no status of this job any more.
        """
        with self._gate:
            self._pending = None
            if len(html) > _LARGEST_ENDING:
                self.close()
                return
            data = {"text/html": html, "text/plain": text}
            output = {"output_type": "display_data", "metadata": {}, "data": data}
            self.ending = {"id": self.model_id, "output": output}

    def close(self) -> None:
        """Remove the widget from the browser; later calls of ``show`` do nothing."""
        with self._gate:
            self._pending = None
            if self._timer is not None:
                self._timer.cancel()
            super().close()

    def _send_pending(self) -> None:
        with self._gate:
            self._timer = None
            view, self._pending = self._pending, None
            if view is None or self.comm is None:
                return
            restarted = view.started_at != self._view.started_at
            self._view = view
            state = _state(view)
            if not view.done and not restarted:
                # The browser counts on; a new stamp would only make its clock jump.
                del state["elapsed"]
            changed = {name: value for name, value in state.items() if getattr(self, name) != value}
            if changed:
                with self.hold_sync():
                    for name, value in changed.items():
                        setattr(self, name, value)
                self._sent_at = time.monotonic()

    def _age(self) -> float:
        return round(self._view.elapsed, 1)

    def _receive(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        kind = content.get("type")
        if kind == "settled":
            self.close()
        elif kind == "cancel" and self._cancel is not None and not self.cancelling:
            self.cancelling = True
            self._cancel()
