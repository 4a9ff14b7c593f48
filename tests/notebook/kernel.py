"""A real kernel without a page: what cells leave behind, as a saved notebook has it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]


class Kernel:
    """A running kernel; each ``run`` is a cell of one notebook."""

    def __init__(self, client: NotebookClient) -> None:
        self._client = client
        self.notebook: Any = client.nb

    def run(self, source: str) -> list[dict[str, Any]]:
        """Run a cell; its outputs as they are saved."""
        cell = nbformat.v4.new_code_cell(source)  # type: ignore[no-untyped-call]
        self.notebook.cells.append(cell)
        self._client.execute_cell(cell, len(self.notebook.cells) - 1)
        outputs: list[dict[str, Any]] = cell.outputs
        return outputs


@contextmanager
def kernel(folder: Path, **env: str) -> Iterator[Kernel]:
    """A kernel whose notebook is in a folder, with a journal of its own; errors of cells end the test."""
    notebook = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
    client = NotebookClient(
        notebook, resources={"metadata": {"path": str(folder)}}, kernel_name="python3", timeout=60
    )
    isolated = {name: value for name, value in os.environ.items() if not name.startswith(("SORAVID", "JPY_"))}
    home = folder / "home"
    isolated |= {"SORAVID_HOME": str(home), "IPYTHONDIR": str(home / "ipython"), "PYTHONPATH": str(ROOT)}
    with client.setup_kernel(env=isolated | env, cleanup_kc=True):
        yield Kernel(client)
