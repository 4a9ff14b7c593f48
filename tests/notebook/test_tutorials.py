"""The notebooks in ``notebooks/`` run as they stand, say what they say here, and cost once, however often."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.helpers import jobs, kinds

FOLDER = Path(__file__).parents[2] / "notebooks"
INDEX = FOLDER / "00_index.ipynb"
NOTEBOOKS = sorted(set(FOLDER.glob("*.ipynb")) - {INDEX})


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_and_says_the_same_again(notebook: Path, tmp_path: Path) -> None:
    """nbval compares the cells that are marked so, and fails on any error that is not announced."""
    home = tmp_path / "home"
    shutil.copy(notebook, tmp_path)
    run(tmp_path, home, "pytest", "-q", "-p", "no:cacheprovider", "--nbval-lax", notebook.name)
    assert list((tmp_path / "soravid_media").glob("*.mp4"))
    made = len(jobs(home))
    assert made == kinds(home).count("hold") > 0
    run(tmp_path, home, "jupyter", "execute", "--kernel_name=python3", notebook.name)
    assert len(jobs(home)) == kinds(home).count("hold") == made, "Run All paid a second time"


def run(folder: Path, home: Path, *command: str) -> None:
    """Run a module of Python's in a folder, as for nobody who looks."""
    env = os.environ | {
        "SORAVID_HOME": str(home),
        "SORAVID_WAIT": "1",
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "IPYTHONDIR": str(folder / "ipython"),
    }
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=env, capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_committed_small_and_without_a_trace_of_a_machine(notebook: Path) -> None:
    text = notebook.read_text()
    assert len(text) < 150_000
    assert "data:video" not in text
    for trace in ("/home/", "/tmp/", "/Users/", str(Path.home())):
        assert trace not in text
    cells = json.loads(text)["cells"]
    assert all(
        cell["outputs"] for cell in cells if cell["cell_type"] == "code" and "%%video" in cell["source"][0]
    )


def test_the_index_leads_to_each() -> None:
    text = INDEX.read_text()
    assert [f"({notebook.name})" in text for notebook in NOTEBOOKS] == [True] * len(NOTEBOOKS)
