"""Setting text: runs by font and direction, line breaking, and the coverage mask of a line."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache, partial

from PIL import Image, ImageDraw

from soravid.engine import fonts

_RIGHT_TO_LEFT = ("R", "AL")


@dataclass(frozen=True)
class Run:
    """A stretch of text in one font; without a font (no glyph anywhere) it is drawn as a bar."""

    text: str
    file: str | None
    size: int

    @property
    def width(self) -> float:
        """Advance in pixels."""
        if self.file is None:
            return 0.6 * self.size * len(self.text)
        return _advance(self.file, self.size, self.text)


@lru_cache(maxsize=4096)
def _advance(file: str, size: int, text: str) -> float:
    return fonts.load(file, size).getlength(text)


def runs(text: str, style: str, size: int) -> list[Run]:
    """Split text into runs, dropping what has no glyph but would be no loss (emoji, joiners)."""
    found: list[Run] = []
    kept, file = "", None
    for char in text:
        if fonts.is_ignorable(char) and not (char in "\u200c\u200d" and kept):
            continue
        # Spaces and marks stay with what they follow.
        joins = kept and (char == " " or unicodedata.combining(char) or char in "\u200c\u200d")
        chosen = file if joins else fonts.file_for(style, char)
        if chosen is None and not joins and unicodedata.category(char)[0] not in "L":
            continue
        if kept and chosen != file:
            found.append(Run(kept, file, size))
            kept = ""
        kept, file = kept + char, chosen
    return [*found, Run(kept, file, size)] if kept else found


@lru_cache(maxsize=4096)
def width(text: str, style: str, size: int) -> float:
    """Return the width of one line in pixels."""
    return sum(run.width for run in runs(text, style, size))


def _width_to(text: str, style: str, size: int, end: int) -> float:
    return width(text[:end], style, size)


def wrap(text: str, style: str, size: int, room: float) -> list[str]:
    """Break text into lines of at most `room` pixels: at spaces, between ideographs, in overlong words."""
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if line and width((line + piece).rstrip(), style, size) > room:
            lines.append(line.rstrip())
            line = ""
        line += piece.lstrip() if not line else piece
        while len(line) > 1 and width(line.rstrip(), style, size) > room:
            # One word wider than the frame: as many letters as fit.
            cut = max(1, bisect_right(range(len(line)), room, key=partial(_width_to, line, style, size)) - 1)
            lines.append(line[:cut])
            line = line[cut:]
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for char in text:
        wide = unicodedata.east_asian_width(char) in "WF"
        closing = unicodedata.category(char) in ("Pe", "Pf", "Po")
        if (
            not pieces
            or (pieces[-1].endswith(" ") and char != " ")
            or (wide and not closing)
            or (_is_wide_end(pieces[-1]) and char != " " and not closing)
        ):
            pieces.append(char)
        else:
            pieces[-1] += char
    return pieces


def _is_wide_end(piece: str) -> bool:
    return unicodedata.east_asian_width(piece[-1]) in "WF"


def balance(text: str, style: str, size: int, room: float) -> list[str]:
    """Break text into as few lines as fit, then even out their lengths."""
    lines = wrap(text, style, size, room)
    if len(lines) < 2:
        return lines
    low, high = room * 0.5, room
    for _ in range(7):
        middle = (low + high) / 2
        if len(wrap(text, style, size, middle)) > len(lines):
            low = middle
        else:
            high = middle
    return wrap(text, style, size, high)


def is_right_to_left(text: str) -> bool:
    """Whether the first letter with a direction runs from right to left."""
    for char in text:
        direction = unicodedata.bidirectional(char)
        if direction in (*_RIGHT_TO_LEFT, "L"):
            return direction in _RIGHT_TO_LEFT
    return False


def draw_line(pen: ImageDraw.ImageDraw, x: float, baseline: float, text: str, style: str, size: int) -> None:
    """Draw a line with its left end at `x` onto a mask."""
    parts = runs(text, style, size)
    if is_right_to_left(text):
        parts.reverse()
    for run in parts:
        if run.file is None:
            _draw_bar(pen, x, baseline, run)
        else:
            shown = run.text if fonts.has_shaping() else _shaped(run.text)
            pen.text((x, baseline), shown, fill=255, font=fonts.load(run.file, size), anchor="ls")
        x += run.width


def _draw_bar(pen: ImageDraw.ImageDraw, x: float, baseline: float, run: Run) -> None:
    # As a page shows text that is still to come: better than a row of empty boxes.
    for word in re.finditer(r"\S{1,5}", run.text):
        at = x + 0.6 * run.size * word.start()
        wide = 0.6 * run.size * len(word[0]) - 0.16 * run.size
        box = (at, baseline - 0.54 * run.size, at + wide, baseline - 0.16 * run.size)
        pen.rounded_rectangle(box, radius=0.19 * run.size, fill=118)


def _shaped(text: str) -> str:
    """Join Arabic letters by their presentation forms and put right-to-left text in drawing order.

    Only for a Pillow without Raqm, which draws code points one after another from the left.
    """
    if not is_right_to_left(text):
        return text
    forms = _arabic_forms()
    shaped = []
    for index, char in enumerate(text):
        before = index > 0 and "initial" in forms.get(text[index - 1], {})
        after = index + 1 < len(text) and "final" in forms.get(text[index + 1], {})
        own = forms.get(char, {})
        joined_after = after and "initial" in own
        name = (
            "medial"
            if before and joined_after
            else "final"
            if before
            else "initial"
            if joined_after
            else "isolated"
        )
        shaped.append(own.get(name, char))
    return "".join(reversed(shaped))


@lru_cache(maxsize=1)
def _arabic_forms() -> dict[str, dict[str, str]]:
    forms: dict[str, dict[str, str]] = {}
    for code in range(0xFE80, 0xFEFD):
        kind, _, letters = unicodedata.decomposition(chr(code)).partition(" ")
        if letters and " " not in letters:
            forms.setdefault(chr(int(letters, 16)), {})[kind.strip("<>")] = chr(code)
    return forms


def caps(text: str, size: int, tracking: float = 0.11) -> Image.Image:
    """Return the mask of letter-spaced capitals, `tracking` in ems; digits stand in cells of equal width."""
    font = fonts.face("caps", size)
    figure = max(font.getlength(digit) for digit in "0123456789")
    at = 0.0
    spots: list[tuple[float, str]] = []
    for char in text:
        advance = font.getlength(char)
        cell = figure if char.isdigit() else advance
        spots.append((at + (cell - advance) / 2, char))
        at += cell + tracking * size
    image = Image.new("L", (max(1, int(at) + 2), int(1.5 * size)), 0)
    pen = ImageDraw.Draw(image)
    for x, char in spots:
        pen.text((x, 1.15 * size), char, fill=255, font=font, anchor="ls")
    return image
