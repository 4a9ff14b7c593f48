"""A small table that shows itself: text in a terminal, HTML in a notebook."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from soravid import cards


class Table(Sequence[dict[str, str]]):
    """Rows of text under named columns; a sequence of dictionaries for programs."""

    def __init__(self, columns: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> None:
        self.columns = list(columns)
        self.rows = [list(row) for row in rows]
        self.caption = caption

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Table(self.columns, self.rows[index], self.caption)
        return dict(zip(self.columns, self.rows[index], strict=True))

    def __iter__(self) -> Iterator[dict[str, str]]:
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)

    def __str__(self) -> str:
        # Nobody wants lines that a terminal breaks anywhere; a file or a pipe takes them as they are.
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        return cards.table_text(self.columns, self.rows, width)

    __repr__ = __str__

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        html = cards.table_html(self.columns, self.rows, self.caption)
        return {"text/plain": str(self), "text/html": html}
