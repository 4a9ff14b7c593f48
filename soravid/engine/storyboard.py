"""From a stored request to the frames of its animatic."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soravid.engine.camera import DEFAULT, Phases, read_moves, view_at, without_moves
from soravid.engine.canvas import Array, Canvas, Frame
from soravid.engine.layers import Layer, floors
from soravid.engine.palette import choose_palette
from soravid.engine.picture import Picture
from soravid.engine.scene import compose
from soravid.engine.script import write_script
from soravid.engine.store import Request
from soravid.engine.subjects import COLOURED, read_subjects
from soravid.engine.titles import Card, Titles

Planes = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]


@dataclass(frozen=True)
class Take:
    """One shot, ready to be painted: `start` and `frames` count frames of the clip."""

    start: int
    frames: int
    phases: Phases
    layers: tuple[Layer, ...]
    titles: Titles


class Storyboard:
    """All shots of a request. `draw` may be called from several threads, each with its own canvas."""

    def __init__(self, request: Request, folder: Path) -> None:
        self.frame = Frame(request.width, request.height)
        self.fps = request.fps
        self.frames = request.frames
        self._takes = _takes(request, folder, self.frame)
        # Less than one step of noise hides the bands of slow ramps; the same in every frame costs no bits.
        noise = np.random.default_rng(20)
        self._luma_noise = noise.random((request.height, request.width), np.float32) + np.float32(16)
        self._noise = noise.random((request.height // 2, request.width // 2), np.float32) + np.float32(128)

    @property
    def cuts(self) -> frozenset[int]:
        """The frames at which a shot begins."""
        return frozenset(take.start for take in self._takes)

    @property
    def poster(self) -> int:
        """The frame that stands for the clip: in the first shot, with its line fully shown."""
        return min(self.frames - 1, max(self._takes[0].frames // 2, min(12, self._takes[0].frames - 1)))

    def draw(self, number: int, canvas: Canvas) -> Planes:
        """Paint frame `number` and return it as 8-bit limited-range planes y, u, v."""
        take = next(take for take in reversed(self._takes) if take.start <= number)
        since = number - take.start
        time = since / self.fps
        view = view_at(take.phases, time, take.frames / self.fps)
        for layer, canvas.floor in zip(take.layers, floors(take.layers, self.frame, view), strict=True):
            layer.paint(canvas, view, time)
        shade = take.titles.shade
        canvas.y *= shade
        for plane in (canvas.u, canvas.v):
            plane *= shade[::2, ::2]
        take.titles.paint(canvas, number, self.frames, since)
        return (
            _rounded(canvas.y, self._luma_noise),
            _rounded(canvas.u, self._noise),
            _rounded(canvas.v, self._noise),
        )


def _rounded(plane: Array, noise: Array) -> NDArray[np.uint8]:
    # Cut off after noise of 0..1, each sample is rounded up or down by chance.
    return np.add(plane, noise, out=np.empty(plane.shape, np.uint8), casting="unsafe")


def _takes(request: Request, folder: Path, frame: Frame) -> tuple[Take, ...]:
    script = write_script(request.prompt, request.frames, request.fps)
    # A remix keeps its parents' scene; what the new prompt says comes first and wins.
    earlier = tuple(reversed(request.base))
    root = request.base[0] if request.base else request.prompt
    seed = hashlib.sha256(f"{request.seed}|{root}".encode()).hexdigest()
    picture = Picture(folder / request.reference, frame) if request.reference else None
    starts = list(accumulate([shot.frames for shot in script.shots], initial=0))[:-1]
    marks = tuple(start / request.frames for start in starts[1:])
    takes: list[Take] = []
    for index, (shot, start) in enumerate(zip(script.shots, starts, strict=True)):
        said = (shot.text, script.note, request.prompt, *earlier)
        layers: list[Layer] = [picture] if picture else _scene(said, frame, seed, index)
        phases = _phases((shot.text, script.note, *earlier))
        note = " + ".join(move.label for moves in phases for move in moves if move.name != "drift")
        card = Card(shot.text, f"{index + 1}/{len(script.shots)}", note, bool(request.base))
        titles = Titles(frame, card, request.fps, marks)
        takes.append(Take(start, shot.frames, phases, tuple(layers), titles))
    return tuple(takes)


def _phases(said: tuple[str, ...]) -> Phases:
    return next((phases for text in said if (phases := read_moves(text)) != DEFAULT), DEFAULT)


def _scene(said: tuple[str, ...], frame: Frame, seed: str, index: int) -> list[Layer]:
    # One source for the colours of all shots, so that they belong together.
    chance = random.Random(f"{seed}|colours")  # noqa: S311 - a picture, not a secret
    colours = choose_palette([without_moves(text) for text in said], COLOURED, chance)
    return compose(read_subjects(said), colours, frame, f"{seed}|{index}")
