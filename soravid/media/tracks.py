"""What has to be known of a clip before it is joined: its tracks' parameters and where they begin and end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from soravid.errors import DownloadFailed
from soravid.media.reading import opened, quarter_turns

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.packet import Packet
    from av.video.stream import VideoStream

# What players take in an MP4.
_PICTURES = {"h264", "hevc", "av1", "vp9"}
_SOUND = {"aac", "mp3", "opus", "ac3"}
_LABELS = {"title", "artist", "comment", "copyright"}
_MISSING = 0.5
"""Seconds that a file may be shorter than it says."""


@dataclass(slots=True)
class Track:
    """One track. Times are seconds on the file's clock.

    Attributes:
        key: what has to be the same for two tracks to follow each other without encoding.
        whole: whether its packets can be taken as they are: all are shown, and all say when.
        begin: of the first packet.
        end: of the last packet.
        first: decoding time of the first packet.
        last: decoding time of the last packet.
        step: duration of the first packet.
        even: whether every packet but the last lasts as long.
    """

    key: tuple[object, ...]
    whole: bool
    begin: Fraction = Fraction(0)
    end: Fraction = Fraction(0)
    first: Fraction | None = None
    last: Fraction = Fraction(0)
    step: Fraction = Fraction(0)
    even: bool = True
    _before: Fraction = Fraction(0)

    def add(self, packet: Packet[Any], duration: Fraction) -> None:
        """Take a packet into account."""
        if packet.pts is None:
            self.whole = False
            return
        if packet.dts is None:  # Matroska does not say when to decode
            self.whole = False
        shown = packet.pts * packet.time_base
        decoded = shown if packet.dts is None else packet.dts * packet.time_base
        if self.first is None:
            self.first, self.begin, self.step = decoded, shown, duration
        else:
            self.whole = self.whole and decoded > self.last
            self.even = self.even and self._before == self.step
        self.last, self._before = decoded, duration
        self.begin, self.end = min(self.begin, shown), max(self.end, shown + duration)


@dataclass(frozen=True, slots=True)
class Source:
    """A clip that is to be joined."""

    path: Path
    size: tuple[int, int]
    fps: Fraction
    pictures: Track
    sound: Track | None
    rate: int
    channels: int
    labels: dict[str, str]

    @property
    def seconds(self) -> Fraction:
        """How long its pictures last: as long as it gets in the joined clip."""
        return self.pictures.end - self.pictures.begin


class Place(NamedTuple):
    """Where a clip goes in the joined one, in seconds."""

    source: Source
    start: Fraction
    stop: Fraction


def in_a_row(sources: Iterable[Source]) -> list[Place]:
    """Give each clip its place, one after the other."""
    places, start = [], Fraction(0)
    for source in sources:
        places.append(Place(source, start, start + source.seconds))
        start += source.seconds
    return places


def survey(path: Path) -> Source:
    """Read a clip's packets once, without decoding more than a frame.

    Raises:
        DownloadFailed: the file is no video that can be read, or not all of one.
    """
    with opened(path) as (container, track):
        frame = next(container.decode(track), None)
        turns = quarter_turns(frame) if frame else 0
        pixels = track.sample_aspect_ratio or Fraction(1)
        wide = round(track.width * pixels) if pixels > 0 else track.width
        size = (track.height, wide) if turns % 2 else (wide, track.height)
    with opened(path) as (container, track):
        fps = track.average_rate or track.guessed_rate or Fraction(24)
        heard = container.streams.audio[0] if container.streams.audio else None
        pictures = Track(_picture_key(track, fps), whole=turns == 0 and _codec(track) in _PICTURES)
        sound = Track(_sound_key(heard), whole=_codec(heard) in _SOUND) if heard else None
        for packet in container.demux(*((track, heard) if heard else (track,))):
            if packet.dts is None and packet.size == 0:
                continue  # the end
            length = (packet.duration or 0) * packet.time_base
            if packet.stream is heard and sound:
                sound.add(packet, length)
            else:
                if packet.is_discard or (pictures.first is None and not packet.is_keyframe):
                    pictures.whole = False
                pictures.add(packet, length or 1 / fps)
        if sound and sound.first is None:
            sound = None
        stated = (track.duration or 0) * (track.time_base or 1)
        if stated - (pictures.end - pictures.begin) > _MISSING:
            raise DownloadFailed(f"{path.name} is cut off: not all of its {float(stated):.1f} s are there.")
        labels = {name: text for name, text in container.metadata.items() if name in _LABELS}
        rate, channels = (heard.rate, heard.channels) if heard else (0, 0)
        return Source(path, size, fps, pictures, sound, rate, channels, labels)


def pictures_alike(sources: Sequence[Source]) -> bool:
    """Whether the packets of all pictures can follow each other as they are."""
    first = sources[0].pictures
    if any(not each.pictures.whole or each.pictures.key != first.key for each in sources):
        return False
    # With another reordering of frames, a clip would have to be decoded before the one in front of it ends.
    return all(one.pictures.last - one.pictures.end < _lead(two.pictures) for one, two in pairwise(sources))


def sound_alike(sources: Sequence[Source]) -> bool:
    """Whether the packets of all sound can follow each other as they are, and without a hole."""
    first = sources[0].sound
    for each in sources:
        sound = each.sound
        if first is None or sound is None or sound.key != first.key:
            return False
        holes = (sound.begin - each.pictures.begin, each.pictures.end - sound.end)
        if not (sound.whole and sound.even and sound.step) or max(holes) > sound.step:
            return False
    return True


def _lead(track: Track) -> Fraction:
    return (track.first or Fraction(0)) - track.begin


def _codec(track: VideoStream | AudioStream) -> str:
    return track.codec_context.codec.canonical_name


def _picture_key(track: VideoStream, fps: Fraction) -> tuple[object, ...]:
    context = track.codec_context
    return (
        *(_codec(track), context.extradata, track.width, track.height, track.pix_fmt, fps, track.time_base),
        *(track.sample_aspect_ratio, track.color_range, track.color_primaries, track.color_trc),
        *(track.colorspace, track.profile),
    )


def _sound_key(track: AudioStream) -> tuple[object, ...]:
    context = track.codec_context
    return _codec(track), context.extradata, track.rate, track.layout.name, track.time_base, track.profile
