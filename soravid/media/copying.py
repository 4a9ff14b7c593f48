"""Tracks of several clips, one after the other, packet for packet as they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from soravid.media.reading import opened
from soravid.media.tracks import Place

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.packet import Packet
    from av.video.stream import VideoStream

HALF = Fraction(1, 2)


def copied_pictures(places: Sequence[Place], out: VideoStream) -> Iterator[Packet[Any]]:
    """Yield the packets of all pictures, each clip's moved to its place."""
    for source, start, _ in places:
        with opened(source.path) as (container, track):
            for packet in container.demux(track):
                if packet.pts is None or packet.dts is None:
                    continue
                move = round((start - source.pictures.begin) / packet.time_base)
                packet.pts, packet.dts = packet.pts + move, packet.dts + move
                packet.stream = out
                yield packet


def copied_sound(places: Sequence[Place], out: AudioStream) -> Iterator[Packet[Any]]:
    """Yield the packets of all sound, each clip's at its place or just beside it.

    A clip rarely lasts for a whole number of packets. They are set end to end, and one that would begin more
    than half a packet late is left out, so that sound and pictures are never further apart than that.
    """
    free: Fraction | None = None  # where the next packet would begin
    for source, start, stop in places:
        with opened(source.path) as (container, _):
            track = container.streams.audio[0]
            for packet in container.demux(track):
                if packet.pts is None or source.sound is None:
                    continue
                step = source.sound.step
                place = start + packet.pts * packet.time_base - source.pictures.begin
                if place >= stop:
                    break
                if free is None:
                    free = place  # may be before 0: what the decoder needs to get going
                elif place < free - step * HALF:
                    continue
                at = max(free, place - step * HALF)
                packet.pts = packet.dts = round(at / packet.time_base)
                packet.stream = out
                free = at + step
                yield packet
