"""Pictures of a clip, to be looked at by what cannot look at a video."""

from __future__ import annotations

import io
import os

from soravid.errors import InvalidRequest
from soravid.media import frame_at, probe
from soravid.types import Reference

_LONGEST = 768
"""Pixels of the longer side: more than any moderation model looks at, and small enough to send many."""


def sampled_frames(path: str | os.PathLike[str], count: int = 6) -> tuple[Reference, ...]:
    """Evenly spaced frames of a clip from its first to its last, as JPEG of at most 768 pixels a side.

    Args:
        path: the clip.
        count: how many; a clip that hardly changes gives each picture once.

    Raises:
        InvalidRequest: ``count`` is not positive.
        MissingExtra: PyAV or Pillow is not installed.
        DownloadFailed: the file is no video that can be read.
    """
    if count < 1:
        raise InvalidRequest(f"count must be at least 1, not {count!r}.", param="count")
    seconds = probe(path).seconds
    moments = [seconds * number / (count - 1) for number in range(count)] if count > 1 else [seconds / 2]
    frames = (_jpeg(path, moment) for moment in moments)
    return tuple({frame.digest: frame for frame in frames}.values())


def _jpeg(path: str | os.PathLike[str], moment: float) -> Reference:
    image = frame_at(path, moment)
    image.thumbnail((_LONGEST, _LONGEST))
    buffer = io.BytesIO()
    image.save(buffer, format="JPEG", quality=85)
    return Reference(buffer.getvalue(), "image/jpeg", f"frame-at-{moment:.2f}s.jpeg")
