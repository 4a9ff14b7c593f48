"""The storyboard card's lettering: the shot's line in the lower third, small capitals on top, a hairline."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from soravid.engine import lettering
from soravid.engine.canvas import Array, Frame
from soravid.engine.palette import to_ycc

Samples = tuple[NDArray[np.uint8], ...]

MARK = "LOCAL PREVIEW, NOT AI"
_EASE_FRAMES = 10
_MOST_LINES = 4
_MOST_LETTERS = 600  # more than four lines hold
_PAPER = (1.0, 0.99, 0.97)
_ARROWS = {"LEFT": "←", "RIGHT": "→", "UP": "↑", "DOWN": "↓", "IN": "↗", "BACK": "↙", "OUT": "↙"}


@dataclass(frozen=True)
class Card:
    """What is written on one shot: its line, ``1/3``, the camera note, and whether the clip is a remix.

    `scrim` is how much the ground behind the line is darkened (0..1).
    """

    line: str
    number: str
    note: str
    remix: bool
    scrim: float = 0.5


@dataclass(frozen=True)
class Overlay:
    """What luma and chroma of the rows from `top` on are multiplied by, and then added to y, u and v."""

    top: int
    luma: Array
    chroma: Array
    added: tuple[Array, Array, Array]


class Titles:
    """The lettering of one shot, drawn once."""

    def __init__(self, frame: Frame, card: Card, fps: int, marks: tuple[float, ...]) -> None:
        self._frame = frame
        self._fps = fps
        self._marks = marks  # the cuts, as parts of the clip
        self._left = round(0.05 * frame.width + 0.004 * frame.unit)
        self._foot = round(0.05 * frame.height + 0.008 * frame.unit)
        self._small = _caps_size(frame, frame.width - 2 * self._left)
        # A stamp-sized frame has room for the mark and the line, and no more.
        self._stamp = frame.unit < 170
        self._rule = frame.height - self._foot
        self._head, self._code_at = self._set_head(card)
        block = self._set_line(card)
        self._top = self._rule - block.height
        self._line = np.asarray(block, np.float32) * np.float32(1 / 255)
        shadow = block.filter(ImageFilter.GaussianBlur(0.011 * frame.unit))
        self._shadow = np.asarray(shadow, np.float32) * np.float32(0.4 / 255)
        self._shade = self._shading(card.scrim)

    def _set_head(self, card: Card) -> tuple[Image.Image, int]:
        frame, small = self._frame, self._small
        room = frame.width - 2 * self._left
        strip = Image.new("L", (frame.width, round(3.6 * small)), 0)
        mark = lettering.caps(MARK, small)
        if self._stamp:
            strip.paste(mark, (self._left, 0))
            return strip, 0
        shot = lettering.caps(f"SHOT {card.number}", small)
        strip.paste(shot, (self._left, 0))
        code = self._left + shot.width + round(1.1 * small)
        end = code + _figures(small)[0] * 11
        pill = _pill("REMIX", small) if card.remix else Image.new("L", (1, 1))
        beside = round(1.2 * small)
        # Everything on one row if it fits, else the mark on a second one.
        if end + beside + pill.width + 2 * small + mark.width < self._left + room:
            strip.paste(mark, (self._left + room - mark.width + 2, 0))
            strip.paste(pill, (end + beside, 0))
        else:
            strip.paste(mark, (self._left, round(1.7 * small)))
            strip.paste(pill, (self._left + mark.width + beside, round(1.7 * small)))
        return strip, code

    def _set_line(self, card: Card) -> Image.Image:
        frame = self._frame
        room = frame.width - 2 * self._left
        # A long measure tires the eye: on a wide frame the lines stay shorter than the frame.
        room = min(room, round(1.02 * frame.unit))
        size, lines = _fit(card.line, frame, room)
        note = "" if self._stamp else card.note
        leading, gap = round(1.22 * size), round(0.62 * size)
        above = round(2.1 * self._small) if note else round(0.4 * size)
        block = Image.new("L", (frame.width, above + leading * len(lines) + gap), 0)
        # Small type is drawn large and reduced: its letters then stand at fractions of a pixel.
        fine = 4 if size < 26 else 1
        page = Image.new("L", (frame.width * fine, leading * len(lines) * fine), 0)
        pen = ImageDraw.Draw(page)
        for index, line in enumerate(lines):
            baseline = (leading * index + round(0.95 * size)) * fine
            x = float(self._left * fine)
            if lettering.is_right_to_left(line):
                x = page.width - x - lettering.width(line, "line", size * fine)
            lettering.draw_line(pen, x, baseline, line, "line", size * fine)
        block.paste(page.reduce(fine) if fine > 1 else page, (0, above))
        if note:
            self._set_note(block, note)
        return block

    def _set_note(self, block: Image.Image, note: str) -> None:
        arrow = next((sign for word, sign in _ARROWS.items() if word in note.split()), "")
        word = lettering.caps(f"{arrow} {note}" if arrow else note, self._small)
        block.paste(word.point(lambda value: value * 0.86), (self._left, 0))

    def _shading(self, strength: float) -> Array:
        """Return what the picture is multiplied by: a vignette, and scrims behind the lettering."""
        frame = self._frame
        rows = (np.arange(frame.height) + 0.5) / frame.height
        columns = (np.arange(frame.width) + 0.5) / frame.width * 2 - 1
        start = max(0.3, self._top / frame.height - 0.16)
        low = np.clip((rows - start) / max(0.05, 0.92 - start), 0, 1)
        low = low * low * (3 - 2 * low)
        high = np.clip(1 - rows / 0.24, 0, 1) ** 1.6
        scrim = (1 - strength * low) * (1 - 0.6 * strength * high)
        edge = 1 - 0.1 * np.abs(columns) ** 3
        return np.outer(scrim, edge).astype(np.float32)

    def ease(self, since_cut: int) -> float:
        """Return how much of the line shows (0..1) so many frames into the shot."""
        part = min(1.0, (since_cut + 1) / _EASE_FRAMES)
        return part * part * (3 - 2 * part)

    @property
    def block(self) -> tuple[int, int]:
        """The (even) rows that the line eases in on, from the first to past the last."""
        return max(0, self._top) & ~1, min(self._frame.height, (self._rule + 1) & ~1)

    def overlay(self, ease: float, rows: tuple[int, int] | None = None) -> Overlay:
        """Return, for all or some (even) rows, shading and standing lettering as one product and one sum."""
        start, stop = rows or (0, self._frame.height)
        shade = self._shade[start:stop]
        ink, factor = np.zeros_like(shade), shade.copy()
        top, rule = max(start, self._top), min(stop, self._rule)
        if top < rule:
            own = slice(top - self._top, rule - self._top)
            np.multiply(self._line[own], np.float32(ease), out=ink[top - start : rule - start])
            factor[top - start : rule - start] *= 1 - self._shadow[own] * np.float32(ease)
        head = np.asarray(self._head, np.float32) * np.float32(0.9 / 255)
        top, foot = max(start, self._foot), min(stop, self._foot + len(head))
        if top < foot:
            part = ink[top - start : foot - start]
            np.maximum(part, head[top - self._foot : foot - self._foot], out=part)
        factor *= 1 - ink
        half = (ink[::2, ::2] + ink[1::2, ::2] + ink[::2, 1::2] + ink[1::2, 1::2]) * np.float32(0.25)
        luma, blue, red = (np.float32(value) for value in to_ycc(_PAPER))
        return Overlay(start, factor, shade[::2, ::2] * (1 - half), (ink * luma, half * blue, half * red))

    def paint(self, planes: Samples, number: int, total: int) -> None:
        """Write what changes with every frame: the time code and how far the clip is."""
        if not self._stamp:
            self._paint_code(planes, number)
        self._paint_rule(planes, (number + 1) / total)

    def _paint_code(self, planes: Samples, number: int) -> None:
        seconds, rest = divmod(number, self._fps)
        text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}:{rest:02}"
        glyphs = _figures(self._small)[1]
        strip = np.concatenate([glyphs[char] for char in text], axis=1)
        _ink(planes, strip * np.float32(0.72), self._code_at, self._foot)

    def _paint_rule(self, planes: Samples, done: float) -> None:
        frame = self._frame
        thick = max(1, round(frame.unit / 480))
        left, right = self._left, frame.width - self._left
        columns = np.arange(left, right, dtype=np.float32)
        reached = np.clip(left + done * (right - left) - columns, 0, 1)
        ink = np.float32(0.24) + np.float32(0.62) * reached
        for mark in self._marks:
            at = round(left + mark * (right - left)) - left
            ink[max(0, at - thick) : at + thick] = 0.0
        _ink(planes, np.repeat(ink[None, :], thick, axis=0), left, self._rule)


def _pill(text: str, small: int) -> Image.Image:
    word = lettering.caps(text, round(0.86 * small))
    pad, down = round(0.5 * small), round(0.12 * small)
    pill = Image.new("L", (word.width + 2 * pad - down, round(1.5 * small)), 0)
    box = (0, down, pill.width - 1, round(1.46 * small))
    ImageDraw.Draw(pill).rounded_rectangle(box, radius=0.35 * small, outline=190, width=max(1, small // 12))
    pill.paste(word, (pad, down), word)
    return pill


def _caps_size(frame: Frame, room: int) -> int:
    size = max(8, round(0.0172 * frame.unit))
    while size > 4 and lettering.caps(MARK, size).width > room:
        size -= 1
    return size


def _fit(text: str, frame: Frame, room: int) -> tuple[int, list[str]]:
    if len(text) > _MOST_LETTERS:
        text = text[:_MOST_LETTERS] + "…"
    largest = max(12, round(0.055 * frame.unit))
    smallest = max(10, round(0.031 * frame.unit))
    tallest = 0.4 * frame.height
    size = largest
    while True:
        lines = lettering.wrap(text, "line", size, room)
        # Two lines may be large, four must be small.
        most = 2 if size > 0.85 * largest else 3 if size > 0.7 * largest else _MOST_LINES
        if len(lines) <= most and len(lines) * 1.22 * size <= tallest:
            return size, lettering.balance(text, "line", size, room)
        if size <= smallest:
            break
        size = max(smallest, min(size - 1, round(size * 0.93)))
    keep = max(1, min(_MOST_LINES, int(tallest / (1.22 * size))))
    if len(lines) > keep:
        last = lines[keep - 1]
        while last and lettering.width(last + "…", "line", size) > room:
            last = last[:-1]
        lines = [*lines[: keep - 1], last.rstrip(" ,.;:…") + "…"]
    return size, lines


@lru_cache(maxsize=8)
def _figures(size: int) -> tuple[int, dict[str, Array]]:
    # Cells of one width, so that the code does not dance as it counts.
    glyphs = {char: lettering.caps(char, size, 0.0) for char in "0123456789:"}
    cell = max(image.width for char, image in glyphs.items() if char != ":") + max(0, round(0.02 * size))
    cells = {}
    for char, image in glyphs.items():
        box = Image.new("L", (cell, image.height), 0)
        box.paste(image, ((cell - image.width) // 2 + (1 if char == ":" else 0), 0))
        cells[char] = np.asarray(box, np.float32) * np.float32(1 / 255)
    return cell, cells


def _ink(planes: Samples, mask: Array, x: int, y: int) -> None:
    """Mix paper white into a frame's 8-bit planes by a mask with its corner at ``(x, y)``."""
    height, width = planes[0].shape
    mask = mask[: max(0, height - y), : max(0, width - x)]
    if not mask.size:
        return
    luma, blue, red = to_ycc(_PAPER)
    _mix(planes[0], luma + 16, mask, x, y)
    # Chroma has half the samples: pad to the even grid, then average.
    top, left = y % 2, x % 2
    rows, columns = mask.shape
    padded = np.zeros((top + rows + 1 & ~1, left + columns + 1 & ~1), np.float32)
    padded[top : top + rows, left : left + columns] = mask
    small = (padded[::2, ::2] + padded[1::2, ::2] + padded[::2, 1::2] + padded[1::2, 1::2]) * np.float32(0.25)
    for plane, value in zip(planes[1:], (blue + 128, red + 128), strict=True):
        _mix(plane, value, small, x // 2, y // 2)


def _mix(plane: NDArray[np.uint8], value: float, mask: Array, x: int, y: int) -> None:
    area = plane[y : y + mask.shape[0], x : x + mask.shape[1]]
    change = np.float32(value) - area
    change *= mask[: area.shape[0], : area.shape[1]]
    change += np.float32(0.5)
    change += area
    np.copyto(area, change, casting="unsafe")
