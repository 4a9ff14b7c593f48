"""The layers of a landscape: sky, ridges, cut-outs. Each is painted from its outline at every frame.

Outlines rather than bitmaps: a slow move then shifts edges by fractions of a pixel, and a push-in stays
sharp. Every fill is a sum of products of a column and a row (a ramp, the glow of a light), so one small
matrix product paints it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from PIL import Image

from soravid.engine.camera import View
from soravid.engine.canvas import Array, Canvas, Frame, Lens, ramp
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

    def factors(self, lens: Lens, shape: tuple[int, ...], step: int) -> tuple[list[Array], Array]:
        """Return for each of y, u, v a ``(rows, n)`` matrix, and the ``(n, columns)`` they share."""
        at_rows, at_columns = lens.rows(shape[0], step), lens.columns(shape[1], step)
        bases = ramp(self.stops, at_rows)
        left = [[base] for base in bases]
        right: list[Array] = [np.ones(shape[1], np.float32)]
        for glow in self.glows:
            high = glow.strength * np.exp(-(((at_rows - glow.y) / glow.height) ** 2))
            right.append(np.exp(-(((at_columns - glow.x) / glow.width) ** 2)).astype(np.float32))
            for plane, base, value in zip(left, bases, to_ycc(glow.colour), strict=True):
                plane.append((high * (value - base)).astype(np.float32))
        return [np.stack(plane, axis=1) for plane in left], np.stack(right)


def paint_fill(canvas: Canvas, lens: Lens, fill: Fill, top: int, bottom: int) -> None:
    """Fill the rows from `top` to `bottom` (even pixels), as far as they will be seen."""
    bottom = min(bottom, canvas.floor)
    if top >= bottom:
        return
    for step, planes in ((1, (0,)), (2, (1, 2))):
        shape = canvas.planes()[planes[0]][0].shape
        left, right = fill.factors(lens, shape, step)
        rows = slice(top // step, bottom // step)
        for index in planes:
            np.matmul(left[index][rows], right, out=canvas.planes()[index][0][rows])


@dataclass(frozen=True)
class Sky:
    """The ground of the picture, at infinite distance."""

    fill: Fill

    def paint(self, canvas: Canvas, view: View, time: float) -> None:  # noqa: ARG002 - a Layer
        """Paint the whole frame."""
        paint_fill(canvas, Lens(canvas.frame, view, 0.0), self.fill, 0, canvas.frame.height)


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
        width, height = canvas.frame.width, canvas.frame.height
        edge = self._edge(lens, width, time)
        top = max(0, int(edge.min()) - 2) & ~1
        full = max(0, min(height, (int(edge.max()) + 4) & ~1))
        paint_fill(canvas, lens, self.fill, full, height)
        if top < min(full, canvas.floor):
            self._paint_edge(canvas, lens, edge, top, min(full, canvas.floor))

    def _edge(self, lens: Lens, width: int, time: float) -> Array:
        at = lens.columns(width) - np.float32(self.sway * time)
        places = (at + self.reach) * ((len(self.outline) - 1) / (2 * self.reach))
        heights = np.interp(places, np.arange(len(self.outline)), self.outline)
        rise = self.heave * np.sin(1.1 * time + 7 * self.depth)
        return lens.y(heights + rise).astype(np.float32)  # type: ignore[no-any-return]

    def _paint_edge(self, canvas: Canvas, lens: Lens, edge: Array, top: int, bottom: int) -> None:
        # On a slope the distance to the edge is shorter than the height above it.
        slope = np.gradient(edge)
        steep = (1 / np.sqrt(1 + slope**2)).astype(np.float32)
        for step, planes in ((1, (0,)), (2, (1, 2))):
            shape = canvas.planes()[planes[0]][0].shape
            left, right = self.fill.factors(lens, shape, step)
            rows = slice(top // step, bottom // step)
            line = edge if step == 1 else (edge[::2] + edge[1::2]) / 4
            middles = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] + np.float32(0.5)
            cover = (middles - line) * (steep if step == 1 else steep[::2])
            cover += np.float32(0.5)
            np.clip(cover, 0, 1, out=cover)
            for index in planes:
                area = canvas.planes()[index][0][rows]
                colour = left[index][rows] @ right
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
        frame = canvas.frame
        foot = int(lens.y(self.y + self.height)) & ~1
        if foot < frame.height:
            paint_fill(canvas, lens, self.fill, max(0, foot - 2), frame.height)
        top, bottom = max(0, int(lens.y(self.y)) + 1) & ~1, min(frame.height, foot)
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
        size = (frame.width, bottom - top)
        values = np.asarray(self.mask.resize(size, Image.Resampling.BILINEAR, box=box), np.float32)
        cover = np.minimum(values * np.float32(1 / WALL), 1)
        lit = np.maximum((values - WALL) * np.float32(1 / (255 - WALL)), 0)
        for step, planes in ((1, (0,)), (2, (1, 2))):
            shape = canvas.planes()[planes[0]][0].shape
            left, right = self.fill.factors(lens, shape, step)
            rows = slice(top // step, bottom // step)
            part = cover if step == 1 else _halved(cover)
            shine = lit if step == 1 else _halved(lit)
            for index in planes:
                area = canvas.planes()[index][0][rows]
                area += (left[index][rows] @ right - area) * part
                area += (np.float32(to_ycc(self.light)[index]) - area) * shine


def _halved(area: Array) -> Array:
    return (area[::2, ::2] + area[1::2, ::2] + area[::2, 1::2] + area[1::2, 1::2]) * np.float32(0.25)
