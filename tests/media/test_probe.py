"""What a file says of itself, and what is no clip."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from soravid.errors import DownloadFailed
from soravid.media import ClipInfo, probe
from tests.media.making import BLUE, RED, make


def test_a_clip_with_sound(tmp_path: Path) -> None:
    path = make(tmp_path / "a.mp4", RED, BLUE, tone=440)
    info = probe(path)
    size = path.stat().st_size
    assert info == ClipInfo(2.0, 160, 90, 24.0, 48, "h264", "aac", size)
    assert info.size == "160x90"
    assert str(info) == f"2 s · 160x90 · 24 fps · h264 + aac · {round(size / 1000)} kB"


def test_a_silent_clip(tmp_path: Path) -> None:
    info = probe(str(make(tmp_path / "a.mp4", RED, each=30, fps=Fraction(30000, 1001))))
    assert info.audio is None
    assert info.fps == pytest.approx(29.97, abs=0.001)
    assert str(info).startswith("1 s · 160x90 · 29.97 fps · h264 · ")


@pytest.mark.parametrize(
    ("info", "line"),
    [
        (
            ClipInfo(8.0, 1280, 720, 24.0, 192, "h264", "aac", 1_230_000),
            "8 s · 1280x720 · 24 fps · h264 + aac · 1.2 MB",
        ),
        (ClipInfo(7.96, 720, 1280, None, None, "vp9", None, 12_000_000), "7.96 s · 720x1280 · vp9 · 12.0 MB"),
        (ClipInfo(0.5, 16, 16, 24.0, 12, "h264", None, 120), "0.5 s · 16x16 · 24 fps · h264 · 1 kB"),
    ],
)
def test_the_line(info: ClipInfo, line: str) -> None:
    assert str(info) == line


@pytest.mark.parametrize(
    ("name", "options", "codec", "audio"),
    [
        ("a.webm", {"codec": "libvpx-vp9", "sound": "libopus"}, "vp9", "opus"),
        ("a.mkv", {}, "h264", "aac"),
        ("a.mp4", {"container": {"movflags": "frag_keyframe+empty_moov"}}, "h264", "aac"),
    ],
)
def test_a_file_that_does_not_say_how_long_it_is(
    tmp_path: Path, name: str, options: dict[str, Any], codec: str, audio: str
) -> None:
    info = probe(make(tmp_path / name, RED, BLUE, tone=440, **options))
    assert info.seconds == pytest.approx(2, abs=0.003)
    assert (info.codec, info.audio) == (codec, audio)


def test_sound_that_is_longer_does_not_count(tmp_path: Path) -> None:
    assert probe(make(tmp_path / "a.mp4", RED, tone=440, seconds_of_sound=1.5)).seconds == 1.0


@pytest.mark.parametrize("turned", [90, -90])
def test_a_turned_clip_has_the_size_that_is_seen(tmp_path: Path, turned: int) -> None:
    assert probe(make(tmp_path / "a.mp4", RED, turned=turned)).size == "90x160"
    assert probe(make(tmp_path / "b.mp4", RED, turned=180)).size == "160x90"


def test_what_is_no_video(tmp_path: Path) -> None:
    good = make(tmp_path / "good.mp4", RED, tone=440)
    for name, data in {
        "empty.mp4": b"",
        "text.mp4": b"not a video " * 100,
        "zeros.mp4": bytes(5000),
        "head.mp4": good.read_bytes()[:40],
        "no-index.mp4": good.read_bytes().split(b"moov")[0],
    }.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(DownloadFailed, match=name):
            probe(tmp_path / name)


def test_a_picture_and_a_sound_are_no_clips(tmp_path: Path) -> None:
    Image.new("RGB", (64, 64), RED).save(tmp_path / "picture.mp4", "PNG")
    with pytest.raises(DownloadFailed, match=r"picture\.mp4"):
        probe(tmp_path / "picture.mp4")
    with av.open(make(tmp_path / "a.mp4", RED, tone=440)) as file, av.open(tmp_path / "b.mp4", "w") as sound:
        track = sound.add_stream_from_template(file.streams.audio[0])
        for packet in file.demux(audio=0):
            if packet.dts is not None:
                packet.stream = track
                sound.mux(packet)
    with pytest.raises(DownloadFailed, match="no picture"):
        probe(tmp_path / "b.mp4")


def test_a_playlist_does_not_lead_to_other_files(tmp_path: Path) -> None:
    make(tmp_path / "a.ts", RED)
    for name in ("list.m3u8", "list.mp4"):
        (tmp_path / name).write_text("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\na.ts\n#EXT-X-ENDLIST\n")
        with pytest.raises(DownloadFailed, match="list"):
            probe(tmp_path / name)


@pytest.mark.parametrize("name", ["nothing.mp4", "tcp:x", "http:127.0.0.1/a.mp4", "."])
def test_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DownloadFailed):
        probe(name)
