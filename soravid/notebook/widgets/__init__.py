"""The live widgets: one class each, with a plain ES module and a style sheet in ``static``."""

from __future__ import annotations

import re
from pathlib import Path

STATIC = Path(__file__).parent.parent / "static"


def front(*names: str) -> str:
    """Files of ``static``, one after the other, as they travel: without indentation and whole-line comments.

    They go out again with every widget that opens, so they are kept small there and readable here.
    """
    text = "\n".join((STATIC / name).read_text(encoding="utf-8") for name in names)
    return re.sub(r"(?m)^\s*((//.*|/\*.*\*/)\n\s*)*", "", text)
