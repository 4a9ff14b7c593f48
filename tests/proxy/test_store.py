"""The media store keeps what it may keep: not what is too old, and not more than there is room for."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from soravid.proxy.media import MediaOptions
from soravid.proxy.store import Store

DAY = 86_400.0


def put(folder: Path, name: str, days: float, size: int = 1000) -> Path:
    path = folder / name[:2].strip(".") / name if not name.startswith(".") else folder / "aa" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    at = time.time() - days * DAY
    os.utime(path, (at, at))
    return path


@pytest.mark.parametrize(
    ("max_age", "max_bytes", "left"),
    [
        (None, None, {"aa1.mp4", "bb2.mp4", "cc3.mp4"}),
        (5 * DAY, None, {"bb2.mp4", "cc3.mp4"}),
        (None, 2500, {"bb2.mp4", "cc3.mp4"}),
        (None, 1000, {"cc3.mp4"}),
        (5 * DAY, 1500, {"cc3.mp4"}),
        (0.5 * DAY, 10, set()),
    ],
)
def test_what_is_old_goes_and_of_what_is_too_much_the_oldest(
    tmp_path: Path, max_age: float | None, max_bytes: int | None, left: set[str]
) -> None:
    store = Store(MediaOptions(path=tmp_path / "clips", max_age=max_age, max_bytes=max_bytes))
    files = [put(store.folder, name, days) for name, days in (("aa1.mp4", 9), ("bb2.mp4", 3), ("cc3.mp4", 1))]
    removed = store.sweep()
    assert {path.name for path in files if path.exists()} == left
    assert removed == 3 - len(left)


def test_what_was_never_finished_goes_after_a_day(tmp_path: Path) -> None:
    store = Store(MediaOptions(path=tmp_path / "clips"))
    old, new = (put(store.folder, f".soravid-{name}.part", days) for name, days in (("a", 2), ("b", 0.1)))
    assert store.sweep() == 1
    assert (old.exists(), new.exists()) == (False, True)


def test_what_is_somebody_else_s_in_the_folder_stays(tmp_path: Path) -> None:
    store = Store(MediaOptions(path=tmp_path / "clips", max_age=1))
    other = store.folder / "README"
    other.write_text("mine")
    os.utime(other, (1, 1))
    assert store.sweep() == 0
    assert other.exists()
