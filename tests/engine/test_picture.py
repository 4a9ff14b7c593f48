"""What is on the frames: the camera's way over a picture, cuts, lettering, colours, repeatability."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from soravid.engine.canvas import Canvas, Frame
from soravid.engine.store import Request
from soravid.engine.storyboard import Storyboard
from soravid.engine.titles import Card, Titles

Plane = NDArray[np.uint8]


def board(prompt: str, folder: Path, **fields: Any) -> Storyboard:
    return Storyboard(Request(**{"prompt": prompt, "size": "320x180", **fields}), folder)


def luma(of: Storyboard, number: int) -> Plane:
    return of.draw(number, Canvas(of.frame))[0]


def marked(folder: Path) -> str:
    """A grey picture with one white spot in its middle."""
    image = Image.new("RGB", (800, 450), (70, 70, 70))
    image.paste((255, 255, 255), (380, 205, 420, 245))
    image.save(folder / "reference.png")
    return "reference.png"


def spot(plane: Plane) -> tuple[float, float, int]:
    """Where the white spot is, without the lettering: x, y, and how many pixels it has."""
    part = plane[24:120]
    ys, xs = np.nonzero(part > 190)
    return float(xs.mean()), float(ys.mean()), len(xs)


@pytest.mark.parametrize(
    ("move", "dx", "dy"),
    [
        ("pan left", 1, 0),
        ("pan right", -1, 0),
        ("tilt up", 0, 1),
        ("tilt down", 0, -1),
        ("truck left", 1, 0),
        ("crane up", 0, 1),
        ("static", 0, 0),
    ],
)
def test_the_camera_goes_where_the_words_say(move: str, dx: int, dy: int, tmp_path: Path) -> None:
    clip = board(f"A spot, {move}", tmp_path, reference=marked(tmp_path))
    x0, y0, _ = spot(luma(clip, 8))
    x1, y1, _ = spot(luma(clip, 88))
    # What the camera turns away from leaves the frame on the other side.
    assert np.sign(round((x1 - x0) / 6)) == dx
    assert np.sign(round((y1 - y0) / 4)) == dy


@pytest.mark.parametrize(
    ("move", "grows"), [("zoom in", 1), ("push in", 1), ("zoom out", -1), ("pull back", -1)]
)
def test_a_zoom_makes_things_larger_or_smaller(move: str, grows: int, tmp_path: Path) -> None:
    clip = board(f"A spot, {move}", tmp_path, reference=marked(tmp_path))
    first, last = spot(luma(clip, 8))[2], spot(luma(clip, 88))[2]
    assert last > 1.15 * first if grows > 0 else first > 1.15 * last


def test_a_slow_move_goes_by_fractions_of_a_pixel(tmp_path: Path) -> None:
    clip = board("A spot, slow pan left", tmp_path, reference=marked(tmp_path), seconds="10")
    places = []
    for number in range(100, 130):
        weight = luma(clip, number)[24:120].astype(float)
        weight = np.clip(weight - 120, 0, None)
        places.append(float((weight.sum(0) * np.arange(weight.shape[1])).sum() / weight.sum()))
    steps = np.diff(places)
    assert 0 < steps.mean() < 0.6
    assert steps.std() < 0.35 * steps.mean()  # whole-pixel steps would jump between 0 and 1


def test_a_scene_moves_with_parallax(tmp_path: Path) -> None:
    clip = board("Mountains, truck right", tmp_path, size="640x360")
    a, b = luma(clip, 30).astype(float), luma(clip, 60).astype(float)

    def shift(rows: slice) -> int:
        one, two = a[rows, 160:480] - a[rows, 160:480].mean(), b[rows]
        scores = {}
        for offset in range(-100, 101):
            part = two[:, 160 + offset : 480 + offset]
            scores[offset] = float((one * (part - part.mean())).sum() / (part.std() + 1e-6))
        return max(scores, key=scores.__getitem__)

    assert shift(slice(40, 110)) > shift(slice(190, 230)) - 1
    assert shift(slice(190, 230)) < -5


def test_shots_are_cut_on_the_frame(tmp_path: Path) -> None:
    clip = board("[0-1s] Night over the sea [1-4s] A sunny desert", tmp_path)
    assert clip.cuts == {0, 24}
    before, last, first = (luma(clip, number).astype(int) for number in (22, 23, 24))
    assert np.abs(last - before).mean() < 3 < np.abs(first - last).mean()


@pytest.mark.parametrize("size", ["1280x720", "720x1280", "1024x1024", "320x180", "1920x1080", "128x96"])
@pytest.mark.parametrize("line", ["A kite", "A very long line, " * 40, "W" * 300])
def test_lettering_stays_inside_the_safe_area(size: str, line: str) -> None:
    width, height = (int(side) for side in size.split("x"))
    titles = Titles(Frame(width, height), Card(line, "1/3", "PAN LEFT + ZOOM IN", remix=True), 24, (0.3,))
    ink = titles.overlay(1.0).added[0]
    ys, xs = np.nonzero(ink > 8)
    assert xs.min() >= 0.05 * width - 1
    assert xs.max() <= 0.95 * width + 1
    assert ys.min() >= 0.05 * height - 1
    assert ys.max() <= 0.95 * height + 1


@pytest.mark.parametrize(
    "prompt", ["Snow at noon, white on white", "Night over the sea", "A neon street", "yellow"]
)
def test_the_line_can_be_read_on_any_ground(prompt: str, tmp_path: Path) -> None:
    clip = board(prompt, tmp_path, size="640x360")
    ink = clip._take(0).titles.overlay(1.0).added[0]
    frame = luma(clip, 48).astype(float)
    lower = slice(200, 340)
    text = ink[lower] > 200
    halo = (ink[lower] < 1) & np.roll(text, 3, axis=1)

    def light(plane: Any) -> float:
        return float((((plane - 16) / 219) ** 2.2).mean())

    assert (light(frame[lower][text]) + 0.05) / (light(frame[lower][halo]) + 0.05) > 4.5


@pytest.mark.parametrize(
    "prompt",
    [
        "红色的风筝飞过港口",
        "طائرة ورقية حمراء",
        "עפיפון אדום",
        "Красный змей",
        "पतंग",
        "🪁🪁🪁",
        "a\u200db\ufe0f",
        "\U000e0001",
        "e\u0301",
    ],
)
def test_any_script_can_be_drawn(prompt: str, tmp_path: Path) -> None:
    assert luma(board(prompt, tmp_path), 20).shape == (180, 320)


@pytest.mark.parametrize("size", ["64x64", "64x3840", "3840x64", "66x130"])
def test_odd_shapes_can_be_drawn(size: str, tmp_path: Path) -> None:
    clip = board("A city by the sea in the rain, a road, orbit", tmp_path, size=size)
    assert luma(clip, 40).shape == (clip.frame.height, clip.frame.width)


def test_the_same_request_gives_the_same_frames(tmp_path: Path) -> None:
    one, two = (board("A harbour at dawn", tmp_path, seed=7) for _ in range(2))
    assert np.array_equal(luma(one, 50), luma(two, 50))


def test_another_seed_gives_another_composition(tmp_path: Path) -> None:
    one, two = (board("A harbour at dawn", tmp_path, seed=seed) for seed in (7, 8))
    assert np.abs(luma(one, 50)[:100].astype(int) - luma(two, 50)[:100]).mean() > 3


def test_a_remix_keeps_the_scene_and_changes_the_light(tmp_path: Path) -> None:
    parent = "Mountains at dawn, static"
    first = luma(board(parent, tmp_path), 48).astype(int)
    remix = board("A quiet place, static", tmp_path, base=(parent,))
    night = luma(board("At night, static", tmp_path, base=(parent,)), 48).astype(int)
    sky = (slice(30, 90), slice(20, 300))
    assert np.abs(first[sky] - luma(remix, 48)[sky]).mean() < 1
    assert night[sky].mean() < 0.6 * first[sky].mean()


def test_colour_words_colour_the_scene(tmp_path: Path) -> None:
    def chroma(prompt: str) -> tuple[float, float]:
        _, blue, red = board(prompt, tmp_path).draw(20, Canvas(Frame(320, 180)))
        return float(blue[:50].mean()), float(red[:50].mean())

    assert chroma("teal")[0] > 128 > chroma("teal")[1]
    assert chroma("crimson")[1] > 132
    assert chroma("A room in violet light")[0] > 132
