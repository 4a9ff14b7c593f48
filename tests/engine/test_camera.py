"""Camera words are understood, and move every depth of the scene the right way."""

from __future__ import annotations

from itertools import pairwise

import pytest

from soravid.engine.camera import read_moves, view_at, without_moves


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("a red kite, slow pan left", ["PAN LEFT"]),
        ("the camera pans slowly to the right", ["PAN RIGHT"]),
        ("pan from right to left", ["PAN LEFT"]),
        ("tilt up", ["TILT UP"]),
        ("camera tilts down to the street", ["TILT DOWN"]),
        ("zoom in on the face", ["ZOOM IN"]),
        ("zooming out", ["ZOOM OUT"]),
        ("slow push-in", ["PUSH IN"]),
        ("dolly out", ["PULL BACK"]),
        ("tracking shot", ["TRUCK RIGHT"]),
        ("truck left", ["TRUCK LEFT"]),
        ("crane up over the roofs", ["CRANE UP"]),
        ("the camera orbits the tower", ["ORBIT"]),
        ("handheld", ["HANDHELD"]),
        ("locked-off shot", ["STATIC"]),
        ("pull back while panning right", ["PAN RIGHT", "PULL BACK"]),
    ],
)
def test_camera_words_are_understood(text: str, labels: list[str]) -> None:
    assert [move.label for moves in read_moves(text) for move in moves] == labels


@pytest.mark.parametrize(
    "text", ["a panda cooks in a frying pan", "a truck on a road", "a crane in a lake", "Japan"]
)
def test_things_that_sound_like_moves_are_left_alone(text: str) -> None:
    assert [move.name for moves in read_moves(text) for move in moves] == ["drift"]
    assert without_moves(text) == text


def test_moves_joined_by_then_follow_each_other() -> None:
    phases = read_moves("tilt up, then zoom in")
    assert [[move.label for move in moves] for moves in phases] == [["TILT UP"], ["ZOOM IN"]]
    first, second = view_at(phases, 1.9, 4), view_at(phases, 3.9, 4)
    assert first.zoom == 0 < second.zoom
    assert second.turn == pytest.approx(first.turn, abs=0.01)


def test_near_things_move_further_than_far_ones() -> None:
    phases = read_moves("truck right")
    start, end = view_at(phases, 0, 4), view_at(phases, 4, 4)
    travel = [end.place(depth)[0] - start.place(depth)[0] for depth in (0.0, 0.5, 1.0)]
    assert 0 < travel[0] < travel[1] < travel[2]


def test_moves_start_and_stop_gently() -> None:
    phases = read_moves("pan right")
    steps = [view_at(phases, (n + 1) / 24, 4).turn[0] - view_at(phases, n / 24, 4).turn[0] for n in range(96)]
    assert all(step >= 0 for step in steps)
    assert max(steps[0], steps[-1]) < 0.1 * max(steps)
    # No jolt: from one frame to the next the speed changes by a twentieth at most.
    assert max(abs(b - a) for a, b in pairwise(steps)) < 0.05 * max(steps)
