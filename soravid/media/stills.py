"""Still pictures out of a clip: its poster, its thumbnail and its last frame."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING

from soravid.errors import MissingExtra
from soravid.media.frames import shown
from soravid.media.reading import ClipPath, length_of, picture

if TYPE_CHECKING:
    from PIL import Image

POSTER_WIDTH = 640
POSTER_BYTES = 14_000
"""A notebook with ten clips has ten posters in it: small enough to stay small."""
_POSTER_MOMENT = 1.2  # seconds: the opening is often black, or not sharp yet


def poster_of(clip: Path) -> str | None:
    """A small WebP of the clip's second second as a ``data:`` URL, or None where PyAV is not installed.

    Raises:
        DownloadFailed: the file is no video that can be read.
    """
    try:
        poster = _poster(clip)
    except MissingExtra:
        return None
    for quality in (70, 50, 30, 10):
        data = _webp(poster, quality)
        if len(data) <= POSTER_BYTES:
            break
    return f"data:image/webp;base64,{base64.b64encode(data).decode()}"


def thumbnail_of(path: ClipPath) -> bytes:
    """The clip's second second as a WebP of at most 640 pixels a side, as OpenAI's variant ``thumbnail``.

    Raises:
        MissingExtra: PyAV or Pillow is not installed.
        DownloadFailed: the file is no video that can be read.
    """
    return _webp(_poster(path), 82)


def last_frame(clip: ClipPath) -> bytes:
    """The clip's last frame as PNG.

    Raises:
        MissingExtra: PyAV or Pillow is not installed.
        DownloadFailed: the file is no video that can be read.
    """
    buffer = io.BytesIO()
    picture(next(shown(clip, [float(length_of(clip))]))).save(buffer, format="PNG")
    return buffer.getvalue()


def _poster(path: ClipPath) -> Image.Image:
    poster = picture(next(shown(path, [_POSTER_MOMENT])))
    poster.thumbnail((POSTER_WIDTH, POSTER_WIDTH))
    return poster


def _webp(image: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="WEBP", quality=quality, method=4)
    return buffer.getvalue()
