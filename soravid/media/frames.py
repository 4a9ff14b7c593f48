"""The frames of a clip: the one at a moment, or one after the other."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING

from soravid.errors import DownloadFailed, InvalidRequest, MissingExtra
from soravid.media.reading import ClipPath, length_of, need_av, opened, picture, pixels

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from numpy import uint8
    from numpy.typing import NDArray
    from PIL import Image

_NEAR = 0.001
"""Seconds: a frame that begins so soon is shown already. WebM rounds its times to milliseconds."""
_INDEXED = {"mp4", "matroska"}
"""Kinds of files in which a moment can be sought; others, such as a transport stream, lead to a wrong one."""
_FAR = 10.0
"""Seconds between two moments from which on seeking is less work than decoding all between them."""


def frame_at(path: ClipPath, t: float) -> Image.Image:
    """The picture that is shown ``t`` seconds after the clip begins, RGB and upright.

    Args:
        path: the clip.
        t: seconds; a negative number counts from the end. The duration itself gives the last frame.

    Raises:
        InvalidRequest: ``t`` is outside the clip; the message names its duration.
        MissingExtra: PyAV or Pillow is not installed.
        DownloadFailed: the file is no video that can be read.
    """
    seconds = float(length_of(path))
    moment = seconds + t if t < 0 else t
    if not 0 <= moment <= seconds + _NEAR:
        raise InvalidRequest(f"The clip lasts {seconds:.6g} s: it has no frame at {t:g} s.", param="t")
    return picture(next(shown(path, [moment])))


def frames_of(
    path: ClipPath, every: float | None = None, size: tuple[int, int] | None = None
) -> Iterator[NDArray[uint8]]:
    """The frames in order, each an RGB array of shape (height, width, 3), made as they are asked for.

    Args:
        path: the clip. It is open until the last frame was taken or the iterator is dropped.
        every: seconds from one frame to the next; None for every frame that there is.
        size: (width, height) in pixels to scale to; None for the clip's own.

    Raises:
        InvalidRequest: ``every`` or ``size`` is not positive.
        MissingExtra: PyAV, Pillow or NumPy is not installed.
        DownloadFailed: the file is no video that can be read.
    """
    need_av()
    try:
        import numpy  # noqa: F401
    except ImportError:
        raise MissingExtra("Frames as arrays", "local") from None
    if every is not None and not 0 < every < math.inf:
        raise InvalidRequest(f"every must be a number of seconds above 0, not {every!r}.", param="every")
    if size is not None and (len(size) != 2 or min(size) < 1):
        raise InvalidRequest(f"size must be (width, height) in pixels, not {size!r}.", param="size")
    frames = _all(path) if every is None else shown(path, _steps(every, float(length_of(path))))
    return (pixels(frame, size) for frame in frames)


def shown(path: ClipPath, moments: Iterable[float]) -> Iterator[VideoFrame]:
    """The frame that is shown at each of the moments, in seconds, which must rise."""
    with opened(path) as (container, track):
        import av

        begin = track.start_time or 0
        tick = track.time_base or Fraction(1, 1000)

        def time(frame: VideoFrame) -> float:
            return float(((frame.pts or 0) - begin) * tick)

        def from_key_frame(moment: float) -> Iterator[VideoFrame]:
            with suppress(av.error.FFmpegError):  # a file without an index: go on from here
                container.seek(begin + int(moment / tick), stream=track)
                return container.decode(track)
            return frames

        frames = container.decode(track)
        now = coming = next(frames, None)
        indexed = not _INDEXED.isdisjoint(container.format.name.split(","))
        far = 0.0 if indexed else math.inf  # to the first moment it is always less work to seek
        for moment in moments:
            if coming is not None and moment - time(coming) > far:
                frames = from_key_frame(moment)
                landed = next(frames, None)
                if (
                    landed is None or time(landed) > moment + _NEAR
                ):  # a file without its end, or with a bad index
                    frames = from_key_frame(0)
                    landed = next(frames, None)
                now = coming = landed or coming
            far = max(far, _FAR)
            while coming is not None and time(coming) <= moment + _NEAR:
                now, coming = coming, next(frames, None)
            if now is None:
                raise DownloadFailed(f"{path} has no picture in it.")
            yield now


def _all(path: ClipPath) -> Iterator[VideoFrame]:
    with opened(path) as (container, track):
        yield from container.decode(track)


def _steps(every: float, seconds: float) -> Iterator[float]:
    # Multiplied, not added up: the error of a sum would grow.
    moments = (number * every for number in itertools.count())
    return itertools.takewhile(lambda moment: moment < max(seconds - _NEAR, _NEAR), moments)
