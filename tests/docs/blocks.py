"""The code in a page of the documentation, block by block."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(
    r"(?:^\#+ `(?P<heading>[\w.-]+\.\w+)`\n\n)?"
    r"(?:^<!-- not run: (?P<reason>[^>]+) -->\n)?"
    r"^```(?P<language>\w*)[^\n]*\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_FILE = re.compile(r"# (?P<name>[\w./-]+\.(?:py|toml|yaml))\b")


@dataclass(frozen=True)
class Block:
    """One block.

    Attributes:
        language: what stands after the fence; empty where nothing does.
        line: where it begins in the page, counted from 1.
        file: the file that it is: named by the heading above it, or by the comment that it begins with.
        reason: why it is not run, where ``<!-- not run: reason -->`` says so above it.
    """

    language: str
    text: str
    line: int
    file: str = ""
    reason: str = ""


def pages() -> list[Path]:
    """Every page that is written by hand."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> list[Block]:
    """The blocks of a page, in its order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            language=found["language"],
            text=found["text"],
            line=text.count("\n", 0, found.start("text")),
            file=found["heading"] or ((named := _FILE.match(found["text"])) and named["name"]) or "",
            reason=found["reason"] or "",
        )
        for found in _FENCE.finditer(text)
    ]
