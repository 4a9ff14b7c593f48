"""Opens a clip, and turns a decoded frame into a picture as it should be seen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soravid.errors import DownloadFailed, MissingExtra

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream
    from numpy import uint8
    from numpy.typing import NDArray
    from PIL import Image

ClipPath = str | os.PathLike[str]

# A clip is bytes from a server. FFmpeg would also take a playlist or a script that names other files.
_FORMATS = "mov,matroska,avi,mpegts,mpeg,flv,ogg,gif,asf"
_BT709, _UNSPECIFIED, _HD_LINES = 1, 2, 720


def need_av() -> None:
    """Check that pictures can be read.

    Raises:
        MissingExtra: PyAV or Pillow is not installed.
    """
    try:
        import av  # noqa: F401
        from PIL import Image  # noqa: F401 - a frame's to_image() needs it
    except ImportError:
        raise MissingExtra("A picture out of a clip", "notebook") from None


@contextmanager
def opened(path: ClipPath) -> Iterator[tuple[InputContainer, VideoStream]]:
    """A clip and the track of its pictures, for reading.

    Raises:
        MissingExtra: PyAV or Pillow is not installed.
        DownloadFailed: the file is not there or is no video that can be read; also while it is read.
    """
    need_av()
    import av
    from av.stream import Disposition

    cover = Disposition.attached_pic
    file = Path(path)
    name = file.name or str(file)
    try:
        # Absolute, so that a name such as `tcp:x` is a file's name and no protocol.
        with av.open(str(file.absolute()), options={"format_whitelist": _FORMATS}) as container:
            # A cover is no video.
            tracks = [each for each in container.streams.video if cover not in each.disposition]
            if not tracks:
                raise DownloadFailed(f"{name} has no picture in it.")
            tracks[0].thread_type = "AUTO"
            yield container, tracks[0]
    except av.error.FileNotFoundError:
        raise DownloadFailed(f"There is no file {str(file)!r}.") from None
    except av.error.FFmpegError:
        raise DownloadFailed(f"{name} cannot be read as a video.") from None


def length_of(path: ClipPath) -> Fraction:
    """How many seconds the clip's pictures last. Reads the whole file where its head does not say.

    Raises:
        MissingExtra: PyAV or Pillow is not installed.
        DownloadFailed: the file is no video that can be read.
    """
    with opened(path) as (container, track):
        tick = track.time_base or Fraction(1, 1000)
        if track.duration:
            return track.duration * tick
        frame = 1 / (track.average_rate or Fraction(24))
        begin, end = None, Fraction(0)
        for packet in container.demux(track):
            if packet.pts is not None:
                begin = packet.pts if begin is None else min(begin, packet.pts)
                end = max(end, packet.pts * tick + (packet.duration * tick if packet.duration else frame))
        return end - (begin or 0) * tick


def quarter_turns(frame: VideoFrame) -> int:
    """How many times a frame has to be turned by 90 degrees, counter-clockwise, to stand upright."""
    return round(frame.rotation / 90) % 4


def picture(frame: VideoFrame, size: tuple[int, int] | None = None) -> Image.Image:
    """A frame upright as an RGB picture, at (width, height) pixels or at its own size."""
    from PIL import Image

    turns = quarter_turns(frame)
    image: Image.Image = _rgb(frame, size, turns).to_image()  # type: ignore[no-untyped-call]
    turn = {1: Image.Transpose.ROTATE_90, 2: Image.Transpose.ROTATE_180, 3: Image.Transpose.ROTATE_270}
    return image.transpose(turn[turns]) if turns else image


def pixels(frame: VideoFrame, size: tuple[int, int] | None = None) -> NDArray[uint8]:
    """As ``picture``, as an array of shape (height, width, 3)."""
    import numpy as np

    turns = quarter_turns(frame)
    array = np.asarray(_rgb(frame, size, turns).to_ndarray(), np.uint8)
    return np.ascontiguousarray(np.rot90(array, turns)) if turns else array


def matrix_of(frame: VideoFrame) -> str | None:
    """What to read a frame's colours by; None for what PyAV does by itself.

    Where the frame does not say, it is guessed as browsers do; FFmpeg takes all of those for BT.601.
    """
    guess = frame.colorspace == _UNSPECIFIED and frame.height >= _HD_LINES
    return "ITU709" if guess or frame.colorspace == _BT709 else None


def within(width: int, height: int, longest: int) -> tuple[int, int]:
    """The size with the same shape whose longer side has at most ``longest`` pixels."""
    scale = min(1.0, longest / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _rgb(frame: VideoFrame, size: tuple[int, int] | None, turns: int) -> VideoFrame:
    options: dict[str, Any] = {}
    if size is not None:
        options["width"], options["height"] = size if turns % 2 == 0 else size[::-1]
        options["interpolation"] = "AREA" if options["width"] < frame.width else "BICUBIC"
    if matrix := matrix_of(frame):
        # RGB has no matrix, but PyAV before 17 looks at the source's only where the target's is another.
        options["src_colorspace"], options["dst_colorspace"] = matrix, "ITU601"
    return frame.reformat(format="rgb24", **options)
