"""Frames of a clip for what can look at pictures only."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from soravid.errors import DownloadFailed, InvalidRequest
from soravid.guardrails import sampled_frames
from tests.media.making import BLUE, GREEN, RED, make, near


def test_frames_from_the_first_to_the_last(clip: Path) -> None:
    frames = sampled_frames(clip, 3)
    assert [frame.media_type for frame in frames] == ["image/jpeg"] * 3
    assert [frame.filename for frame in frames] == [f"frame-at-{at}s.jpeg" for at in ("0.00", "1.50", "3.00")]
    for frame, colour in zip(frames, (RED, GREEN, BLUE), strict=True):
        image = Image.open(io.BytesIO(frame.data))
        assert (image.format, image.size) == ("JPEG", (160, 90))
        assert near(image.getpixel((80, 45)), colour)
    assert len(sampled_frames(clip, 1)) == 1


def test_a_still_clip_gives_each_picture_once_and_a_large_one_small(tmp_path: Path) -> None:
    still = make(tmp_path / "still.mp4", RED, size=(1280, 720), each=12)
    frames = sampled_frames(still)
    assert 1 <= len(frames) <= 6
    assert Image.open(io.BytesIO(frames[0].data)).size == (768, 432)


def test_what_cannot_be_sampled_is_told(tmp_path: Path, clip: Path) -> None:
    with pytest.raises(InvalidRequest, match="count must be at least 1, not 0"):
        sampled_frames(clip, 0)
    with pytest.raises(DownloadFailed, match="There is no file"):
        sampled_frames(tmp_path / "none.mp4")
