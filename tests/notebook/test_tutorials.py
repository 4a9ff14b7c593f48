"""The notebooks in ``notebooks/`` run as they stand, and what they say is what comes out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_and_says_the_same_again(notebook: Path, tmp_path: Path) -> None:
    """nbval compares the cells that are marked so, and fails on any error that is not announced."""
    shutil.copy(notebook, tmp_path)
    env = os.environ | {
        "SORAVID_HOME": str(tmp_path / "home"),
        "SORAVID_WAIT": "1",
        "JUPYTER_DATA_DIR": str(tmp_path / "data"),
        "IPYTHONDIR": str(tmp_path / "ipython"),
    }
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval-lax", notebook.name],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert run.returncode == 0, run.stdout[-4000:]
    assert list((tmp_path / "soravid_media").glob("*.mp4"))


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
