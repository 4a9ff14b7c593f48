"""The widget that nobody sees: while a kernel is there, it brings what lasts in a notebook to life."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget

from soravid.from_row import view_of
from soravid.notebook.widgets import front
from soravid.notebook.widgets.clips import cells_of, file_of, serve
from soravid.planning import current
from soravid.views import JobView


class PageWidget(anywidget.AnyWidget):
    """One for each kernel. It has no view, and nothing of what it does is saved.

    In the page it gives the plain player of each lasting card a bar with everything, and shows a widget's
    live view where the notebook has only what lasts of it: ``data-soravid`` in the HTML is the widget's id.
    """

    _esm, _css = front("page")

    def __init__(self) -> None:
        self._pages = 0
        self._waiting: list[Callable[[], object]] = []
        self._lock = threading.Lock()
        self._kept: dict[str, dict[str, str]] = {}
        self._last: set[str] = set()
        super().__init__()
        serve(self, _file)
        self.on_msg(self._receive)

    @property
    def hosts(self) -> bool:
        """Whether a page has said that it shows widgets in the place of what lasts of them."""
        return self._pages > 0

    def when_hosted(self, then: Callable[[], object]) -> None:
        """Call ``then`` once a page has said so; at once if one has."""
        with self._lock:
            if not self.hosts:
                self._waiting.append(then)
                return
        then()

    def keep(self, model_id: str, data: dict[str, str] | None, *, last: bool = False) -> None:
        """Have the output of a widget hold this, also on a page that was reloaded; None: it has gone.

        What is the ``last`` is forgotten once a later page has it.
        """
        if data is None:
            self._kept.pop(model_id, None)
            return
        if last:
            self._last.add(model_id)
        self._kept[model_id] = data
        if self._pages > 1:  # a later one does not know the outputs' names
            self._send_kept(model_id, data)

    def _receive(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        if content.get("type") == "cells":
            clip = str(content.get("clip"))
            view = _view(clip)
            cells = cells_of(view) if view else {}
            self.send({"type": "cells", "clip": clip, "path": view and view.path, "cells": cells})
        elif content.get("type") == "kept" and content.get("id") in self._last:
            self._last.discard(str(content["id"]))
            self._kept.pop(str(content["id"]), None)
        elif content.get("type") == "hello" and content.get("hosts"):
            with self._lock:
                self._pages += 1
                waiting, self._waiting = self._waiting, []
            for then in waiting:
                then()
            if self._pages > 1:
                for model_id, data in list(self._kept.items()):
                    self._send_kept(model_id, data)

    def _send_kept(self, model_id: str, data: dict[str, str]) -> None:
        self.send({"type": "lasting", "id": model_id, "data": data})


def _view(job_id: str) -> JobView | None:
    row = current().journal.find(job_id)
    return view_of(row, path=row.path) if row and row.path else None


def _file(job_id: str) -> Path | None:
    view = _view(job_id)
    return file_of(view) if view else None
