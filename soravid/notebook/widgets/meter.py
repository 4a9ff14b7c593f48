"""The spend meter in the browser: a line, bars behind a click, pinned to the notebook's foot if wanted."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from html import escape
from typing import Any

import anywidget
import traitlets as t

from soravid import cards, loop, observe, settings
from soravid.errors import SoravidError
from soravid.key_budget import KeyBudget, key_budget
from soravid.ledger.browsing import Browsing
from soravid.notebook import meter
from soravid.notebook.lasting import LastingOutput
from soravid.notebook.widgets import front
from soravid.notebook.widgets.markup import part, tag
from soravid.notebook.widgets.news import News
from soravid.observe import Event
from soravid.planning import current

_KEY_EVERY = 5.0
"""Seconds between two looks at a key's budget, which only its proxy knows."""


class MeterWidget(anywidget.AnyWidget):
    """The meter of this process's session.

    It follows the journal's events, with at most five messages a second. What other processes do to the same
    journal is looked for when a page that shows the meter asks, every few seconds.
    """

    _esm, _css = front("meter")

    mark = t.Unicode().tag(sync=True)
    """The tone's shape, one character."""
    tone = t.Unicode("info").tag(sync=True)
    """``info``, ``warn`` from 80 % of a budget on, ``bad`` from 100 %."""
    word = t.Unicode().tag(sync=True)
    """What the tone means; empty while there is nothing to say."""
    line = t.Unicode().tag(sync=True)
    """The money, with dots between its parts."""
    bars = t.Dict().tag(sync=True, to_json=lambda bars, _: bars_html(bars))
    """Title to rows of label, amount, and percent settled and held."""
    pin = t.Bool(False).tag(sync=True)
    """Whether the line stands at the foot of the notebook; a page may unpin it."""

    def __init__(self, *, pin: bool = False) -> None:
        self._browsing = Browsing(current().journal)
        self._seen: tuple[int, ...] = ()
        self._key: KeyBudget | None = None
        self._key_at = -_KEY_EVERY
        self._news = News(self._refresh)
        super().__init__(**self._state(), pin=pin)
        self._ask_key()
        observe.subscribe(self._heard)
        self.on_msg(self._receive)

    def close(self) -> None:
        """Hear no more, and remove the widget from the browser."""
        observe.unsubscribe(self._heard)
        super().close()

    def __repr__(self) -> str:
        return str(meter.standing(self._key))

    def _ipython_display_(self) -> None:
        text = repr(self)
        LastingOutput(self, cards.notice_html(text.partition(" ")[2]), text)

    def _heard(self, event: Event) -> None:
        if event.name != "job.status":  # moves no money
            self._news.ask()

    def _receive(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        """A page that shows the meter looks whether somebody else has changed something."""
        if content.get("type") != "look":
            return
        try:
            if self._browsing.money_mark() != self._seen:
                self._news.ask()
        except SoravidError:
            self._news.ask()  # it says so
        self._ask_key()
        self.send({"type": "looked"})

    def _state(self) -> dict[str, Any]:
        try:
            self._seen = self._browsing.money_mark()
            now = meter.standing(self._key)
        except SoravidError as wrong:
            return {"mark": "▲", "tone": "warn", "word": wrong.title, "line": str(wrong)}
        bars = {"By model": now.models, "By cell": now.cells}
        return {name: getattr(now, name) for name in ("mark", "tone", "word", "line")} | {
            "bars": {title: [astuple(bar) for bar in rows] for title, rows in bars.items()}
        }

    def _refresh(self) -> None:
        state = self._state()
        if self.comm is not None:
            with self.hold_sync():
                for name, value in state.items():
                    setattr(self, name, value)

    def _ask_key(self) -> None:
        """Ask the proxy about the key, where this session's models come from one; nobody waits for it."""
        if time.monotonic() - self._key_at >= _KEY_EVERY and (self._key or settings.proxy_url()):
            self._key_at = time.monotonic()
            loop.submit(self._heard_of_key())

    async def _heard_of_key(self) -> None:
        journal = current().journal
        spent = await loop.in_thread(journal.spend_by_model, journal.session)
        models = [settings.default_model(), *(row[0] for row in spent)]
        used = any(model.startswith("soravid/") for model in models)
        key = await key_budget(current().transport) if used else None
        if key != self._key:
            self._key = key
            self._news.ask()


def bars_html(bars: Mapping[str, Sequence[tuple[str, str, float, float]]]) -> str:
    """Bars under their titles, as the page shows them."""
    return "".join(tag("section", tag("h4", escape(title)), _list(rows)) for title, rows in bars.items())


def _list(rows: Sequence[tuple[str, str, float, float]]) -> str:
    items = [
        tag(
            "li",
            part("name cut", label, dir="auto", title=label),
            part("muted", amount),
            part("bar", aria_hidden="true", style=f"--done:{settled}%;--more:{settled + held}%"),
            class_="row",
        )
        for label, amount, settled, held in rows
    ]
    return tag("ul", *items) if items else part("muted", "Nothing yet.")
