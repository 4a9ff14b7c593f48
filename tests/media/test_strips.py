"""Filmstrip and spritesheet: the right frames at the right places."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from soravid.errors import InvalidRequest
from soravid.media import filmstrip_of, spritesheet_of
from tests.media.making import BLUE, GREEN, GREY, RED, make, near


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("strip") / "a.mp4", RED, GREEN, BLUE, GREY, size=(320, 180))


def test_a_spritesheet_is_read_row_by_row(clip: Path) -> None:
    with Image.open(io.BytesIO(spritesheet_of(clip, columns=2, rows=2))) as sheet:
        assert (sheet.format, sheet.size) == ("JPEG", (480, 270))
        seen = [sheet.getpixel((x, y)) for y in (67, 202) for x in (120, 360)]
    assert all(near(one, two) for one, two in zip(seen, (RED, GREEN, BLUE, GREY), strict=True))


def test_a_spritesheet_as_it_comes(clip: Path) -> None:
    with Image.open(io.BytesIO(spritesheet_of(clip))) as sheet:
        assert sheet.size == (4 * 240, 3 * 135)
        assert near(sheet.getpixel((120, 60)), RED)
        assert near(sheet.getpixel((840, 337)), GREY)


def test_a_filmstrip_has_times_in_its_corners(clip: Path) -> None:
    strip = filmstrip_of(clip, count=4)
    assert strip.size == (4 * 160 + 3 * 2, 90)
    for number, colour in enumerate((RED, GREEN, BLUE, GREY)):
        left = number * 162
        assert near(strip.getpixel((left + 80, 30)), colour)
        corner = strip.crop((left, 76, left + 40, 90)).convert("L").getextrema()
        assert corner[0] < 20  # type: ignore[operator]
        assert corner[1] > 220  # type: ignore[operator]


def test_a_strip_too_low_for_times_has_none(clip: Path) -> None:
    strip = filmstrip_of(clip, count=4, height=9)
    assert strip.size == (4 * 16 + 3 * 2, 9)
    assert near(strip.getpixel((1, 8)), RED)


def test_more_cells_than_frames(tmp_path: Path) -> None:
    clip = make(tmp_path / "short.mp4", RED, each=2)
    with Image.open(io.BytesIO(spritesheet_of(clip))) as sheet:
        assert near(sheet.getpixel((sheet.width - 5, sheet.height - 5)), RED)


def test_what_cannot_be_drawn(clip: Path) -> None:
    for columns, rows in ((0, 1), (1, 0), (300, 1), (1, 300)):
        with pytest.raises(InvalidRequest, match="must be from 1"):
            spritesheet_of(clip, columns, rows)
    for count, height in ((0, 90), (8, 0), (501, 90)):
        with pytest.raises(InvalidRequest, match="must be from 1"):
            filmstrip_of(clip, count, height)
