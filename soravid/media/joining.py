"""Several clips as one file: copied as they are where they fit together, else encoded anew."""

from __future__ import annotations

import heapq
import os
import uuid
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soravid.errors import DownloadFailed, InvalidRequest, SoravidError
from soravid.media.copying import copied_pictures, copied_sound
from soravid.media.encoding import add_pictures, add_sound, encoded_pictures, encoded_sound
from soravid.media.probe import probe
from soravid.media.provenance import CredentialsLost, has_credentials
from soravid.media.reading import ClipPath, need_av, opened
from soravid.media.tracks import Place, in_a_row, pictures_alike, sound_alike, survey

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet


def join_clips(paths: Iterable[ClipPath], target: ClipPath) -> Path:
    """Join clips, one after the other, into a new MP4 whose index stands in front.

    Clips of the same kind are copied packet for packet. Otherwise the pictures become H.264 in the first
    clip's size (whole, on black) and frame rate, or the sound becomes AAC with silence under silent clips, or
    both. Each clip lasts as long as its pictures. Title, artist, comment and copyright stay where all clips
    have the same.

    Args:
        paths: the clips; one may be there more than once.
        target: the new file; folders on the way are made.

    Returns:
        The new file's path.

    Raises:
        InvalidRequest: there are no clips, or ``target`` exists: no file is ever replaced.
        MissingExtra: PyAV or Pillow is not installed.
        DownloadFailed: a clip cannot be read, or the new file cannot be written.

    Warns:
        CredentialsLost: clips have content credentials; what is made of them has none.
    """
    clips, target = [Path(path) for path in paths], Path(target)
    if not clips:
        raise InvalidRequest("There are no clips to join.", param="clips")
    _refuse(target)
    need_av()
    import av

    sources = [survey(clip) for clip in clips]
    _warn_of_credentials(clips)
    part = target.with_name(f".soravid-{uuid.uuid4().hex[:12]}.part")
    places = in_a_row(sources)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(part, places)
        _check(part, places[-1].stop, sources[0].fps)
        _give_name(part, target)
    except (OSError, av.error.FFmpegError) as wrong:
        raise DownloadFailed(f"{target} cannot be written: {wrong.strerror or wrong}.") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return target


def _write(part: Path, places: Sequence[Place]) -> None:
    import av

    sources = [each.source for each in places]
    with ExitStack() as stack:
        options = {"movflags": "+faststart"}
        file = stack.enter_context(av.open(str(part.absolute()), "w", format="mp4", options=options))
        labels = [each.labels.items() for each in sources]
        file.metadata.update(item for item in labels[0] if all(item in each for each in labels))
        tracks = [_pictures(file, places, stack)]
        if any(each.sound for each in sources):
            tracks.append(_sound(file, places, stack))
        # In the order of time, so that the muxer need not keep more than a few packets.
        for packet in heapq.merge(*tracks, key=lambda packet: (packet.dts or 0) * packet.time_base):
            file.mux(packet)


def _pictures(file: OutputContainer, places: Sequence[Place], stack: ExitStack) -> Iterator[Packet[Any]]:
    sources = [each.source for each in places]
    if not pictures_alike(sources):
        return encoded_pictures(places, add_pictures(file, sources[0]))
    _, track = stack.enter_context(opened(sources[0].path))
    out = file.add_stream_from_template(track, opaque=True)
    if track.codec_tag == "hvc1":  # FFmpeg would write hev1, which Apple's players do not take
        out.codec_context.codec_tag = "hvc1"
    return copied_pictures(places, out)


def _sound(file: OutputContainer, places: Sequence[Place], stack: ExitStack) -> Iterator[Packet[Any]]:
    sources = [each.source for each in places]
    if not sound_alike(sources):
        return encoded_sound(places, add_sound(file, sources))
    container, _ = stack.enter_context(opened(sources[0].path))
    out = file.add_stream_from_template(container.streams.audio[0], opaque=True)
    return copied_sound(places, out)


def _check(part: Path, wanted: Fraction, fps: Fraction) -> None:
    """See that what was written plays for as long as the clips do."""
    seconds = probe(part).seconds
    if abs(seconds - float(wanted)) > max(0.1, float(2 / fps)):
        raise SoravidError(
            f"The joined clip lasts {seconds:.2f} s instead of {float(wanted):.2f} s and was not kept.",
            hint="This is a fault of soravid; please report which clips they were.",
        )


def _refuse(target: Path) -> None:
    if os.path.lexists(target):
        raise InvalidRequest(f"{target} exists already: no file is replaced.", param="path")


def _give_name(part: Path, target: Path) -> None:
    """Rename a whole file, but never onto another: not onto one that came while it was written either."""
    try:
        os.link(part, target)
    except FileExistsError:
        _refuse(target)
    except OSError:  # a file system without links
        _refuse(target)
        part.rename(target)


def _warn_of_credentials(clips: Sequence[Path]) -> None:
    names = list(dict.fromkeys(clip.name for clip in clips if has_credentials(clip)))
    if names:
        have = "have" if len(names) > 1 else "has"
        text = f"{', '.join(names)} {have} content credentials; the joined clip has none."
        warnings.warn(text, CredentialsLost, stacklevel=3)
