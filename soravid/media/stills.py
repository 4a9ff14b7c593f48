"""Still pictures out of a clip: its poster and its last frame."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING

from soravid.errors import DownloadFailed, MissingExtra

if TYPE_CHECKING:
    from PIL import Image

POSTER_WIDTH = 640
POSTER_BYTES = 14_000
"""A notebook with ten clips has ten posters in it: small enough to stay small."""


def poster_of(clip: Path) -> str | None:
    """A small WebP of the clip's second second as a ``data:`` URL, or None where PyAV is not installed.

    Raises:
        DownloadFailed: the file is no video that can be read.
    """
    try:
        picture = _frame(clip, at=1.2)
    except MissingExtra:
        return None
    picture.thumbnail((POSTER_WIDTH, POSTER_WIDTH))
    for quality in (70, 50, 30, 10):
        buffer = io.BytesIO()
        picture.save(buffer, format="WEBP", quality=quality, method=4)
        if buffer.tell() <= POSTER_BYTES:
            break
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def last_frame(clip: Path) -> bytes:
    """The clip's last frame as PNG.

    Raises:
        MissingExtra: PyAV is not installed.
        DownloadFailed: the file is no video that can be read.
    """
    buffer = io.BytesIO()
    _frame(clip, at=None).save(buffer, format="PNG")
    return buffer.getvalue()


def _frame(clip: Path, at: float | None) -> Image.Image:
    """The frame at ``at`` seconds (or the last one before it), or the very last for None."""
    try:
        import av
        from PIL import Image  # noqa: F401 - to_image() needs it
    except ImportError:
        raise MissingExtra("A picture out of a clip", "notebook") from None
    try:
        with av.open(str(clip)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            if at is None and stream.duration and stream.time_base:
                # From the last key frame on: constant memory and little time, however long the clip.
                container.seek(max(0, (stream.start_time or 0) + stream.duration - 1), stream=stream)
            best = None
            for frame in container.decode(stream):
                best = frame
                if at is not None and frame.time is not None and frame.time >= at:
                    break
            if best is None:
                raise DownloadFailed(f"{clip.name} has no picture in it.")
            picture: Image.Image = best.to_image()  # type: ignore[no-untyped-call]
            return picture
    except (av.error.FFmpegError, IndexError):
        raise DownloadFailed(f"{clip.name} cannot be read as a video.") from None
