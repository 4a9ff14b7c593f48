"""LiteLLM as a peer, in a virtual environment of its own: its pins would change ours."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from benchmarks.fresh import BUILD

VERSION = "1.109.1"
ENV = {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
"""Else it fetches its price map from the network at import."""

_FOLDER = BUILD / "litellm-venv"
_STAMP = _FOLDER / f".litellm-{VERSION}"
# Pinned by it to exact versions that are sometimes not to be had.
_UNPINNED = ("certifi", "litellm-proxy-extras")


@cache
def litellm() -> tuple[Path | None, str]:
    """The Python that has LiteLLM, made on first use; or None, and why not."""
    python = _FOLDER / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if _STAMP.exists():
        return python, ""
    print(f"Making an environment with litellm {VERSION}, once.", file=sys.stderr)
    try:
        _make(python)
    except (OSError, subprocess.CalledProcessError) as wrong:
        said = (getattr(wrong, "stderr", "") or str(wrong)).strip().splitlines()
        return (
            None,
            f"litellm {VERSION} could not be installed, so it is not measured: {said[-1].strip()[:200]}",
        )
    _STAMP.touch()
    return python, ""


def _make(python: Path) -> None:
    _FOLDER.parent.mkdir(parents=True, exist_ok=True)
    uv = shutil.which("uv")
    if uv:
        _run(uv, "venv", "--clear", "--python", sys.executable, str(_FOLDER))
    else:
        _run(sys.executable, "-m", "venv", "--clear", str(_FOLDER))
        _run(str(python), "-m", "pip", "install", "--quiet", "uv")
        uv = str(python.with_name("uv"))
    overrides = _FOLDER / "overrides.txt"
    overrides.write_text("\n".join(_UNPINNED) + "\n")
    install = ("pip", "install", "--python", str(python), "--override", str(overrides), "--compile-bytecode")
    _run(uv, *install, f"litellm=={VERSION}")


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
