"""Where a page finds a clip: a URL relative to the notebook, or the clip itself inside the page."""

from __future__ import annotations

import base64
import mimetypes
import os
import sys
import urllib.parse
from pathlib import Path
from typing import Any

from soravid.errors import InvalidRequest

EMBED_LIMIT = 20_000_000
"""Bytes of the largest clip that is put into a notebook file, unless told otherwise."""
_NO_FILES = ("COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE", "DATABRICKS_RUNTIME_VERSION")
"""Variables of places whose outputs cannot reach files beside the notebook."""


def must_embed() -> bool:
    """Whether outputs here cannot reach files beside the notebook, as in Google Colab and marimo."""
    marimo: Any = sys.modules.get("marimo")
    if marimo is not None and marimo.running_in_notebook():
        return True
    return "google.colab" in sys.modules or any(os.environ.get(name) for name in _NO_FILES)


def page_src(path: Path, *, embed: bool = False) -> str:
    """Where a page finds a clip: its relative URL, or where that reaches nothing the clip itself.

    Raises:
        InvalidRequest: it has to be embedded and is too large.
    """
    beside = None if embed or must_embed() else notebook_src(path)
    return beside or embed_src(path)


def page_src_or_none(path: Path, *, embed: bool = False) -> str | None:
    """The same, for one of many; None where no page can have it."""
    try:
        return page_src(path, embed=embed)
    except (InvalidRequest, OSError):
        return None


def notebook_dir() -> Path:
    """The folder that relative URLs in an output start from: the notebook's, else the working folder."""
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython else None
    in_vscode = shell.user_ns.get("__vsc_ipynb_file__") if shell is not None else None
    for name in (in_vscode, os.environ.get("JPY_SESSION_NAME")):
        # The working folder changes with os.chdir; the notebook's does not.
        if name and Path(name).is_absolute() and Path(name).is_file():
            return Path(name).parent
    return Path.cwd()


def notebook_src(path: Path) -> str | None:
    """The clip's URL relative to the notebook, percent-encoded.

    None when no notebook server would hand it out: it is not under the notebook's folder, or in a hidden one.
    The caller then embeds the clip.
    """
    base = notebook_dir()
    here = base / path
    for file, folder in ((Path(os.path.abspath(here)), base), (here.resolve(), base.resolve())):  # noqa: PTH100
        if file.is_relative_to(folder):
            parts = file.relative_to(folder).parts
            hidden = any(part.startswith(".") for part in parts)
            return None if hidden else urllib.parse.quote("/".join(parts))
    return None


def embed_src(path: Path, limit_bytes: int = EMBED_LIMIT) -> str:
    """The clip itself as a ``data:`` URL, about a third larger than the file.

    Raises:
        InvalidRequest: the file is larger than ``limit_bytes``.
    """
    size = path.stat().st_size
    if size > limit_bytes:
        raise InvalidRequest(
            f"The clip is {size / 1e6:.1f} MB; at most {limit_bytes / 1e6:.1f} MB are put into a notebook.",
            param="embed",
            hint=f"It is in {path.name}; leave --embed out to show it from there.",
        )
    kind = mimetypes.guess_type(path.name)[0] or "video/mp4"
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"
