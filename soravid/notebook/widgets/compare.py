"""A comparison in the browser: a grid that fills, plays in step and takes votes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import traitlets as t

from soravid.errors import SoravidError
from soravid.notebook.compare import Cell, Comparison
from soravid.notebook.priced import Wanted
from soravid.notebook.widgets import front
from soravid.notebook.widgets.lots import LotWidget


class CompareWidget(LotWidget):
    """One comparison."""

    _esm, _css = front("compare")

    columns = t.List(t.Unicode()).tag(sync=True)
    """What differs from column to column."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        super().__init__(comparison, rows=comparison.prompts, columns=comparison.columns)

    def _tile(self, wanted: Wanted) -> dict[str, Any]:
        return super()._tile(wanted) | {"voted": isinstance(wanted, Cell) and wanted.voted}

    def _receive(self, widget: object, content: Mapping[str, Any], buffers: object) -> None:
        if content.get("type") != "vote":
            super()._receive(widget, content, buffers)
            return
        at = int(content["at"])
        try:
            self._comparison.vote(*divmod(at, len(self._comparison.columns)), on=bool(content["on"]))
        except SoravidError as wrong:
            self.note = str(wrong)
