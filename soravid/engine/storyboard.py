"""From a stored request to the frames of its animatic."""

from __future__ import annotations

import hashlib
import random
import threading
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soravid.engine.camera import DEFAULT, Phases, read_moves, view_at, without_moves
from soravid.engine.canvas import Canvas, Frame
from soravid.engine.layers import Layer, floors
from soravid.engine.palette import choose_palette
from soravid.engine.scene import compose
from soravid.engine.script import write_script
from soravid.engine.store import Request
from soravid.engine.subjects import COLOURED, read_subjects
from soravid.engine.titles import Card, Overlay, Titles

Planes = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]

_BAND = 48


@dataclass(frozen=True, eq=False)
class Take:
    """One shot, ready to be painted."""

    phases: Phases
    layers: tuple[Layer, ...]
    titles: Titles


class Storyboard:
    """All shots of a request. `draw` may be called from several threads, each with its own canvas."""

    def __init__(self, request: Request, folder: Path) -> None:
        self.frame = Frame(request.width, request.height)
        self.frames = request.frames
        self._request = request
        self._script = write_script(request.prompt, request.frames, request.fps)
        self._starts = list(accumulate((shot.frames for shot in self._script.shots), initial=0))[:-1]
        self._picture = _picture(folder / request.reference, self.frame) if request.reference else None
        # Less than one step of noise hides the bands of slow ramps; the same in every frame costs no bits.
        noise = np.random.default_rng(20)
        self._luma_noise = noise.random((request.height, request.width), np.float32) + np.float32(16)
        self._noise = noise.random((request.height // 2, request.width // 2), np.float32) + np.float32(128)
        # Shots are set up when they come, and only the present ones are kept: memory does not grow with them.
        self._setting_up = threading.Lock()
        self._take = lru_cache(maxsize=2)(self._set_up)
        self._settled = lru_cache(maxsize=2)(lambda take: self._overlay(take, 1.0, (0, self.frame.height)))

    @property
    def cuts(self) -> frozenset[int]:
        """The frames at which a shot begins."""
        return frozenset(self._starts)

    @property
    def poster(self) -> int:
        """The frame that stands for the clip: in the first shot, with its line fully shown."""
        first = self._script.shots[0].frames
        return min(self.frames - 1, max(first // 2, min(12, first - 1)))

    def draw(self, number: int, canvas: Canvas) -> Planes:
        """Paint frame `number` and return it as 8-bit limited-range planes y, u, v."""
        index = bisect_right(self._starts, number) - 1
        since = number - self._starts[index]
        with self._setting_up:
            take = self._take(index)
        fps = self._request.fps
        view = view_at(take.phases, since / fps, self._script.shots[index].frames / fps)
        for layer, canvas.floor in zip(take.layers, floors(take.layers, self.frame, view), strict=True):
            layer.paint(canvas, view, since / fps)
        ease = take.titles.ease(since)
        with self._setting_up:
            settled = self._settled(take)
        top, foot = take.titles.block
        # While the line comes in, its rows differ from those of every later frame.
        eased = self._overlay(take, ease, (top, foot)) if ease < 1 else settled
        sections = ((settled, 0, top), (eased, top, foot), (settled, foot, self.frame.height))
        planes = tuple(np.empty(plane.shape, np.uint8) for plane, _ in canvas.planes())
        for overlay, start, stop in sections:
            _finish(canvas, overlay, start, stop, planes)
        take.titles.paint(planes, number, self.frames)
        return planes[0], planes[1], planes[2]

    def _overlay(self, take: Take, ease: float, rows: tuple[int, int]) -> Overlay:
        overlay = take.titles.overlay(ease, rows)
        for plane, noise in zip(overlay.added, (self._luma_noise, self._noise, self._noise), strict=True):
            step = self.frame.width // plane.shape[1]
            plane += noise[rows[0] // step : rows[1] // step]
        return overlay

    def _set_up(self, index: int) -> Take:
        request, script = self._request, self._script
        shot = script.shots[index]
        # A remix keeps its parents' scene; what the new prompt says comes first and wins.
        earlier = tuple(reversed(request.base))
        phases = _phases((shot.text, script.note, *earlier))
        note = " + ".join(move.label for moves in phases for move in moves if move.name != "drift")
        seed = hashlib.sha256(f"{request.seed}|{(*request.base, request.prompt)[0]}".encode()).hexdigest()
        said = [without_moves(text) for text in (shot.text, script.note, *earlier)]
        # One source for the colours of all shots, so that they belong together.
        chance = random.Random(f"{seed}|colours")  # noqa: S311 - a picture, not a secret
        colours = choose_palette(said, COLOURED, chance, request.prompt)
        layers = (
            [self._picture]
            if self._picture
            else compose(read_subjects(said, request.prompt), colours, self.frame, f"{seed}|{index}")
        )
        # A picture may be bright anywhere; a night is dark enough for white letters as it is.
        scrim = 0.6 if self._picture else 0.3 if colours.dark else 0.5
        card = Card(shot.text, f"{index + 1}/{len(script.shots)}", note, bool(request.base), scrim)
        marks = tuple(start / self.frames for start in self._starts[1:])
        return Take(phases, tuple(layers), Titles(self.frame, card, request.fps, marks))


def _finish(
    canvas: Canvas, overlay: Overlay, start: int, stop: int, planes: tuple[NDArray[np.uint8], ...]
) -> None:
    """Write the rows from `start` to `stop` under their overlay, by bands which the cache can hold."""
    factors = overlay.luma, overlay.chroma, overlay.chroma
    for row in range(start, stop, _BAND):
        for (plane, step), factor, added, out in zip(
            canvas.planes(), factors, overlay.added, planes, strict=True
        ):
            rows = slice(row // step, min(row + _BAND, stop) // step)
            own = slice(rows.start - overlay.top // step, rows.stop - overlay.top // step)
            band = plane[rows]
            band *= factor[own]
            band += added[own]
            # Cut off after noise of 0..1, each sample is rounded up or down by chance.
            np.copyto(out[rows], band, casting="unsafe")


def _picture(path: Path, frame: Frame) -> Layer:
    # Imported here: most clips have none, and their worker starts sooner.
    from soravid.engine.picture import Picture

    return Picture(path, frame)


def _phases(said: tuple[str, ...]) -> Phases:
    return next((phases for text in said if (phases := read_moves(text)) != DEFAULT), DEFAULT)
