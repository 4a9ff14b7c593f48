"""A journal and a priced local engine, for tests that make real clips; and a page that listens."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Locator, Page

import soravid
from soravid import catalog
from soravid.planning import current
from tests.notebook.lab import Book

SMALL: dict[str, Any] = {"seconds": 1, "size": "320x180"}
PATIENCE = 30.0
_THEIRS = ("terminals plugin", "debugger state")


def in_a_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make it a fixture, for a module or for each test: the working folder, where a second costs $0.10."""
    folder = tmp_path_factory.mktemp("studio")
    before = dict(catalog._catalogue())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("SORAVID_HOME", str(folder / "home"))
        patch.setenv("SORAVID_POLL_SECONDS", "0.05")
        soravid.add_models({"id": "local/animatic", "prices": {"any": "0.10"}})
        yield folder
    catalog._catalogue().clear()
    catalog._catalogue().update(before)


def jobs_in_journal() -> int:
    """How many jobs were ever written down here."""
    return len(current().journal.recent(1000))


class Listening:
    """A page in front of a widget: keeps what it is sent. It stands before the widget's class."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.heard: list[dict[str, Any]] = []
        self.pieces: list[bytes] = []
        super().__init__(*args, **kwargs)

    def send(self, content: Any, buffers: Any = None) -> None:
        """What would go to the browser."""
        self.pieces += [bytes(each) for each in buffers or ()]
        self.heard.append(dict(content))

    def say(self, **content: Any) -> dict[str, Any]:
        """Say what the page says; returns the newest answer."""
        self._handle_custom_msg(content, [])  # type: ignore[attr-defined]
        return self.heard[-1] if self.heard else {}


def complaints(page: Page) -> list[str]:
    """A list that fills with what the browser's console warns of; JupyterLab's own words are not counted."""
    heard: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not any(word in message.text for word in _THEIRS):
            heard.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


def press_everything(book: Book, root: Locator) -> int:
    """Press b, d, d on everything in ``root`` that takes the focus; returns how much that is.

    Raises:
        AssertionError: a key was a command to the notebook.
    """
    parts = root.locator("a[href], button, input, select, summary, video, [tabindex]")
    cells, pressed = book.cells.count(), 0
    for k in range(parts.count()):
        part = parts.nth(k)
        if not part.is_visible():
            continue
        part.evaluate("part => part.focus()")
        if part.evaluate("part => part !== document.activeElement"):
            continue
        for key in "bdd":
            book.page.keyboard.press(key)
        pressed += 1
    book.pause(0.3)
    assert book.cells.count() == cells
    return pressed


def until(ready: Callable[[], object]) -> None:
    """Wait for what another thread brings about."""
    end = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
