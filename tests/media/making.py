"""Makes small real clips, and looks at what is in others."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.core.helpers import python

Colour = tuple[int, int, int]
RED, GREEN, BLUE, GREY = (220, 30, 30), (30, 200, 60), (30, 60, 220), (128, 128, 128)
FPS = 24


def make(
    path: Path,
    *shots: Colour,
    each: int = FPS,
    size: tuple[int, int] = (160, 90),
    fps: Fraction | int = FPS,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    turned: int = 0,
    tone: float | None = None,
    rate: int = 48_000,
    layout: str = "stereo",
    sound: str = "aac",
    seconds_of_sound: float | None = None,
    labels: dict[str, str] | None = None,
    container: dict[str, str] | None = None,
) -> Path:
    """Encode a clip of one-coloured shots of ``each`` frames, with a tone of so many hertz."""
    with av.open(path, "w", options=container or {}) as file:
        file.metadata.update(labels or {})
        stream = file.add_stream(codec, rate=fps, options=options or {})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        if turned:
            turn(stream, turned)
        heard = file.add_stream(sound, rate=rate, layout=layout) if tone else None
        for colour in shots:
            image = Image.new("RGB", size, colour)
            for _ in range(each):
                frame = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
                file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
        if tone and isinstance(heard, av.AudioStream):
            length = seconds_of_sound or float(len(shots) * each / fps)
            wave = 0.3 * np.sin(2 * np.pi * tone * np.arange(round(length * rate)) / rate)
            channels = np.stack([wave.astype(np.float32)] * heard.codec_context.channels)
            samples = av.AudioFrame.from_ndarray(channels, "fltp", layout)
            samples.sample_rate, samples.pts = rate, 0
            file.mux(heard.encode(samples))
            file.mux(heard.encode(None))
    return path


def make_elsewhere(path: Path, *shots: Colour, **options: Any) -> Path:
    """``make`` in a process of its own, for AV1.

    SVT-AV1, run by root, gives the process that encodes real-time priority, and every process that this one
    starts later has it, too: two browsers then leave no other process a moment.
    """
    imports = "from pathlib import Path; from tests.media.making import make"
    python(f"{imports}; make(Path({str(path)!r}), *{shots!r}, **{options!r})")
    return path


def turn(stream: av.VideoStream, degrees: int) -> None:
    """Have a track shown turned, counter-clockwise."""
    stream.set_display_rotation(degrees)


def counting(path: Path, frames: int, **options: Any) -> Path:
    """Encode a clip whose frame number n has the grey 4 n: every frame can be told from the others."""
    return make(path, *((4 * number,) * 3 for number in range(frames)), each=1, **options)


def packets(path: Path, kind: str = "video") -> list[bytes]:
    """The packets of a track, in the order of the file."""
    with av.open(path) as file:
        return [bytes(packet) for packet in file.demux(**{kind: 0}) if packet.dts is not None]


def near(seen: Any, wanted: Colour, by: int = 14) -> bool:
    """Whether a pixel has a colour, give or take what encoding does to it."""
    return all(abs(int(one) - two) <= by for one, two in zip(seen, wanted, strict=True))


def heard(path: Path) -> tuple[NDArray[np.float32], int]:
    """The first channel of a clip's sound as a player would give it, and its samples a second."""
    with av.open(path) as file:
        rate = file.streams.audio[0].rate
        same = av.AudioResampler("fltp", "mono", rate)
        parts: list[NDArray[np.float32]] = []
        for frame in file.decode(audio=0):
            start = round(frame.time * rate) if frame.time is not None else 0
            missing = start - sum(len(part) for part in parts)
            if missing > 0:
                parts.append(np.zeros(missing, np.float32))
            parts += [np.asarray(each.to_ndarray()[0], np.float32) for each in same.resample(frame)]
        return np.concatenate(parts), rate


def pitch(path: Path, start: float, stop: float) -> float:
    """The loudest frequency between two moments in hertz, or 0 for silence."""
    wave, rate = heard(path)
    part = wave[round(start * rate) : round(stop * rate)]
    if np.abs(part).max() < 0.01:
        return 0.0
    strength = np.abs(np.fft.rfft(part * np.hanning(len(part))))
    return float(strength.argmax() * rate / len(part))


def index_in_front(path: Path) -> bool:
    data = path.read_bytes()
    return 0 < data.index(b"moov") < data.index(b"mdat")


def left_over(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".soravid-")]
