"""Tracks of several clips, one after the other, encoded anew in one size, frame rate and kind of sound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from soravid.media.copying import HALF
from soravid.media.frames import shown
from soravid.media.reading import matrix_of, opened, picture, quarter_turns
from soravid.media.tracks import Place, Source

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_BT709, _LIMITED = 1, 1
_AAC_RATES = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000}
_CHUNK = 1024
"""Samples in a packet of AAC."""


def add_pictures(file: OutputContainer, first: Source) -> VideoStream:
    """Add a track of H.264 in the first clip's size and frame rate, BT.709."""
    out = file.add_stream("libx264", rate=first.fps, options={"preset": "fast", "crf": "18"})
    out.width, out.height = (max(2, side // 2 * 2) for side in first.size)
    out.pix_fmt = "yuv420p"
    context = out.codec_context
    context.time_base = 1 / first.fps
    context.gop_size = max(1, round(2 * first.fps))
    context.color_primaries = context.color_trc = context.colorspace = _BT709
    context.color_range = _LIMITED
    return out


def encoded_pictures(places: Sequence[Place], out: VideoStream) -> Iterator[Packet[Any]]:
    """Yield the packets of all pictures, each clip's frames at the moments of the new frame rate."""
    from av.video.frame import PictureType

    fps = places[0].source.fps
    number = 0
    for source, start, stop in places:
        until = round(stop * fps)
        moments = (float((tick + HALF) / fps - start) for tick in range(number, until))
        for frame in shown(source.path, moments):
            fitted = _fitted(frame, source, out)
            fitted.pts, fitted.time_base = number, 1 / fps
            fitted.pict_type = PictureType.NONE  # or x264 would repeat the source's kinds of frames
            number += 1
            yield from out.encode(fitted)
    yield from out.encode(None)


def add_sound(file: OutputContainer, sources: Sequence[Source]) -> AudioStream:
    """Add a track of AAC with the rate of the first clip that has sound, mono or stereo."""
    first = next(each for each in sources if each.sound)
    rate = first.rate if first.rate in _AAC_RATES else 48_000
    layout = "mono" if first.channels == 1 else "stereo"
    return file.add_stream("aac", rate=rate, layout=layout, bit_rate=96_000 * (1 + (layout == "stereo")))


def encoded_sound(places: Sequence[Place], out: AudioStream) -> Iterator[Packet[Any]]:
    """Yield the packets of all sound, each clip's as long as its pictures, with silence where it has none."""
    import av

    whole, number = av.AudioFifo(), 0
    for source, start, stop in places:
        for samples in _samples(source, round(stop * out.rate) - round(start * out.rate), out):
            whole.write(samples)
            for chunk in whole.read_many(_CHUNK):
                chunk.pts, chunk.time_base = number, Fraction(1, out.rate)
                number += chunk.samples
                yield from out.encode(chunk)
    if rest := whole.read():
        rest.pts, rest.time_base = number, Fraction(1, out.rate)
        yield from out.encode(rest)
    yield from out.encode(None)


def _samples(source: Source, count: int, out: AudioStream) -> Iterator[AudioFrame]:
    """Yield ``count`` samples of a clip's sound, cut off or filled up with silence."""
    import av

    ready = av.AudioFifo()
    frames = _heard(source, out) if source.sound else iter(())
    while count > 0:
        chunk = ready.read(min(count, _CHUNK))
        if chunk is None:
            frame = next(frames, None)
            if frame is not None:
                ready.write(frame)
                continue
            chunk = ready.read(min(count, _CHUNK), partial=True) or _silence(min(count, _CHUNK), out)
        count -= chunk.samples
        yield _undated(chunk)


def _heard(source: Source, out: AudioStream) -> Iterator[AudioFrame]:
    """Yield a clip's sound as ``out`` wants it, from the moment on at which its pictures begin."""
    import av

    same = av.AudioResampler("fltp", out.layout, out.rate)
    with opened(source.path) as (container, _):
        late: int | None = None
        for frame in container.decode(container.streams.audio[0]):
            if late is None:
                late = round((Fraction(frame.time or 0) - source.pictures.begin) * out.rate)
                for start in range(0, late, _CHUNK):
                    yield _silence(min(_CHUNK, late - start), out)
            for each in same.resample(frame):
                if late + each.samples <= 0:  # heard before the first picture
                    late += each.samples
                    continue
                yield _undated(each)
        for each in same.resample(None):
            yield _undated(each)


def _undated(frame: AudioFrame) -> AudioFrame:
    """Without a time of its own: a queue takes no frames whose clocks differ."""
    frame.pts, frame.time_base = None, Fraction(1, frame.sample_rate)
    return frame


def _silence(samples: int, out: AudioStream) -> AudioFrame:
    import av

    frame = av.AudioFrame("fltp", out.layout, samples)
    frame.sample_rate = out.rate
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    return frame


def _fitted(frame: VideoFrame, source: Source, out: VideoStream) -> VideoFrame:
    """Scale a frame into the middle of the track's size, whole and in its shape; the rest is black."""
    import av

    if quarter_turns(frame):
        frame = av.VideoFrame.from_image(picture(frame))  # type: ignore[no-untyped-call]
    elif matrix_of(frame) is None:
        # Older FFmpegs do not change the matrix unless it goes through RGB.
        frame = frame.reformat(format="rgb24")
    scale = min(out.width / source.size[0], out.height / source.size[1])
    width, height = (max(2, round(side * scale / 2) * 2) for side in source.size)
    small = frame.reformat(
        min(width, out.width),
        min(height, out.height),
        "yuv420p",
        src_colorspace=matrix_of(frame),
        dst_colorspace="ITU709",
        dst_color_range="MPEG",
        interpolation="BICUBIC",
    )
    if (small.width, small.height) == (out.width, out.height):
        return small
    whole = av.VideoFrame(out.width, out.height, "yuv420p")
    left, top = (out.width - small.width) // 4 * 2, (out.height - small.height) // 4 * 2
    for number, (plane, part) in enumerate(zip(whole.planes, small.planes, strict=True)):
        half = 2 if number else 1
        lines = bytearray(bytes([128 if number else 16]) * plane.buffer_size)
        given = memoryview(part)
        for row in range(part.height):
            at = (row + top // half) * plane.line_size + left // half
            lines[at : at + part.width] = given[row * part.line_size :][: part.width]
        plane.update(bytes(lines))
    whole.colorspace, whole.color_range = _BT709, _LIMITED
    return whole
