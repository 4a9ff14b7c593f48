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

POSTER_BYTES = 16_000
"""A notebook with fifty clips has fifty posters in it, and stays under 1.5 MB."""
_POSTERS = ((640, 70), (640, 50), (480, 50), (480, 35), (320, 50), (320, 20))
"""Pixels of the longer side, and quality: a busy picture is better smaller than coarser."""
_SMALL = 320, 50
_LONGER_SIDE = 640
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
    for side, quality in _POSTERS:
        poster.thumbnail((side, side))
        data = _webp(poster, quality)
        if len(data) <= POSTER_BYTES:
            break
    return _data_url(data)


def smaller(poster: str) -> str:
    """A poster as small as one of many needs to be; as it is where Pillow is not installed."""
    try:
        from PIL import Image
    except ImportError:
        return poster
    side, quality = _SMALL
    with Image.open(io.BytesIO(base64.b64decode(poster.partition(",")[2]))) as picture:
        picture.thumbnail((side, side))
        return _data_url(_webp(picture, quality))


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
    poster.thumbnail((_LONGER_SIDE, _LONGER_SIDE))
    return poster


def _webp(image: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="WEBP", quality=quality, method=4)
    return buffer.getvalue()


def _data_url(data: bytes) -> str:
    return f"data:image/webp;base64,{base64.b64encode(data).decode()}"
