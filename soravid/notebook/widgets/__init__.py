"""The live widgets: one class each, with a plain ES module and a style sheet in ``static``."""

from __future__ import annotations

import re
from pathlib import Path

STATIC = Path(__file__).parent.parent / "static"


def front(name: str) -> str:
    """A file of ``static`` as it travels: without indentation and whole-line comments.

    It goes out again with every widget that opens, so it is kept small there and readable here.
    """
    return re.sub(r"(?m)^\s*(//.*\n\s*)*", "", (STATIC / name).read_text(encoding="utf-8"))
