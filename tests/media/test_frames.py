"""Frames out of a clip: the right one at a moment, all in order, in constant memory."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from soravid.errors import DownloadFailed, InvalidRequest, MissingExtra
from soravid.media import frame_at, frames_of, last_frame, poster_of, thumbnail_of
from tests.media.making import BLUE, GREEN, GREY, RED, counting, make, near, turn

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def rgb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second each of red, green and blue, with a single key frame."""
    return make(tmp_path_factory.mktemp("rgb") / "rgb.mp4", RED, GREEN, BLUE, options={"g": "250"})


@pytest.mark.parametrize(
    ("t", "colour"),
    [
        *((0, RED), (0.5, RED), (0.99, RED), (1, GREEN), (1.98, GREEN), (2, BLUE), (2.97, BLUE), (3, BLUE)),
        *((-0.01, BLUE), (-1.5, GREEN), (-2.9, RED), (-3, RED)),
    ],
)
def test_a_moment_has_its_picture(rgb: Path, t: float, colour: Any) -> None:
    picture = frame_at(rgb, t)
    assert picture.size == (160, 90)
    assert picture.mode == "RGB"
    assert near(picture.getpixel((80, 45)), colour)


@pytest.mark.parametrize("t", [3.1, 100, -3.1, math.inf, -math.inf, math.nan])
def test_outside_the_clip_is_told_with_its_duration(rgb: Path, t: float) -> None:
    with pytest.raises(InvalidRequest, match="3 s") as told:
        frame_at(rgb, t)
    assert told.value.param == "t"


@pytest.mark.parametrize("options", [{}, {"g": "5"}, {"bf": "0"}, {"g": "12", "bf": "3"}], ids=str)
def test_it_is_the_very_frame(tmp_path: Path, options: dict[str, str]) -> None:
    clip = counting(tmp_path / "counting.mp4", 60, options=options | {"crf": "5"})
    for number in (0, 1, 11, 12, 13, 36, 58, 59):
        for t in (number / 24, (number + 0.9) / 24):
            level = frame_at(clip, t).getpixel((80, 45))
            assert near(level, (4 * number,) * 3, by=2), number


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.webm", "libvpx-vp9"), ("a.mkv", "libx264"), ("a.avi", "mpeg4"), ("a.ts", "libx264")],
)
def test_other_containers_are_read_too(tmp_path: Path, name: str, codec: str) -> None:
    clip = make(tmp_path / name, RED, GREEN, codec=codec)
    assert near(frame_at(clip, 0.5).getpixel((80, 45)), RED, by=30)
    assert near(frame_at(clip, -0.5).getpixel((80, 45)), GREEN, by=30)
    assert len(list(frames_of(clip, every=0.5))) in {4, 5}  # AVI says a frame more


def test_a_long_clip_is_sought_in(tmp_path: Path) -> None:
    shots = [(number * 2,) * 3 for number in range(120)]
    clip = make(tmp_path / "long.mp4", *shots, options={"preset": "ultrafast"})
    assert near(frame_at(clip, 100.5).getpixel((0, 0)), (200,) * 3, by=3)
    levels = [int(frame[45, 80, 0]) for frame in frames_of(clip, every=15)]
    assert np.abs(np.array(levels) - np.arange(0, 240, 30)).max() <= 3


def test_all_frames_come_in_order(tmp_path: Path) -> None:
    clip = counting(tmp_path / "counting.mp4", 30, options={"crf": "5"})
    frames = list(frames_of(clip))
    assert [frame.shape for frame in frames] == [(90, 160, 3)] * 30
    assert all(frame.dtype == np.uint8 for frame in frames)
    assert np.abs([frame[45, 80, 1] - 4.0 * number for number, frame in enumerate(frames)]).max() <= 2


@pytest.mark.parametrize(("every", "numbers"), [(0.25, [0, 6, 12, 18, 24]), (1 / 24, range(30)), (9, [0])])
def test_every_so_many_seconds(tmp_path: Path, every: float, numbers: Any) -> None:
    clip = counting(tmp_path / "counting.mp4", 30, options={"crf": "5"})
    levels = [round(int(frame[45, 80, 1]) / 4) for frame in frames_of(clip, every)]
    assert levels == list(numbers)


def test_frames_are_scaled_as_asked(rgb: Path) -> None:
    small = next(frames_of(rgb, size=(32, 20)))
    assert small.shape == (20, 32, 3)
    assert near(small[10, 16], RED)


@pytest.mark.parametrize("wrong", [{"every": 0}, {"every": -1}, {"every": math.nan}, {"size": (0, 9)}])
def test_what_cannot_work_is_told_at_once(rgb: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as told:
        frames_of(rgb, **wrong)
    assert told.value.param in wrong


def test_a_turned_clip_stands_upright(tmp_path: Path) -> None:
    clip = make(tmp_path / "turned.mp4", GREY, turned=90)
    assert frame_at(clip, 0).size == (90, 160)
    assert next(frames_of(clip)).shape == (160, 90, 3)
    assert next(frames_of(clip, size=(9, 16))).shape == (16, 9, 3)


def test_the_way_it_is_turned(tmp_path: Path) -> None:
    """The top row of the stored picture is the left column of one that is turned counter-clockwise."""
    import av
    from PIL import Image

    stored = Image.new("RGB", (160, 90), GREY)
    stored.paste(RED, (0, 0, 160, 20))
    clip = tmp_path / "turned.mp4"
    with av.open(clip, "w") as file:
        stream = file.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        turn(stream, 90)
        file.mux(stream.encode(av.VideoFrame.from_image(stored)))  # type: ignore[no-untyped-call]
        file.mux(stream.encode(None))
    assert near(frame_at(clip, 0).getpixel((5, 80)), RED)
    assert near(next(frames_of(clip))[80, 5], RED)


def test_colours_that_are_not_named_are_read_as_a_browser_does(tmp_path: Path) -> None:
    """Where the file does not say, 720 lines and more are BT.709: pure red in BT.601 then is another red."""
    small = frame_at(make(tmp_path / "small.mp4", (200, 0, 0), each=2), 0).getpixel((50, 50))
    large = frame_at(make(tmp_path / "large.mp4", (200, 0, 0), each=2, size=(1280, 720)), 0)
    assert near(small, (200, 0, 0), by=4)
    assert large.getpixel((50, 50))[1] > 8  # type: ignore[index]


def test_the_stills(rgb: Path) -> None:
    import base64
    import io

    from PIL import Image

    with Image.open(io.BytesIO(last_frame(rgb))) as last, Image.open(io.BytesIO(thumbnail_of(rgb))) as thumb:
        assert (last.format, last.size) == ("PNG", (160, 90))
        assert near(last.getpixel((80, 45)), BLUE)
        assert (thumb.format, thumb.size) == ("WEBP", (160, 90))
        assert near(thumb.convert("RGB").getpixel((80, 45)), GREEN)
    poster = poster_of(rgb)
    assert poster
    with Image.open(io.BytesIO(base64.b64decode(poster.partition(",")[2]))) as picture:
        assert near(picture.convert("RGB").getpixel((80, 45)), GREEN, by=20)


def test_a_thumbnail_is_no_larger_than_640(tmp_path: Path) -> None:
    import io

    from PIL import Image

    clip = make(tmp_path / "tall.mp4", RED, each=3, size=(720, 1280))
    with Image.open(io.BytesIO(thumbnail_of(clip))) as thumb:
        assert thumb.size == (360, 640)


@pytest.mark.parametrize("name", ["av", "PIL"])
def test_without_the_optional_part(rgb: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    for ask in (lambda: frame_at(rgb, 0), lambda: frames_of(rgb), lambda: thumbnail_of(rgb)):
        with pytest.raises(MissingExtra, match=r"soravid\[notebook\]"):
            ask()
    assert poster_of(rgb) is None


def test_without_numpy(rgb: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(MissingExtra, match=r"soravid\[local\]"):
        frames_of(rgb)
    assert frame_at(rgb, 0).size == (160, 90)


def test_opening_the_room_imports_no_optional_part() -> None:
    code = "import sys, soravid.media; print({'av', 'numpy', 'PIL', 'c2pa'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# The peak of this process alone: `ru_maxrss` begins with that of the process that started it.
PEAK = r"""
import re, sys
from pathlib import Path
from soravid.media import frames_of, spritesheet_of, join_clips
clip = sys.argv[2]
match sys.argv[1]:
    case "frames": print(sum(1 for _ in frames_of(clip)), end=" ")
    case "every": print(sum(1 for _ in frames_of(clip, every=0.5)), end=" ")
    case "sheet": print(len(spritesheet_of(clip)), end=" ")
    case "copy": print(join_clips([clip, clip], clip + ".copy.mp4").stat().st_size, end=" ")
    case "encode": print(join_clips([sys.argv[3], clip], clip + ".encoded.mp4").stat().st_size, end=" ")
print(re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())[1])
"""


@pytest.fixture(scope="module")
def lengths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A clip of 4 s and one of 60 s, both with sound, and a short one in another size."""
    folder, fast = tmp_path_factory.mktemp("lengths"), {"preset": "ultrafast"}
    return [
        make(folder / f"{seconds}.mp4", *(RED, BLUE) * (seconds // 2), size=size, options=fast, tone=440)
        for seconds, size in ((4, (320, 180)), (60, (320, 180)), (2, (320, 240)))
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("what", ["frames", "every", "sheet", "copy", "encode"])
def test_a_long_clip_costs_no_more_memory(lengths: list[Path], what: str) -> None:
    def peak(clip: Path) -> float:
        command = [sys.executable, "-c", PEAK, what, str(clip), str(lengths[2])]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        return float(done.stdout.split()[1]) / 1e3

    # All frames of the long clip are 249 MB as arrays, 124 MB as the decoder has them.
    assert peak(lengths[1]) - peak(lengths[0]) < 25


@pytest.mark.parametrize(
    "ask", [lambda p: frame_at(p, 0), last_frame, thumbnail_of, lambda p: next(frames_of(p))]
)
def test_what_is_no_video(tmp_path: Path, ask: Any) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"<html>" * 50)
    with pytest.raises(DownloadFailed, match=r"bad\.mp4"):
        ask(bad)
