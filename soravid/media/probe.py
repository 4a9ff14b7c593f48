"""What a clip's file says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from soravid.errors import DownloadFailed
from soravid.media.provenance import has_credentials
from soravid.media.reading import ClipPath, length_of, opened, quarter_turns


@dataclass(frozen=True, slots=True)
class ClipInfo:
    """A clip as its file has it, whatever was asked for.

    Attributes:
        seconds: how long its pictures last.
        width: pixels of the picture as it is shown, turned upright.
        height: pixels of the picture as it is shown, turned upright.
        fps: frames a second on average, or None where the file does not say.
        frames: how many there are, or None where the file does not say.
        codec: of the pictures, such as ``h264``.
        audio: codec of the sound, such as ``aac``; None for a silent clip.
        bytes: size of the file.
        credentials: whether content credentials (C2PA) are in it; ``clip.credentials`` reads them.
    """

    seconds: float
    width: int
    height: int
    fps: float | None
    frames: int | None
    codec: str
    audio: str | None
    bytes: int
    credentials: bool = False

    @property
    def size(self) -> str:
        """``WIDTHxHEIGHT`` in pixels."""
        return f"{self.width}x{self.height}"

    def __str__(self) -> str:
        parts = [f"{round(self.seconds, 2):g} s", self.size]
        if self.fps:
            parts.append(f"{round(self.fps, 2):g} fps")
        parts.append(f"{self.codec} + {self.audio}" if self.audio else self.codec)
        mega = self.bytes >= 1_000_000
        parts.append(f"{self.bytes / 1e6:.1f} MB" if mega else f"{max(1, round(self.bytes / 1e3))} kB")
        if self.credentials:
            parts.append("content credentials")
        return " · ".join(parts)


def probe(path: ClipPath) -> ClipInfo:
    """Read what a clip's file says of itself; its first frame is decoded to see that it can be.

    Raises:
        MissingExtra: PyAV or Pillow is not installed.
        DownloadFailed: the file is no video that can be read.
    """
    seconds = float(length_of(path))
    with opened(path) as (container, track):
        frame = next(container.decode(track), None)
        if frame is None:
            raise DownloadFailed(f"{Path(path).name} has no picture in it.")
        sideways = quarter_turns(frame) % 2 == 1
        sound = container.streams.audio
        return ClipInfo(
            seconds=seconds,
            width=frame.height if sideways else frame.width,
            height=frame.width if sideways else frame.height,
            fps=float(track.average_rate) if track.average_rate else None,
            frames=track.frames or None,
            codec=track.codec_context.codec.canonical_name,
            audio=sound[0].codec_context.codec.canonical_name if sound else None,
            bytes=Path(path).stat().st_size,
            credentials=has_credentials(path),
        )
