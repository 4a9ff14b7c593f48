"""The live widgets: one class each; its script and its style sheet are plain files in ``static``."""

from __future__ import annotations

import json
import re
from pathlib import Path

from soravid.card_parts import COLOURS, TOKENS
from soravid.notebook.widgets import frames

STATIC = Path(__file__).parent.parent / "static"
_AFTER = {
    "talk": ["parts"],
    "line": ["clock", "parts"],
    "player": ["clock", "talk"],
    "tile": ["line", "player"],
    "lot": ["tile"],
    "step": ["player"],
    "compare": ["lot", "step"],
    "form": ["player"],
    "gallery": ["step"],
    "meter": ["parts"],
    "offer": ["parts"],
    "one": ["tile"],
    "page": ["player"],
    "status": ["line"],
    "storyboard": ["lot"],
}
"""What stands before a file, for it uses it."""
_FRAMES = {
    "form": ("FORM", frames.form),
    "gallery": ("CARD", frames.gallery_card),
    "line": ("LINE", frames.job_line),
    "lot": ("HEAD", frames.lot_head),
    "meter": ("METER", frames.meter),
    "player": ("BAR", frames.bar),
}
"""The HTML that a script builds its part of a widget of, and the constant that it has it as."""


def front(name: str) -> tuple[str, str]:
    """The script and the style sheet of a widget, with all that they use, as they travel.

    They go out again with every widget that opens, so they are kept small there, without indentation and
    whole-line comments, and readable here.

    Args:
        name: what its files are called.
    """
    names = _needed(name)
    used = [_FRAMES[each] for each in names if each in _FRAMES]
    constants = [f"const {constant} = {json.dumps(made())};" for constant, made in used]
    return _joined(constants, names, "js"), _joined(_colours(), names, "css")


def _needed(name: str) -> list[str]:
    before = [each for other in _AFTER.get(name, []) for each in _needed(other)]
    return [*dict.fromkeys([*before, name])]


def _joined(lines: list[str], names: list[str], kind: str) -> str:
    files = [file for name in names if (file := STATIC / f"{name}.{kind}").exists()]
    text = "\n".join([*lines, *(file.read_text(encoding="utf-8") for file in files)])
    return re.sub(r"(?m)^\s*((//.*|/\*.*\*/)\n\s*)*", "", text)


def _colours() -> list[str]:
    """The cards' colours by the names that the style sheets have for them, and the tone of a part."""
    named = {"ink": "t", "muted": "m", "ground": "g", "line": "l", "mono": "f"}
    tokens = {name: TOKENS[short] for name, short in named.items()} | {"accent": COLOURS["busy"]}
    tones = {name: COLOURS[name] for name in ("good", "warn", "bad")}
    lines = [f"--{name}:{value};" for name, value in (tokens | tones).items()]
    ways = [*((tone, tone) for tone in tones), ("quiet", "muted")]
    own = [f'.soravid [data-tone="{tone}"]{{--tone:var(--{name})}}' for tone, name in ways]
    return [".soravid{", *lines, "}", *own]
