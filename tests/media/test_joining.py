"""Several clips as one: copied where they fit together, encoded where not; whole, in order, in step."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from soravid.media import frame_at, frames_of, join_clips, probe
from tests.media.making import (
    BLUE,
    GREEN,
    GREY,
    RED,
    counting,
    heard,
    index_in_front,
    left_over,
    make,
    make_elsewhere,
    near,
    packets,
    pitch,
)


def colours_at(clip: Path, *moments: float) -> list[Any]:
    return [frame_at(clip, moment).getpixel((80, 45)) for moment in moments]


def all_near(seen: list[Any], *wanted: Any) -> bool:
    return all(near(one, two) for one, two in zip(seen, wanted, strict=True))


# --- copied ---


def test_alike_clips_are_copied_packet_for_packet(tmp_path: Path) -> None:
    clips = [make(tmp_path / f"{n}.mp4", colour) for n, colour in enumerate((RED, GREEN, BLUE))]
    joined = join_clips(clips, tmp_path / "joined.mp4")
    assert joined == tmp_path / "joined.mp4"
    assert packets(joined) == list(itertools.chain(*(packets(clip) for clip in clips)))
    assert probe(joined).seconds == 3.0
    assert all_near(colours_at(joined, 0, 0.98, 1.02, 1.98, 2.02, 2.98), RED, RED, GREEN, GREEN, BLUE, BLUE)
    assert index_in_front(joined)
    assert left_over(tmp_path) == []


def test_every_frame_is_there_once_and_in_its_place(tmp_path: Path) -> None:
    clip = counting(tmp_path / "a.mp4", 60, options={"crf": "5"})
    joined = join_clips([clip, clip], tmp_path / "joined.mp4")
    levels = [round(int(frame[45, 80, 1]) / 4) for frame in frames_of(joined)]
    assert levels == [*range(60), *range(60)]
    with av.open(joined) as file:
        times = sorted(packet.pts for packet in file.demux(video=0) if packet.pts is not None)
    assert set(np.diff(times)) == {times[1]}


def test_the_clips_stay_as_they_are(tmp_path: Path) -> None:
    clip = make(tmp_path / "a.mp4", RED, tone=440)
    before = clip.read_bytes()
    join_clips([clip, clip], tmp_path / "joined.mp4")
    assert clip.read_bytes() == before


def test_sound_is_copied_and_stays_in_step(tmp_path: Path) -> None:
    """A second is no whole number of AAC packets: what is left over must not add up."""
    clips = [make(tmp_path / f"{n}.mp4", (n * 20,) * 3, tone=300 + 100 * n) for n in range(12)]
    joined = join_clips(clips, tmp_path / "joined.mp4")
    known = set(itertools.chain(*(packets(clip, "audio") for clip in clips)))
    assert known.issuperset(packets(joined, "audio"))
    assert probe(joined).seconds == 12.0
    for n in range(12):
        assert pitch(joined, n + 0.05, n + 0.95) == pytest.approx(300 + 100 * n, abs=3)
    wave, rate = heard(joined)
    assert len(wave) / rate == pytest.approx(12, abs=0.03)
    with av.open(joined) as file:
        times = [packet.pts for packet in file.demux(audio=0) if packet.pts is not None]
    assert set(np.diff(times)) == {1024}


@pytest.mark.parametrize(
    ("make", "name", "options"),
    [
        (make, "a.mp4", {"codec": "libx265", "options": {"x265-params": "log-level=none"}}),
        (make_elsewhere, "a.mp4", {"codec": "libsvtav1"}),
        (make, "a.webm", {"codec": "libvpx-vp9", "sound": "libopus", "tone": 440}),
    ],
    ids=["hevc", "av1", "vp9"],
)
def test_other_codecs_are_copied_too(
    tmp_path: Path, make: Callable[..., Path], name: str, options: dict[str, Any]
) -> None:
    clip = make(tmp_path / name, RED, **options)
    joined = join_clips([clip, clip], tmp_path / "joined.mp4")
    assert packets(joined) == packets(clip) * 2
    assert probe(joined).seconds == pytest.approx(2, abs=0.01)
    assert probe(joined).audio == probe(clip).audio
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


def test_hevc_keeps_the_tag_that_apple_wants(tmp_path: Path) -> None:
    clip = make(tmp_path / "a.mp4", RED, codec="libx265", options={"x265-params": "log-level=none"})
    tagged = tmp_path / "b.mp4"
    with av.open(clip) as source, av.open(tagged, "w") as file:
        track = file.add_stream_from_template(source.streams.video[0], opaque=True)
        track.codec_context.codec_tag = "hvc1"
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = track
                file.mux(packet)
    with av.open(join_clips([tagged, tagged], tmp_path / "joined.mp4")) as joined:
        assert joined.streams.video[0].codec_tag == "hvc1"


def test_one_clip_alone(tmp_path: Path) -> None:
    clip = make(tmp_path / "a.mp4", RED, tone=440)
    joined = join_clips([str(clip)], str(tmp_path / "new" / "folder" / "joined.mp4"))
    assert packets(joined) == packets(clip)
    assert probe(joined).seconds == 1.0


def test_labels_that_all_clips_have_stay(tmp_path: Path) -> None:
    labels = {"comment": "local preview, not AI", "title": "One"}
    first = make(tmp_path / "a.mp4", RED, labels=labels)
    second = make(tmp_path / "b.mp4", RED, labels=labels | {"title": "Two"})
    with av.open(join_clips([first, second], tmp_path / "joined.mp4")) as joined:
        assert joined.metadata["comment"] == "local preview, not AI"
        assert "title" not in joined.metadata


# --- encoded ---


@pytest.mark.parametrize("size", [(90, 160), (320, 180), (64, 64), (161, 91), (1024, 16)], ids=str)
def test_another_size_is_fitted_into_the_first_ones(tmp_path: Path, size: tuple[int, int]) -> None:
    even = (size[0] // 2 * 2, size[1] // 2 * 2)
    pixel_format = {} if size == even else {"codec": "mpeg4"}
    clips = [make(tmp_path / "a.mp4", RED), make(tmp_path / "b.mp4", GREEN, size=size, **pixel_format)]  # type: ignore[arg-type]
    joined = join_clips(clips, tmp_path / "joined.mp4")
    info = probe(joined)
    assert (info.size, info.codec, info.fps, info.frames, info.seconds) == ("160x90", "h264", 24.0, 48, 2.0)
    assert all_near(colours_at(joined, 0, 0.98, 1.02, 1.98), RED, RED, GREEN, GREEN)
    frame = np.asarray(frame_at(joined, 1.5)).astype(int)
    shape, wanted = size[0] / size[1], 160 / 90
    middle = frame[45, 80]
    if shape < wanted * 0.98:
        assert frame[:, :10].max() < 12
        width = (np.abs(frame[45] - middle).sum(1) < 40).sum()
        assert width == pytest.approx(90 * shape, abs=3)
        assert np.abs(frame[2, 80] - middle).sum() < 40
    elif shape > wanted * 1.02:
        assert frame[:10].max() < 12
    else:
        assert np.abs(frame[3, 3] - middle).sum() < 40
    assert index_in_front(joined)


def test_another_frame_rate_takes_the_first_ones(tmp_path: Path) -> None:
    clips = [
        make(tmp_path / "a.mp4", RED),
        make(tmp_path / "b.mp4", GREEN, fps=Fraction(30000, 1001), each=60),
    ]
    info = probe(join_clips(clips, tmp_path / "joined.mp4"))
    assert (info.fps, info.frames) == (24.0, 72)
    assert info.seconds == 3.0


def test_a_slower_clip_is_shown_at_its_own_pace(tmp_path: Path) -> None:
    slow = counting(tmp_path / "b.mp4", 24, fps=12, options={"crf": "5"})
    joined = join_clips([make(tmp_path / "a.mp4", RED), slow], tmp_path / "joined.mp4")
    levels = [round(int(frame[45, 80, 1]) / 4) for frame in frames_of(joined)][24:]
    assert np.abs(np.array(levels) - np.repeat(np.arange(24), 2)).max() <= 1


def test_another_codec_is_encoded(tmp_path: Path) -> None:
    clips = [
        make(tmp_path / "a.webm", RED, codec="libvpx-vp9", tone=440, sound="libopus"),
        make(tmp_path / "b.mp4", GREEN, tone=880),
    ]
    joined = join_clips(clips, tmp_path / "joined.mp4")
    assert str(probe(joined)).startswith("2 s · 160x90 · 24 fps · h264 + aac")
    assert pitch(joined, 0.1, 0.9) == pytest.approx(440, abs=3)
    assert pitch(joined, 1.1, 1.9) == pytest.approx(880, abs=3)


def test_a_turned_clip_is_turned_upright(tmp_path: Path) -> None:
    clips = [make(tmp_path / "a.mp4", RED, turned=90), make(tmp_path / "b.mp4", GREEN, size=(90, 160))]
    joined = join_clips(clips, tmp_path / "joined.mp4")
    assert probe(joined).size == "90x160"
    picture = frame_at(joined, 0.5)
    assert all(near(picture.getpixel(place), RED) for place in ((2, 2), (87, 157), (45, 80)))


def test_a_silent_clip_gets_silence_and_its_pictures_are_copied(tmp_path: Path) -> None:
    clips = [
        make(tmp_path / "a.mp4", RED),
        make(tmp_path / "b.mp4", GREEN, tone=600),
        make(tmp_path / "c.mp4", BLUE),
    ]
    joined = join_clips(clips, tmp_path / "joined.mp4")
    assert packets(joined) == list(itertools.chain(*(packets(clip) for clip in clips)))
    assert [pitch(joined, n + 0.1, n + 0.9) for n in (0, 1, 2)] == [0, pytest.approx(600, abs=3), 0]
    wave, rate = heard(joined)
    loud = np.flatnonzero(np.abs(wave) > 0.05) / rate
    assert loud[0] == pytest.approx(1, abs=0.01)
    assert loud[-1] == pytest.approx(2, abs=0.01)


def test_sound_of_another_kind_is_encoded(tmp_path: Path) -> None:
    clips = [
        make(tmp_path / "a.mp4", RED, tone=440, rate=44_100, layout="mono"),
        make(tmp_path / "b.mp4", GREEN, tone=880, rate=48_000),
        make(tmp_path / "c.mp4", GREEN, tone=550, sound="libmp3lame"),
    ]
    joined = join_clips(clips, tmp_path / "joined.mp4")
    for n, tone in enumerate((440, 880, 550)):
        assert pitch(joined, n + 0.1, n + 0.9) == pytest.approx(tone, abs=3)
    with av.open(joined) as file:
        sound = file.streams.audio[0]
        assert (sound.rate, sound.layout.name, sound.codec_context.name) == (44_100, "mono", "aac")


@pytest.mark.parametrize("length", [0.4, 1.7])
def test_sound_as_long_as_the_pictures(tmp_path: Path, length: float) -> None:
    odd = make(tmp_path / "a.mp4", RED, tone=440, seconds_of_sound=length)
    joined = join_clips([odd, make(tmp_path / "b.mp4", GREEN, tone=880)], tmp_path / "joined.mp4")
    assert packets(joined) == packets(odd) + packets(tmp_path / "b.mp4")
    assert probe(joined).seconds == 2.0
    assert pitch(joined, 0.05, 0.35) == pytest.approx(440, abs=4)
    assert pitch(joined, 0.6, 0.9) == (0 if length < 1 else pytest.approx(440, abs=4))
    assert pitch(joined, 1.05, 1.95) == pytest.approx(880, abs=3)


def test_full_range_and_untagged_colours_look_the_same(tmp_path: Path) -> None:
    full = tmp_path / "full.mp4"
    with av.open(full, "w") as file:
        stream = file.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        stream.codec_context.color_range = 2
        frame = av.VideoFrame.from_ndarray(np.full((90, 160, 3), GREY, np.uint8))
        for _ in range(24):
            file.mux(stream.encode(frame.reformat(format="yuv420p", dst_color_range="JPEG")))
        file.mux(stream.encode(None))
    joined = join_clips([make(tmp_path / "a.mp4", RED), full], tmp_path / "joined.mp4")
    assert near(colours_at(joined, 0.5)[0], RED, by=6)
    assert near(colours_at(full, 0.5)[0], colours_at(joined, 1.5)[0], by=4)
