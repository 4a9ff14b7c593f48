"""A prompt is cut into shots where it says so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soravid.engine.script import write_script


@pytest.mark.parametrize(
    ("prompt", "lines"),
    [
        ("A kite over a harbour", ["A kite over a harbour"]),
        (
            "Shot 1: a kite. Shot 2: a boat, then a gull. Shot 3: night",
            ["A kite.", "A boat, then a gull.", "Night"],
        ),
        ("[Shot 1] a kite [Shot 2] a boat", ["A kite", "A boat"]),
        ("Scene 1: a kite\nScene 2: a boat", ["A kite", "A boat"]),
        ("A kite. Cut to: a boat. CUT TO a gull", ["A kite.", "A boat.", "A gull"]),
        ("[0-3s] a kite [3-4s] a boat", ["A kite", "A boat"]),
        ("0:00-0:03: a kite 0:03-0:04: a boat", ["A kite", "A boat"]),
        ("[0:00-0:03] Shot 1: a kite. [0:03-0:04] Shot 2: a boat", ["A kite.", "A boat"]),
        (
            "In scene 2 of the play 2-3 birds (10-15 of them) fly",
            ["In scene 2 of the play 2-3 birds (10-15 of them) fly"],
        ),
        ("Shot 1: Shot 2:", ["Shot 1: Shot 2"]),
    ],
)
def test_a_prompt_is_cut_where_it_says(prompt: str, lines: list[str]) -> None:
    script = write_script(prompt, 96, 24)
    assert [shot.text for shot in script.shots] == lines


@pytest.mark.parametrize(
    ("prompt", "frames"),
    [
        ("Shot 1: a. Shot 2: b. Shot 3: c", [32, 32, 32]),
        ("[0-3s] a [3-4s] b", [72, 24]),
        ("Shot 1 (3s): a. Shot 2: b", [72, 24]),
        ("[0-1s] a [1-2s] b", [24, 72]),  # falls short: the last shot holds
        ("[0-6s] a [6-8s] b", [72, 24]),  # too long: shrinks in proportion
    ],
)
def test_time_codes_say_how_long_a_shot_is(prompt: str, frames: list[int]) -> None:
    assert [shot.frames for shot in write_script(prompt, 96, 24).shots] == frames


def test_what_stands_before_the_first_shot_holds_for_all() -> None:
    assert write_script("At dawn, 35 mm. Shot 1: a kite. Shot 2: a boat", 96, 24).note == "At dawn, 35 mm."


def test_more_shots_than_frames_keep_a_frame_each() -> None:
    prompt = " ".join(f"Shot {number}: x" for number in range(50))
    assert [shot.frames for shot in write_script(prompt, 7, 24).shots] == [1] * 7


@given(st.text(max_size=200), st.integers(1, 300), st.integers(1, 60))
def test_shots_always_fill_the_clip_exactly(prompt: str, frames: int, fps: int) -> None:
    shots = write_script(prompt, frames, fps).shots
    assert sum(shot.frames for shot in shots) == frames
    assert min(shot.frames for shot in shots) >= 1
