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

# Pinned by it to exact versions that are sometimes not to be had.
_UNPINNED = ("certifi", "litellm-proxy-extras")


@cache
def litellm(extra: str = "") -> tuple[Path | None, str]:
    """The Python that has LiteLLM, made on first use; or None, and why not.

    ``extra`` is one of its extras, such as ``proxy``. It has an environment apart: what is installed changes
    what an import of LiteLLM takes.
    """
    folder = BUILD / "-".join(filter(None, ("litellm", extra, "venv")))
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    stamp = folder / f".litellm-{VERSION}"
    if stamp.exists():
        return python, ""
    wanted = f"litellm[{extra}]=={VERSION}" if extra else f"litellm=={VERSION}"
    print(f"Making an environment with {wanted}, once.", file=sys.stderr)
    try:
        _make(folder, python, wanted)
    except (OSError, subprocess.CalledProcessError) as wrong:
        said = (getattr(wrong, "stderr", "") or str(wrong)).strip().splitlines()
        return (
            None,
            f"litellm {VERSION} could not be installed, so it is not measured: {said[-1].strip()[:200]}",
        )
    stamp.touch()
    return python, ""


def _make(folder: Path, python: Path, wanted: str) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    uv = shutil.which("uv")
    if uv:
        _run(uv, "venv", "--clear", "--python", sys.executable, str(folder))
    else:
        _run(sys.executable, "-m", "venv", "--clear", str(folder))
        _run(str(python), "-m", "pip", "install", "--quiet", "uv")
        uv = str(python.with_name("uv"))
    overrides = folder / "overrides.txt"
    overrides.write_text("\n".join(_UNPINNED) + "\n")
    install = ("pip", "install", "--python", str(python), "--override", str(overrides), "--compile-bytecode")
    _run(uv, *install, wanted)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
