"""The layers of a landscape: sky, ridges, cut-outs. Each is painted from its outline at every frame.

Outlines rather than bitmaps: a slow move then shifts edges by fractions of a pixel, and a push-in stays
sharp. Every fill is a sum of products of a column and a row (a ramp, the glow of a light), so one small
matrix product paints it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from PIL import Image

from soravid.engine.camera import View
from soravid.engine.canvas import Array, Canvas, Frame, Lens, bell
from soravid.engine.palette import Colour, to_ycc

Stops = list[tuple[float, Colour]]


class Layer(Protocol):
    """Something that paints itself over a canvas as seen by a camera, `time` seconds into the shot."""

    def paint(self, canvas: Canvas, view: View, time: float) -> None:
        """Paint."""


def floors(layers: Sequence[Layer], frame: Frame, view: View) -> list[int]:
    """Return for each layer the (even) row from which those after it cover everything."""
    rows: list[int] = []
    floor = frame.height
    for layer in reversed(layers):
        rows.append(floor)
        if isinstance(layer, Ridge):
            floor = min(floor, layer.solid(frame, view))
    return rows[::-1]


@dataclass(frozen=True)
class Glow:
    """A light's soft glow: where, how wide and high (units), how strong (0..1), in what colour."""

    x: float
    y: float
    width: float
    height: float
    strength: float
    colour: Colour


@dataclass(frozen=True)
class Fill:
    """A colour ramp from top to bottom (`stops` in units) with glows on it."""

    stops: Stops
    glows: tuple[Glow, ...] = ()

    @cached_property
    def _ramps(self) -> tuple[list[float], list[list[float]]]:
        colours = [to_ycc(colour) for _, colour in self.stops]
        return [place for place, _ in self.stops], [[colour[i] for colour in colours] for i in range(3)]

    def seen(self, lens: Lens, frame: Frame, top: int, bottom: int) -> Seen:
        """Return the fill as it is seen in the rows from `top` to `bottom` (even pixels)."""
        left: list[Array] = []
        right: list[Array] = []
        places, ramps = self._ramps
        for step, planes in ((1, (0,)), (2, (1, 2))):
            at_rows = lens.rows(frame.height // step, step)[top // step : bottom // step]
            at_columns = lens.columns(frame.width // step, step)
            highs = [glow.strength * bell((at_rows - glow.y) / glow.height) for glow in self.glows]
            shared = np.ones((1 + len(highs), len(at_columns)), np.float32)
            for row, glow in enumerate(self.glows, 1):
                shared[row] = bell((at_columns - glow.x) / glow.width)
            right.append(shared)
            for index in planes:
                base = np.interp(at_rows, places, ramps[index])
                own = np.empty((len(base), len(shared)), np.float32)
                own[:, 0] = base
                for column, (glow, high) in enumerate(zip(self.glows, highs, strict=True), 1):
                    own[:, column] = high * (to_ycc(glow.colour)[index] - base)
                left.append(own)
        return Seen(top, (left[0], left[1], left[2]), (right[0], right[1], right[1]))


@dataclass(frozen=True)
class Seen:
    """A fill from the row `top` on: for each of y, u, v a ``(rows, n)`` and an ``(n, columns)`` matrix."""

    top: int
    left: tuple[Array, Array, Array]
    right: tuple[Array, Array, Array]

    def onto(self, index: int, rows: slice, out: Array) -> None:
        """Write the samples of the `rows` of a plane."""
        top = self.top if index == 0 else self.top // 2
        np.matmul(self.left[index][rows.start - top : rows.stop - top], self.right[index], out=out)

    def paint(self, canvas: Canvas, top: int, bottom: int) -> None:
        """Fill the rows from `top` to `bottom` (even pixels)."""
        for index, (plane, step) in enumerate(canvas.planes()):
            rows = slice(top // step, bottom // step)
            if rows.start < rows.stop:
                self.onto(index, rows, plane[rows])


@dataclass(frozen=True)
class Sky:
    """The ground of the picture, at infinite distance."""

    fill: Fill

    def paint(self, canvas: Canvas, view: View, time: float) -> None:  # noqa: ARG002 - a Layer
        """Paint the whole frame."""
        lens = Lens(canvas.frame, view, 0.0)
        self.fill.seen(lens, canvas.frame, 0, canvas.floor).paint(canvas, 0, canvas.floor)


@dataclass(frozen=True)
class Ridge:
    """Everything below an outline: hills, peaks, trees, water.

    `outline` holds heights in units at even places from `-reach` to `reach`; `sway` moves it sideways, in
    units a second, and `heave` up and down.
    """

    depth: float
    outline: Array
    reach: float
    fill: Fill
    sway: float = 0.0
    heave: float = 0.0

    @cached_property
    def _lowest(self) -> float:
        return float(self.outline.max()) + abs(self.heave)

    def solid(self, frame: Frame, view: View) -> int:
        """Return the even row from which this ridge covers everything."""
        row = int(Lens(frame, view, self.depth).y(self._lowest)) + 4
        return max(0, min(frame.height, row)) & ~1

    def paint(self, canvas: Canvas, view: View, time: float) -> None:
        """Paint the edge with its coverage, and everything under it."""
        lens = Lens(canvas.frame, view, self.depth)
        edge = self._edge(lens, canvas.frame.width, time)
        floor = canvas.floor
        top = max(0, int(edge.min()) - 2) & ~1
        full = max(top, min(floor, (int(edge.max()) + 4) & ~1))
        if top < floor:
            seen = self.fill.seen(lens, canvas.frame, top, floor)
            seen.paint(canvas, full, floor)
            if top < full:
                self._paint_edge(canvas, seen, edge, top, full)

    @cached_property
    def _heights(self) -> tuple[Array, Array]:
        return np.arange(len(self.outline), dtype=np.float64), self.outline.astype(np.float64)  # type: ignore[return-value]

    def _edge(self, lens: Lens, width: int, time: float) -> Array:
        at = lens.columns(width) - np.float32(self.sway * time)
        places = (at + self.reach) * ((len(self.outline) - 1) / (2 * self.reach))
        heights = np.interp(places, *self._heights)
        rise = self.heave * math.sin(1.1 * time + 7 * self.depth)
        return lens.y(heights + rise).astype(np.float32)  # type: ignore[no-any-return]

    def _paint_edge(self, canvas: Canvas, seen: Seen, edge: Array, top: int, bottom: int) -> None:
        # On a slope the distance to the edge is shorter than the height above it.
        slope = np.empty_like(edge)
        np.subtract(edge[2:], edge[:-2], out=slope[1:-1])
        slope[0], slope[-1] = 2 * (edge[1] - edge[0]), 2 * (edge[-1] - edge[-2])
        steep = 1 / np.sqrt(1 + slope * slope * np.float32(0.25))
        for step, planes in ((1, (0,)), (2, (1, 2))):
            rows = slice(top // step, bottom // step)
            line = edge if step == 1 else (edge[::2] + edge[1::2]) / 4
            steps = steep if step == 1 else steep[::2]
            shape = rows.stop - rows.start, len(line)
            # ``(row + 0.5 - line) * steep + 0.5`` as one product.
            middles = np.ones((shape[0], 2), np.float32)
            middles[:, 0] = np.arange(0.5, shape[0])
            across = np.stack([steps, np.float32(0.5) - (line - rows.start) * steps])
            cover = np.matmul(middles, across, out=canvas.scratch(0, shape))
            np.clip(cover, 0, 1, out=cover)
            for index in planes:
                _blend(canvas, seen, index, rows, cover)


def _blend(canvas: Canvas, seen: Seen, index: int, rows: slice, cover: Array) -> None:
    area, colour = canvas.planes()[index][0][rows], canvas.scratch(1, cover.shape)
    seen.onto(index, rows, colour)
    colour -= area
    colour *= cover
    area += colour


WALL = 120


@dataclass(frozen=True)
class Cutout:
    """A shape drawn as a bitmap (a skyline), filled like a ridge, with lights of its own.

    `mask` covers `x..x+width` and `y..y+height` in units; below it everything is filled. Up to `WALL` its
    values are coverage, above it brightness of a `light`: one resampling then does for both.
    """

    depth: float
    mask: Image.Image
    x: float
    y: float
    width: float
    height: float
    fill: Fill
    light: Colour

    def paint(self, canvas: Canvas, view: View, time: float) -> None:  # noqa: ARG002 - a Layer
        """Paint the part of the mask which is in the frame."""
        lens = Lens(canvas.frame, view, self.depth)
        frame, floor = canvas.frame, canvas.floor
        top, foot = max(0, int(lens.y(self.y + self._clear)) + 1) & ~1, int(lens.y(self.y + self.height)) & ~1
        seen = self.fill.seen(lens, frame, min(top, max(0, foot - 2)), floor)
        seen.paint(canvas, max(0, foot - 2), floor)
        bottom = min(floor, foot)
        if bottom - top < 2:
            return
        scale = self.mask.width / self.width / lens.scale
        start_x, start_y = -lens.x(self.x) * scale, (top - lens.y(self.y)) * scale
        box = (
            max(0.0, start_x),
            max(0.0, start_y),
            min(self.mask.width, start_x + frame.width * scale),
            min(self.mask.height, start_y + (bottom - top) * scale),
        )
        values = self.mask.resize((frame.width, bottom - top), Image.Resampling.BILINEAR, box=box)
        for step, planes in ((1, (0,)), (2, (1, 2))):
            part = values if step == 1 else values.reduce(2)
            shape = part.height, part.width
            rows = slice(top // step, bottom // step)
            cover = canvas.scratch(0, shape)
            np.multiply(np.asarray(part), np.float32(1 / WALL), out=cover)
            shine = self._shine(cover) if self._lit else None
            np.minimum(cover, 1, out=cover)
            for index in planes:
                _blend(canvas, seen, index, rows, cover)
                if shine is not None:
                    area, change = canvas.planes()[index][0][rows], canvas.scratch(1, shape)
                    np.subtract(np.float32(to_ycc(self.light)[index]), area, out=change)
                    change *= shine
                    area += change

    @cached_property
    def _clear(self) -> float:
        """How much of the mask, from the top, is empty."""
        box = self.mask.getbbox()
        return max(0, box[1] - 4) / self.mask.height * self.height if box else 0.0

    @cached_property
    def _lit(self) -> bool:
        brightest: Any = self.mask.getextrema()[1]
        return bool(brightest > WALL)

    def _shine(self, cover: Array) -> Array:
        shine = cover - 1
        np.maximum(shine, 0, out=shine)
        shine *= np.float32(WALL / (255 - WALL))
        return shine
