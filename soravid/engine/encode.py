"""Frames to an H.264 file that plays in a browser, with its thumbnail and its spritesheet."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import numpy as np
from av.video.frame import PictureType
from numpy.typing import NDArray
from PIL import Image

from soravid.engine.storyboard import Planes

COMMENT = "local preview, not AI"
_SHEET_CELLS, _SHEET_COLUMNS = 12, 4
_BT709 = 1  # the number of BT.709 in the H.264 tables of primaries, transfer and matrix
_LIMITED = 1


class ClipWriter:
    """Encodes frames in order; as a context manager it finishes the file, unless an error passes through."""

    def __init__(self, path: Path, width: int, height: int, fps: int, title: str) -> None:
        # `+faststart` moves the index to the front, so that a browser plays before it has everything.
        self._file = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        self._file.metadata["title"] = title
        self._file.metadata["comment"] = COMMENT
        stream = self._file.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = Fraction(1, fps)
        stream.codec_context.gop_size = fps
        context = stream.codec_context
        context.color_primaries = context.color_trc = context.colorspace = _BT709
        context.color_range = _LIMITED
        # A fixed number of threads: x264's result depends on it, and must not depend on the machine.
        context.thread_count = 2
        # Superfast but for what its flat ramps need: with mbtree half the bytes, with aq-mode 3 no bands
        # in the dark. No B-frames: x264's mbtree reads memory that nobody wrote for them, and the same
        # frames then now and then give another file.
        context.options = {
            "preset": "superfast",
            "crf": "21",
            "x264-params": "mbtree=1:rc-lookahead=8:scenecut=0:bframes=0:aq-mode=3",
        }
        self._stream = stream
        self._time_base = Fraction(1, fps)

    def write(self, number: int, planes: Planes, *, cut: bool) -> av.VideoFrame:
        """Encode one frame, as a key frame where a shot begins; returns it for its pictures."""
        frame = video_frame(planes)
        frame.pts, frame.time_base = number, self._time_base
        if cut:
            frame.pict_type = PictureType.I
        self._file.mux(self._stream.encode(frame))
        return frame

    def __enter__(self) -> ClipWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._file.mux(self._stream.encode(None))
        self._file.close()


def video_frame(planes: Planes) -> av.VideoFrame:
    """Make a yuv420p frame, tagged BT.709 limited range, of its planes."""
    luma = planes[0]
    frame = av.VideoFrame(luma.shape[1], luma.shape[0], "yuv420p")
    for plane, samples in zip(frame.planes, planes, strict=True):
        _fill(plane, samples)
    frame.colorspace, frame.color_range = _BT709, _LIMITED
    return frame


def _fill(plane: av.video.plane.VideoPlane, samples: NDArray[np.uint8]) -> None:
    # FFmpeg pads its lines to an even multiple of its vector width.
    lines: NDArray[np.uint8] = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    lines[: samples.shape[0], : samples.shape[1]] = samples


class Pictures:
    """Takes the thumbnail and the spritesheet from the frames as they pass."""

    def __init__(self, frames: int, width: int, height: int, poster: int) -> None:
        cells = min(_SHEET_CELLS, frames)
        self._moments = {round((cell + 0.5) * frames / cells - 0.5): cell for cell in range(cells)}
        self._poster = poster
        self._thumbnail_size = _within(width, height, 640)
        self._cell = _within(width, height, 240)
        columns = min(_SHEET_COLUMNS, cells)
        rows = -(-cells // columns)
        self._columns = columns
        self._sheet = Image.new("RGB", (columns * self._cell[0], rows * self._cell[1]), (16, 16, 18))
        self._thumbnail: Image.Image | None = None

    def take(self, number: int, frame: av.VideoFrame) -> None:
        """Look at frame `number`."""
        if number == self._poster:
            self._thumbnail = _image(frame, self._thumbnail_size)
        if number in self._moments:
            row, column = divmod(self._moments[number], self._columns)
            self._sheet.paste(_image(frame, self._cell), (column * self._cell[0], row * self._cell[1]))

    def save(self, thumbnail: Path, spritesheet: Path) -> None:
        """Write both files."""
        if self._thumbnail is not None:
            self._thumbnail.save(thumbnail, "WEBP", quality=82, method=2)
        self._sheet.save(spritesheet, "JPEG", quality=82)


def _image(frame: av.VideoFrame, size: tuple[int, int]) -> Image.Image:
    small = frame.reformat(width=size[0], height=size[1], format="rgb24", interpolation="AREA")
    return Image.fromarray(small.to_ndarray())


def _within(width: int, height: int, longest: int) -> tuple[int, int]:
    scale = min(1.0, longest / max(width, height))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)
