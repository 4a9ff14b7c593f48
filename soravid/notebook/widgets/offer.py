"""One quiet line with one button, such as what is to become of jobs that were left running."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets as t

from soravid.notebook.widgets import front


class OfferWidget(anywidget.AnyWidget):
    """A sentence and a button; ``on_press`` is called once, on the kernel's main thread."""

    _esm, _css = front("offer")

    words = t.Unicode().tag(sync=True)
    """The sentence."""
    button = t.Unicode().tag(sync=True)
    """What the button says."""

    def __init__(self, words: str, button: str, on_press: Callable[[], object]) -> None:
        self._press: Callable[[], object] | None = on_press
        super().__init__(words=words, button=button)
        self.on_msg(self._receive)

    def _receive(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        if content.get("type") == "press" and self._press:
            press, self._press = self._press, None
            press()
