"""Which cell of a notebook asks for a job: kept with the job, so that money can be told by cell."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

CELL = "soravid.cell"
COUNT = "soravid.count"
"""Names among a job's labels: the cell's id, and the number in its brackets when it ran."""

_asking: ContextVar[Mapping[str, str] | None] = ContextVar("soravid_cell", default=None)


def running() -> dict[str, str]:
    """The labels of the cell that runs; empty where there is none, or the front-end does not tell its id."""
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython else None
    parent: dict[str, Any] = getattr(getattr(shell, "kernel", None), "get_parent", dict)()
    cell = parent.get("metadata", {}).get("cellId")
    # Its own count goes up when a cell begins or when it ends, by its version.
    return {CELL: str(cell), COUNT: str(len(shell.user_ns.get("In", "")) - 1)} if cell else {}


def asking() -> dict[str, str]:
    """The labels of the cell that a job made now belongs to."""
    named = _asking.get()
    return running() if named is None else dict(named)


@contextmanager
def asked_by(cell: Mapping[str, str]) -> Iterator[None]:
    """Count jobs that are made in the block for this cell: what ``running()`` was when it made a widget.

    A press on a widget's button reaches the kernel outside of any cell.
    """
    before = _asking.set(cell)
    try:
        yield
    finally:
        _asking.reset(before)
