"""The layers that are light, air and weather: sun, clouds, stars, glitter on water, snow and rain; a road."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from soravid.engine.camera import View
from soravid.engine.canvas import Array, Canvas, Lens, bell
from soravid.engine.palette import Colour, to_ycc


@dataclass(frozen=True)
class Disc:
    """The sun or the moon."""

    x: float
    y: float
    radius: float
    colour: Colour
    depth: float = 0.0
    alpha: float = 1.0

    def paint(self, canvas: Canvas, view: View, time: float) -> None:  # noqa: ARG002 - a Layer
        """Paint the disc."""
        lens = Lens(canvas.frame, view, self.depth)
        canvas.disc(lens.x(self.x), lens.y(self.y), self.radius * lens.scale, self.colour, self.alpha)


@dataclass(frozen=True)
class Clouds:
    """Soft streaks: ``(clouds, puffs, 5)``, each puff ``x, y, width, height, strength`` in units."""

    depth: float
    puffs: Array
    colour: Colour
    drift: float

    def paint(self, canvas: Canvas, view: View, time: float) -> None:
        """Paint cloud by cloud."""
        lens = Lens(canvas.frame, view, self.depth)
        frame = canvas.frame
        rows, columns = lens.rows(frame.height // 2, 2), lens.columns(frame.width)
        # What is left of the ground after all clouds, on every other row: nothing in a cloud is sharp.
        dense = canvas.scratch(0, (frame.height // 2, frame.width))
        first, last = frame.height // 2, 0
        dense[: canvas.floor // 2] = 1
        for cloud in self.puffs:
            x, y, wide, high, strength = cloud.T
            x = x + np.float32(self.drift * time)
            top = int(np.searchsorted(rows, (y - 2.3 * high).min()))
            bottom = min(canvas.floor // 2, int(np.searchsorted(rows, (y + 1.0 * high).max())))
            left = int(np.searchsorted(columns, (x - 2.3 * wide).min())) & ~1
            right = (int(np.searchsorted(columns, (x + 2.3 * wide).max())) + 1) & ~1
            if top >= bottom or left >= right:
                continue
            across = bell((columns[left:right, None] - x) / wide)
            # Flat below, soft above: the underside falls off three times as fast.
            away = (rows[top:bottom, None] - y) / high
            down = strength * bell(np.where(away > 0, 3 * away, away))
            cover = down @ across.T
            cover += 1
            dense[top:bottom, left:right] *= cover
            first, last = min(first, top), max(last, bottom)
        if first < last:
            self._paint(canvas, dense[first:last], first)

    def _paint(self, canvas: Canvas, dense: Array, top: int) -> None:
        keep = np.reciprocal(dense, out=dense)
        luma, *chroma = to_ycc(self.colour)
        height, width = keep.shape
        full = canvas.scratch(1, (2 * height, width))
        full[::2] = keep
        np.add(keep[:-1], keep[1:], out=full[1:-1:2])
        full[1:-1:2] *= np.float32(0.5)
        full[-1] = keep[-1]
        _fade(canvas.y[2 * top : 2 * (top + height)], luma, full)
        half = np.ascontiguousarray(keep[:, ::2])
        for plane, value in zip((canvas.u, canvas.v), chroma, strict=True):
            _fade(plane[top : top + height], value, half)


def _fade(area: Array, value: float, keep: Array) -> None:
    area -= np.float32(value)
    area *= keep
    area += np.float32(value)


@dataclass(frozen=True)
class Stars:
    """Points of light: rows of ``(x, y, size, brightness, phase)``, the size in pixels at 1280x720."""

    points: Array

    def paint(self, canvas: Canvas, view: View, time: float) -> None:
        """Paint them, twinkling slowly."""
        lens = Lens(canvas.frame, view, 0.0)
        grain = canvas.frame.unit / 960
        for x, y, size, bright, phase in self.points.tolist():
            shine = bright * (0.78 + 0.22 * math.sin(1.3 * time + phase))
            _spot(canvas, lens.x(x), lens.y(y), size * grain, size * grain, 215.0, shine)


@dataclass(frozen=True)
class Glitter:
    """The light's path on water: each row of `dashes` is ``(x, y, width, height, brightness, phase)``."""

    depth: float
    dashes: Array
    colour: Colour

    def paint(self, canvas: Canvas, view: View, time: float) -> None:
        """Paint all dashes with one matrix product."""
        lens = Lens(canvas.frame, view, self.depth)
        x, y, wide, high, bright, phase = self.dashes.T
        shine = bright * (0.5 + 0.5 * np.sin(1.6 * time + phase)) ** 2
        top = max(0, int(lens.y(y - 3 * high).min()) & ~1)
        bottom = min(canvas.frame.height, (int(lens.y(y + 3 * high).max()) + 2) & ~1)
        if top >= bottom:
            return
        left = max(0, int(lens.x(x - 1.5 * wide).min()) & ~1)
        right = min(canvas.frame.width, (int(lens.x(x + 1.5 * wide).max()) + 2) & ~1)
        colour = to_ycc(self.colour)
        for step, planes in ((1, (0,)), (2, (1, 2))):
            rows, columns = slice(top // step, bottom // step), slice(left // step, right // step)
            at_rows = lens.rows(canvas.frame.height // step, step)[rows, None]
            away = (lens.columns(canvas.frame.width // step, step)[columns, None] - x) / wide
            away *= away
            cover = (shine * bell((at_rows - y) / high)) @ bell(away).T
            np.minimum(cover, np.float32(0.92), out=cover)
            for index in planes:
                area, change = canvas.planes()[index][0][rows, columns], canvas.scratch(1, cover.shape)
                np.subtract(np.float32(colour[index]), area, out=change)
                change *= cover
                area += change


@dataclass(frozen=True)
class Fall:
    """Snow or rain: each row of `drops` is ``(x, y, width, height, brightness, depth, speed)``."""

    drops: Array
    slant: float
    wander: float

    def paint(self, canvas: Canvas, view: View, time: float) -> None:
        """Paint the drops which are in the frame."""
        frame = canvas.frame
        wide, tall = frame.half_width + 0.5, frame.half_height + 0.3
        for index, (x, y, width, height, bright, depth, speed) in enumerate(self.drops.tolist()):
            lens = Lens(frame, view, depth)
            fallen = (y + speed * time + tall) % (2 * tall) - tall
            aside = x + self.slant * speed * time + self.wander * math.sin(0.9 * time + index)
            aside = (aside + wide) % (2 * wide) - wide
            _spot(
                canvas,
                lens.x(aside + lens.dx * 0.5),
                lens.y(fallen + lens.dy),
                width * frame.unit,
                height * frame.unit,
                212.0,
                bright,
                self.slant,
            )


def _spot(
    canvas: Canvas,
    x: float,
    y: float,
    wide: float,
    high: float,
    luma: float,
    alpha: float,
    slant: float = 0.0,
) -> None:
    # A soft point or streak; only luma, as the eye sees no colour in something so small.
    height, width = canvas.y.shape
    reach = wide * 2 + abs(slant) * high * 2 + 1
    left, right = max(0, int(x - reach)), min(width, int(x + reach) + 2)
    top, bottom = max(0, int(y - 2 * high - 1)), min(height, int(y + 2 * high) + 2)
    if left >= right or top >= bottom:
        return
    rows = np.arange(top, bottom, dtype=np.float32) + np.float32(0.5 - y)
    columns = np.arange(left, right, dtype=np.float32) + np.float32(0.5 - x)
    down = bell(rows / max(high, 0.6))[:, None]
    down *= np.float32(alpha)
    if slant:
        cover = bell((columns - slant * rows[:, None]) / max(wide, 0.6))
        cover *= down
    else:
        cover = bell(columns / max(wide, 0.6)) * down
    area = canvas.y[top:bottom, left:right]
    change = np.float32(luma) - area
    change *= cover
    area += change


@dataclass(frozen=True)
class Road:
    """A road to the horizon at ``(x, y)``; `spread` is its half-width one unit below that."""

    x: float
    y: float
    spread: float
    bend: float
    colour: Colour
    line: Colour
    speed: float

    def paint(self, canvas: Canvas, view: View, time: float) -> None:
        """Paint the tarmac, then the dashes of its middle, which come nearer."""
        lens = Lens(canvas.frame, view, 0.6)
        for (plane, step), tarmac, dash in zip(
            canvas.planes(), to_ycc(self.colour), to_ycc(self.line), strict=True
        ):
            rows, columns = plane.shape
            at_rows = lens.rows(rows, step)
            top = int(np.searchsorted(at_rows, self.y + 0.001))
            if top >= rows:
                continue
            below = (at_rows[top:] - self.y)[:, None]
            # A gentle bend which dies out toward the viewer.
            middle = self.x + self.bend * np.exp(-7 * below) + 0.25 * self.bend * below
            away = np.abs(lens.columns(columns, step)[None, :] - middle)
            pixel = lens.scale / step
            area = plane[top:]
            area += (np.float32(tarmac) - area) * np.clip((self.spread * below - away) * pixel + 0.5, 0, 1)
            along = 0.35 / (below + 0.02) + self.speed * time
            dashed = np.clip(np.sin(2 * np.pi * along) * 6, 0, 1)
            thin = np.clip((self.spread * 0.035 * below - away) * pixel + 0.5, 0, 1)
            area += (np.float32(dash) - area) * thin * dashed * np.float32(0.85)
