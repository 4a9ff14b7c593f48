"""Several clips in one widget: each one's state, then the clip; their price, and a button to make them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import anywidget
import traitlets as t

from soravid import loop
from soravid.card_text import one_line
from soravid.cards import ratio
from soravid.catalog import Quote
from soravid.errors import SoravidError
from soravid.money import show
from soravid.notebook.lasting import LastingOutput
from soravid.notebook.lots import Lot, told
from soravid.notebook.priced import Wanted
from soravid.notebook.widgets.clips import serve, tile
from soravid.notebook.widgets.news import News

_LASTING_EVERY = 5.0
"""Seconds between two changes of what lasts while clips are made: it is sent whole, with every poster."""

_SAID = ("heading", "line", "button", "warning", "question")


class LotWidget(anywidget.AnyWidget):
    """Shows a lot and follows it. What each clip does travels in messages, with at most five a second."""

    heading = t.Unicode().tag(sync=True)
    """What it is."""
    line = t.Unicode().tag(sync=True)
    """How far it is, what it costs, what is left."""
    button = t.Unicode().tag(sync=True)
    """What the button says; empty: there is none."""
    warning = t.Unicode().tag(sync=True)
    """What stands in the way of making all; empty: nothing."""
    question = t.Unicode().tag(sync=True)
    """What to ask before all are stopped; empty: none can be."""
    note = t.Unicode().tag(sync=True)
    """What went wrong, in a sentence or two."""
    rows = t.List(t.Unicode()).tag(sync=True)
    """The prompts."""
    tiles: t.List[Any] = t.List().tag(sync=True, to_json=lambda _, widget: widget._tiles())
    """Every clip as ``tile`` makes it. A page gets all of them when it opens, then each one that changes."""

    def __init__(self, lot: Lot, **state: Any) -> None:
        self._lot = lot
        self._outputs: list[LastingOutput] = []
        self._lasted: tuple[float, str] = (0.0, "")
        self._sent: list[dict[str, Any]] = []
        self._finished: dict[str, dict[str, Any]] = {}
        self._news = News(self._refresh, messages=2)
        super().__init__(**self._state(), **state)
        self._sent = self._tiles()
        serve(self, self._file)
        self.on_msg(self._receive)
        lot.on_update(lambda _: self._news.ask())

    def __repr__(self) -> str:
        return repr(self._lot)

    def _ipython_display_(self) -> None:
        html = self._lot.html()
        self._lasted = time.monotonic(), html
        self._outputs.append(LastingOutput(self, html, repr(self._lot)))

    def _receive(self, _widget: object, content: Mapping[str, Any], _buffers: object) -> None:
        kind = content.get("type")
        if kind == "run":
            self._lot.run()
        elif kind == "stop":
            loop.submit(self._lot.cancelled()).add_done_callback(self._answered)

    def _answered(self, answer: Future[None]) -> None:
        wrong = answer.exception()
        self._lot.note = "" if wrong is None else told(wrong)
        self._lot.changed()

    def _state(self) -> dict[str, Any]:
        return {name: getattr(self._lot, name) for name in (*_SAID, "note")}

    def _tiles(self) -> list[dict[str, Any]]:
        return [self._tile(each) for each in self._lot.wanted]

    def _tile(self, wanted: Wanted) -> dict[str, Any]:
        clip = wanted.clip
        if clip is not None:  # nothing of it changes any more
            if clip.job_id not in self._finished:
                self._finished[clip.job_id] = tile(clip.view, clip) | {"seconds": clip.seconds}
            return self._finished[clip.job_id]
        if wanted.job:
            return tile(wanted.job.view)
        width, height = ratio(wanted.size)
        wrong = wanted.problem
        return {
            "label": wrong.title if wrong else "Not made yet",
            "mark": "■" if wrong else "○",
            "tone": "bad" if wrong else "quiet",
            "progress": None,
            "elapsed": 0,
            "running": False,
            "amount": "" if wrong else _price(wanted.price),
            "advice": one_line(str(wrong)) if wrong else "",
            "width": width,
            "height": height,
            "clip": None,
        }

    def _refresh(self) -> None:
        if self.comm is None:
            return
        try:
            self._tell()
            self._last()
        except SoravidError as wrong:  # such as a journal that cannot be read any more
            self.note = str(wrong)

    def _tell(self) -> None:
        """Send what has changed."""
        now = self._tiles()
        news = {str(k): new for k, new in enumerate(now) if _still(new) != _still(self._sent[k])}
        self._sent = now
        if news:
            self.send({"type": "tiles", "tiles": news})
        with self.hold_sync():
            for name, value in self._state().items():
                setattr(self, name, value)

    def _last(self) -> None:
        """Bring what lasts up to date; while clips are being made, only now and then."""
        at, before = self._lasted
        if self._lot.running and time.monotonic() - at < _LASTING_EVERY:
            return
        html = self._lot.html()
        if html != before:
            self._lasted = time.monotonic(), html
            for output in self._outputs:
                output.update(html, repr(self._lot))

    def _file(self, job_id: str) -> Path | None:
        return next((clip.path for clip in self._lot.clips if clip.job_id == job_id), None)


def _still(item: dict[str, Any]) -> dict[str, Any]:
    """Without what the page counts itself."""
    return {name: value for name, value in item.items() if name != "elapsed"}


def _price(quote: Quote | None) -> str:
    if quote is None:
        return show(None)
    return show(quote.low) if quote.low == quote.upper else f"{show(quote.low)} to {show(quote.upper)}"
