"""Small things in a scene - a kite, birds, a balloon, boats, a lighthouse, a cabin - as flat cut paper.

Each is drawn once as polygons in a box of -1..1, then placed at every frame with fractions of a pixel.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from soravid.engine.camera import View
from soravid.engine.canvas import Array, Canvas, Lens
from soravid.engine.palette import Colour, Palette, mix, to_ycc

Point = tuple[float, float]
Shape = tuple[Colour, list[Point]]
_FINE = 4  # drawn this much larger, then reduced: Pillow's polygons have hard edges


@dataclass(frozen=True)
class Motion:
    """How a sprite moves by itself, in units: `drift` a second, and slowly `sway` across and `bob` up."""

    drift: Point = (0.0, 0.0)
    sway: float = 0.0
    bob: float = 0.0
    phase: float = 0.0

    def at(self, time: float) -> Point:
        """Return the displacement at `time`."""
        return (
            self.drift[0] * time + self.sway * math.sin(0.9 * time + self.phase),
            self.drift[1] * time + self.bob * math.sin(1.3 * time + self.phase),
        )


class Sprite:
    """A drawn thing at ``(x, y)`` with a half-size of `size`, all in units."""

    def __init__(
        self, shapes: list[Shape], x: float, y: float, size: float, depth: float, unit: float, motion: Motion
    ) -> None:
        self._x, self._y, self._size, self._depth, self._motion = x, y, size, depth, motion
        # Enough pixels for the strongest push-in.
        side = max(24, min(1400, int(2.6 * size * unit))) & ~1
        self._planes, self._box = _draw(shapes, side)

    def paint(self, canvas: Canvas, view: View, time: float) -> None:
        """Paint the sprite where it is now."""
        lens = Lens(canvas.frame, view, self._depth)
        aside, up = self._motion.at(time)
        size = self._size * lens.scale
        x, y = lens.x(self._x + aside), lens.y(self._y + up)
        left, top, right, bottom = self._box
        area = (x + left * size, y + top * size, x + right * size, y + bottom * size)
        (luma, alpha), (blue, red, small) = self._planes
        _place(((canvas.y, luma, 0),), alpha, area)
        _place(((canvas.u, blue, 128), (canvas.v, red, 128)), small, tuple(side / 2 for side in area))


def _place(
    planes: tuple[tuple[Array, Image.Image, int], ...], alpha: Image.Image, area: tuple[float, ...]
) -> None:
    left, top, right, bottom = area
    height, width = planes[0][0].shape
    x0, x1 = max(0, math.ceil(left)), min(width, math.floor(right))
    y0, y1 = max(0, math.ceil(top)), min(height, math.floor(bottom))
    if x0 >= x1 or y0 >= y1:
        return
    across, down = alpha.width / (right - left), alpha.height / (bottom - top)
    box = (
        (x0 - left) * across,
        (y0 - top) * down,
        min((x1 - left) * across, alpha.width),
        min((y1 - top) * down, alpha.height),
    )
    size, smooth = (x1 - x0, y1 - y0), Image.Resampling.BILINEAR
    clear = np.asarray(alpha.resize(size, smooth, box=box)) * np.float32(-1 / 255)
    clear += 1
    for plane, colour, zero in planes:
        part = plane[y0:y1, x0:x1]
        part *= clear
        part += np.asarray(colour.resize(size, smooth, box=box)) - np.float32(zero)


_Planes = tuple[tuple[Image.Image, Image.Image], tuple[Image.Image, Image.Image, Image.Image]]


def _draw(shapes: list[Shape], side: int) -> tuple[_Planes, tuple[float, float, float, float]]:
    """Return luma and coverage, at half size chroma and coverage, and the box they fill in half-sizes."""
    large = side * _FINE
    pens = [Image.new("L", (large, large), zero) for zero in (0, 128, 128, 0)]
    for colour, points in shapes:
        pixels = [((x * 0.95 + 1) * large / 2, (y * 0.95 + 1) * large / 2) for x, y in points]
        luma, blue, red = to_ycc(colour)
        for image, value in zip(pens, (luma, 128 + blue, 128 + red, 255), strict=True):
            ImageDraw.Draw(image).polygon(pixels, fill=round(value))
    planes = [image.reduce(_FINE) for image in pens]
    left, top, right, bottom = planes[3].getbbox() or (0, 0, side, side)
    # A clear margin, which the resampling at the border of the bitmap needs, on the grid of the chroma.
    box = (
        max(0, left - 4) & ~1,
        max(0, top - 4) & ~1,
        min(side, (right + 5) & ~1),
        min(side, (bottom + 5) & ~1),
    )
    place = tuple(2 * edge / side - 1 for edge in box)
    fine = [image.crop(box) for image in planes]
    drawn = (fine[0], fine[3]), (fine[1].reduce(2), fine[2].reduce(2), fine[3].reduce(2))
    return drawn, (place[0], place[1], place[2], place[3])


def _oval(x: float, y: float, wide: float, high: float, start: float = 0, end: float = 360) -> list[Point]:
    turns = np.radians(np.linspace(start, end, 73))
    return [(x + wide * math.cos(turn), y + high * math.sin(turn)) for turn in turns]


def _ribbon(points: list[Point], width: float) -> list[Point]:
    upper = [(x, y - width) for x, y in points]
    return upper + [(x, y + width) for x, y in reversed(points)]


def _kite(colours: Palette) -> list[Shape]:
    red, deep = colours.accent, mix(colours.accent, colours.near, 0.35)
    pale = mix(colours.accent, (1.0, 1.0, 1.0), 0.25)
    top, right, foot, left, heart = (0.3, -0.95), (0.62, -0.42), (-0.06, 0.3), (-0.2, -0.62), (0.16, -0.5)
    tail = [(-0.06 - 0.5 * t + 0.1 * math.sin(9 * t), 0.3 + 0.64 * t) for t in np.linspace(0, 1, 40).tolist()]
    shapes: list[Shape] = [(mix(colours.near, colours.accent, 0.3), _ribbon(tail, 0.008))]
    for t in (0.3, 0.55, 0.8):
        x, y = -0.06 - 0.5 * t + 0.1 * math.sin(9 * t), 0.3 + 0.64 * t
        shapes.append((red, [(x, y), (x - 0.09, y - 0.05), (x - 0.09, y + 0.05)]))
        shapes.append((red, [(x, y), (x + 0.09, y - 0.05), (x + 0.09, y + 0.05)]))
    shapes += [
        (pale, [top, heart, left]),
        (red, [top, right, heart]),
        (red, [left, heart, foot]),
        (deep, [heart, right, foot]),
    ]
    return shapes


def _birds(colours: Palette) -> list[Shape]:
    shapes: list[Shape] = []
    flock = [(-0.55, -0.1, 0.3), (0.0, -0.45, 0.38), (0.5, -0.2, 0.26), (0.28, 0.2, 0.2), (-0.12, 0.12, 0.17)]
    for x, y, size in flock:
        lift = [
            (t, -0.42 * math.sin(math.pi * min(1, abs(t) * 1.15)) + 0.18 * abs(t))
            for t in np.linspace(-1, 1, 41).tolist()
        ]
        upper = [(x + size * t, y + size * (h - 0.075 * (1 - abs(t)))) for t, h in lift]
        lower = [(x + size * t, y + size * (h + 0.075 * (1 - abs(t)))) for t, h in reversed(lift)]
        shapes.append((colours.near, upper + lower))
    return shapes


def _balloon(colours: Palette) -> list[Shape]:
    pale = mix(colours.accent, (1.0, 0.97, 0.9), 0.72)
    deep = mix(colours.accent, colours.near, 0.28)

    def gore(inner: float, outer: float) -> list[Point]:
        turns = np.linspace(0, 1, 40).tolist()
        # The width of the envelope from crown to mouth.
        wide = [math.sin(math.pi * min(1.0, t**0.72)) * 0.62 + 0.12 * t for t in turns]
        down = [-0.95 + 1.35 * t for t in turns]
        one = [(inner * w, y) for w, y in zip(wide, down, strict=True)]
        return one + [(outer * w, y) for w, y in reversed(list(zip(wide, down, strict=True)))]

    edges = [-1.0, -0.62, -0.22, 0.22, 0.62, 1.0]
    tones = [colours.accent, pale, colours.accent, pale, deep]
    shapes: list[Shape] = [
        (tone, gore(a, b)) for tone, a, b in zip(tones, edges[:-1], edges[1:], strict=True)
    ]
    rope = mix(colours.near, colours.far, 0.3)
    shapes += [
        (rope, [(side * 0.115, 0.4), (side * 0.125, 0.4), (side * 0.085, 0.7), (side * 0.075, 0.7)])
        for side in (-1, 1)
    ]
    shapes.append(
        (mix(colours.near, colours.accent, 0.25), [(-0.1, 0.68), (0.1, 0.68), (0.08, 0.88), (-0.08, 0.88)])
    )
    return shapes


def _boat(colours: Palette) -> list[Shape]:
    sail = mix(colours.light, colours.horizon, 0.25)
    shade = mix(sail, colours.far, 0.35)
    swell = [
        (0.0 + 0.52 * math.sin(math.pi * t) ** 0.8 * (0.35 + 0.65 * t), -0.92 + 1.36 * t)
        for t in np.linspace(0, 1, 30)
    ]
    jib = [(-0.05 - 0.46 * t - 0.06 * math.sin(math.pi * t), -0.72 + 1.14 * t) for t in np.linspace(0, 1, 30)]
    hull = [(-0.66, 0.52), (0.62, 0.52), (0.46, 0.74), (-0.44, 0.74)]
    return [
        (colours.near, [(-0.025, -0.95), (0.005, -0.95), (0.005, 0.54), (-0.025, 0.54)]),
        (sail, [*swell, (0.02, 0.44)]),
        (shade, [*jib, (-0.05, 0.42)]),
        (mix(colours.accent, colours.near, 0.15), hull),
        (colours.near, [(-0.5, 0.66), (0.53, 0.66), (0.46, 0.74), (-0.44, 0.74)]),
    ]


def _lighthouse(colours: Palette) -> list[Shape]:
    wall = mix(colours.light, colours.far, 0.3)
    stripe = mix(colours.accent, colours.near, 0.15)

    def band(top: float, foot: float) -> list[Point]:
        def half(y: float) -> float:
            return 0.13 + 0.09 * (y + 0.55) / 1.5

        return [(-half(top), top), (half(top), top), (half(foot), foot), (-half(foot), foot)]

    rock = [
        (0.05 + 0.72 * math.cos(t), 0.98 - 0.36 * math.sin(t) ** 1.4)
        for t in np.linspace(0.02, math.pi - 0.02, 40)
    ]
    lamp = mix(colours.light, (1.0, 0.9, 0.6), 0.5)
    return [
        (colours.near, [(-0.16, -0.6), (0.16, -0.6), (0.16, -0.54), (-0.16, -0.54)]),
        (lamp, [(-0.09, -0.78), (0.09, -0.78), (0.09, -0.6), (-0.09, -0.6)]),
        (stripe, [(0.0, -0.94), (0.13, -0.78), (-0.13, -0.78)]),
        *[
            (wall if part % 2 == 0 else stripe, band(-0.54 + part * 0.26, -0.28 + part * 0.26))
            for part in range(5)
        ],
        (mix(wall, colours.near, 0.55), [(0.05, -0.54), (0.13, -0.54), (0.21, 0.76), (0.08, 0.76)]),
        (mix(colours.near, colours.far, 0.2), rock),
    ]


def _cabin(colours: Palette) -> list[Shape]:
    wall, roof = mix(colours.near, colours.far, 0.18), colours.near
    glow = mix(colours.light, (1.0, 0.8, 0.4), 0.6)
    return [
        (wall, [(-0.5, 0.0), (0.5, 0.0), (0.5, 0.6), (-0.5, 0.6)]),
        (roof, [(-0.66, 0.05), (0.0, -0.55), (0.66, 0.05)]),
        (roof, [(0.22, -0.62), (0.36, -0.62), (0.36, -0.1), (0.22, -0.1)]),
        (glow, [(-0.3, 0.16), (-0.08, 0.16), (-0.08, 0.38), (-0.3, 0.38)]),
        (glow, [(0.1, 0.16), (0.3, 0.16), (0.3, 0.38), (0.1, 0.38)]),
    ]


def _tree(colours: Palette) -> list[Shape]:
    leaf = mix(colours.near, colours.accent, 0.12)
    crown = [
        (0.0, -0.42, 0.42, 0.44),
        (-0.34, -0.12, 0.34, 0.32),
        (0.34, -0.1, 0.36, 0.33),
        (0.0, 0.02, 0.5, 0.3),
    ]
    trunk = [(-0.05, 0.1), (0.05, 0.1), (0.09, 0.95), (-0.09, 0.95)]
    return [(colours.near, trunk), *[(leaf, _oval(*oval)) for oval in crown]]


SPRITES: dict[str, Callable[[Palette], list[Shape]]] = {
    "kite": _kite,
    "birds": _birds,
    "balloon": _balloon,
    "boat": _boat,
    "lighthouse": _lighthouse,
    "cabin": _cabin,
    "tree": _tree,
}
