"""A clip at a glance: frames spread evenly over it, in a grid or in a row."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from soravid.errors import InvalidRequest
from soravid.media.frames import shown
from soravid.media.reading import ClipPath, length_of, need_av, picture, within

if TYPE_CHECKING:
    from PIL import Image

_CELL = 240
_GAP = 2
_JPEG_LIMIT = 65_500
"""Pixels a side of the largest JPEG."""


def spritesheet_of(path: ClipPath, columns: int = 4, rows: int = 3) -> bytes:
    """A JPEG of frames spread evenly over the clip, row by row, as OpenAI's variant ``spritesheet``.

    Each cell is at most 240 pixels wide and high.

    Raises:
        InvalidRequest: fewer than one column or row, or more than a JPEG can hold.
        MissingExtra: PyAV or Pillow is not installed.
        DownloadFailed: the file is no video that can be read.
    """
    for name, count in (("columns", columns), ("rows", rows)):
        if not 1 <= count <= _JPEG_LIMIT // _CELL:
            raise InvalidRequest(
                f"{name} must be from 1 to {_JPEG_LIMIT // _CELL}, not {count!r}.", param=name
            )
    need_av()
    from PIL import Image

    sheet: Image.Image | None = None
    for number, (_, frame) in enumerate(_spread(path, columns * rows)):
        cell = frame.resize(within(*frame.size, _CELL), Image.Resampling.BOX)
        if sheet is None:
            sheet = Image.new("RGB", (columns * cell.width, rows * cell.height))
        sheet.paste(cell, (number % columns * cell.width, number // columns * cell.height))
    assert sheet is not None  # noqa: S101 - there is at least one cell
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=82)
    return buffer.getvalue()


def filmstrip_of(path: ClipPath, count: int = 8, height: int = 90) -> Image.Image:
    """One row of frames spread evenly over the clip, each with its time in a corner.

    Args:
        path: the clip.
        count: how many frames.
        height: of the row, in pixels.

    Raises:
        InvalidRequest: ``count`` or ``height`` is too small or too large.
        MissingExtra: PyAV or Pillow is not installed.
        DownloadFailed: the file is no video that can be read.
    """
    for name, value, most in (("count", count, 500), ("height", height, 4320)):
        if not 1 <= value <= most:
            raise InvalidRequest(f"{name} must be from 1 to {most}, not {value!r}.", param=name)
    need_av()
    from PIL import Image

    strip: Image.Image | None = None
    for number, (moment, frame) in enumerate(_spread(path, count)):
        width = max(1, round(height * frame.width / frame.height))
        cell = frame.resize((width, height), Image.Resampling.BOX)
        _write_time(cell, moment)
        if strip is None:
            strip = Image.new("RGB", (count * (width + _GAP) - _GAP, height))
        strip.paste(cell, (number * (width + _GAP), 0))
    assert strip is not None  # noqa: S101 - there is at least one frame
    return strip


def _spread(path: ClipPath, count: int) -> Iterator[tuple[float, Image.Image]]:
    """Yield the middles of ``count`` equal parts of the clip in seconds, and what is shown there."""
    seconds = float(length_of(path))
    moments = [(number + 0.5) * seconds / count for number in range(count)]
    for moment, frame in zip(moments, shown(path, moments), strict=True):
        yield moment, picture(frame)


def _write_time(cell: Image.Image, moment: float) -> None:
    """Write minutes and seconds on a dark ground into the corner, where there is room for it."""
    from PIL import ImageDraw, ImageFont

    minutes, seconds = divmod(round(moment, 1), 60)
    text = f"{minutes:.0f}:{seconds:04.1f}"
    draw = ImageDraw.Draw(cell)
    font = ImageFont.load_default(max(9, cell.height // 9))
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    pad = 2
    width, height = right - left + 2 * pad, bottom - top + 2 * pad
    if width < cell.width and height < cell.height:
        draw.rectangle((0, cell.height - height, width, cell.height), fill=(0, 0, 0))
        draw.text((pad - left, cell.height - height + pad - top), text, font=font, fill=(255, 255, 255))
