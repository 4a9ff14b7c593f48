"""What cannot be joined leaves nothing behind, and no file is ever replaced."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from soravid.errors import DownloadFailed, InvalidRequest
from soravid.media import join_clips, probe
from soravid.media.joining import _give_name
from tests.media.making import GREEN, RED, left_over, make


def test_nothing_to_join(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="no clips"):
        join_clips([], tmp_path / "joined.mp4")


@pytest.mark.parametrize("dangling", [False, True])
def test_no_file_is_replaced(tmp_path: Path, dangling: bool) -> None:
    clip, target = make(tmp_path / "a.mp4", RED), tmp_path / "joined.mp4"
    if dangling:
        target.symlink_to(tmp_path / "nowhere")
    else:
        target.write_bytes(b"mine")
    with pytest.raises(InvalidRequest, match="exists already"):
        join_clips([clip], target)
    with pytest.raises(InvalidRequest, match="exists already"):
        join_clips([clip, clip], clip)
    assert target.is_symlink() if dangling else target.read_bytes() == b"mine"


def test_not_even_one_that_came_meanwhile(tmp_path: Path) -> None:
    part, target = tmp_path / ".soravid-1.part", tmp_path / "joined.mp4"
    part.write_bytes(b"new")
    target.write_bytes(b"mine")
    with pytest.raises(InvalidRequest):
        _give_name(part, target)
    assert target.read_bytes() == b"mine"


def test_of_two_at_once_one_gets_the_name(tmp_path: Path) -> None:
    clip, ends = make(tmp_path / "a.mp4", RED), []

    def join() -> None:
        try:
            ends.append(str(join_clips([clip] * 3, tmp_path / "joined.mp4")))
        except InvalidRequest:
            ends.append("exists")

    threads = [threading.Thread(target=join) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == [str(tmp_path / "joined.mp4"), "exists", "exists"]
    assert probe(tmp_path / "joined.mp4").seconds == 3.0
    assert left_over(tmp_path) == []


def test_a_bad_clip_leaves_nothing(tmp_path: Path) -> None:
    good, bad = make(tmp_path / "a.mp4", RED, GREEN), tmp_path / "bad.mp4"
    bad.write_bytes(b"nothing" * 100)
    with pytest.raises(DownloadFailed, match=r"bad\.mp4"):
        join_clips([good, bad], tmp_path / "joined.mp4")
    whole = make(tmp_path / "b.mp4", *(RED, GREEN) * 5, container={"movflags": "+faststart"}).read_bytes()
    bad.write_bytes(whole[: (whole.index(b"mdat") + len(whole)) // 2])
    with pytest.raises(DownloadFailed, match=r"bad\.mp4 is cut off"):
        join_clips([good, bad], tmp_path / "joined.mp4")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "b.mp4", "bad.mp4"]


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    clip, file = make(tmp_path / "a.mp4", RED), tmp_path / "file"
    file.write_bytes(b"")
    with pytest.raises(DownloadFailed, match="cannot be written"):
        join_clips([clip], file / "joined.mp4")
