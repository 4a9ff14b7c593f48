"""What is painted on: one frame as video planes, in floats so that slow moves and soft ramps do not step.

Planes are BT.709 luma without its offset (0..219) and the two chroma differences at half size (-112..112).
Lengths of a scene are in units of the root of the frame's area, with the origin in the middle, x right, y
down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soravid.engine.camera import View
from soravid.engine.palette import Colour, to_ycc

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Frame:
    """The shape of the clip's frames."""

    width: int
    height: int

    @property
    def unit(self) -> float:
        """Pixels of one scene unit."""
        return math.sqrt(self.width * self.height)

    @property
    def half_width(self) -> float:
        """Distance from the middle to the right edge, in units."""
        return self.width / 2 / self.unit

    @property
    def half_height(self) -> float:
        """Distance from the middle to the lower edge, in units."""
        return self.height / 2 / self.unit


class Lens:
    """How one depth of the scene is seen at one moment: units to pixels and back."""

    def __init__(self, frame: Frame, view: View, depth: float) -> None:
        self.dx, self.dy, scale = view.place(depth)
        self.scale = frame.unit * scale
        self._cx, self._cy = frame.width / 2, frame.height / 2

    def x(self, units: Any) -> Any:
        """Return pixels from the left."""
        return self._cx + self.scale * (units - self.dx)

    def y(self, units: Any) -> Any:
        """Return pixels from the top."""
        return self._cy + self.scale * (units - self.dy)

    def columns(self, count: int, step: int = 1) -> Array:
        """Return the x in units of the middles of `count` columns, each `step` pixels wide."""
        pixels = (np.arange(count, dtype=np.float32) + np.float32(0.5)) * np.float32(step)
        return ((pixels - self._cx) / self.scale + self.dx).astype(np.float32)

    def rows(self, count: int, step: int = 1) -> Array:
        """Return the y in units of the middles of `count` rows, each `step` pixels high."""
        pixels = (np.arange(count, dtype=np.float32) + np.float32(0.5)) * np.float32(step)
        return ((pixels - self._cy) / self.scale + self.dy).astype(np.float32)


class Canvas:
    """The planes of one frame: `y` ``(height, width)``, `u` and `v` ``(height/2, width/2)``, float32.

    `floor` is the row from which layers still to come will cover everything; painting below it is a waste.
    """

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.floor = frame.height
        self.y: Array = np.zeros((frame.height, frame.width), np.float32)
        self.u: Array = np.zeros((frame.height // 2, frame.width // 2), np.float32)
        self.v: Array = np.zeros_like(self.u)
        self._scratch = [np.empty(frame.height * frame.width, np.float32) for _ in range(2)]

    def scratch(self, number: int, shape: tuple[int, int]) -> Array:
        """Return one of two arrays to calculate in, with anything in it: new large ones cost page faults."""
        return self._scratch[number][: shape[0] * shape[1]].reshape(shape)

    def planes(self) -> tuple[tuple[Array, int], tuple[Array, int], tuple[Array, int]]:
        """Return each plane with the number of pixels one of its samples stands for."""
        return (self.y, 1), (self.u, 2), (self.v, 2)

    def disc(self, x: float, y: float, radius: float, colour: Colour, alpha: float = 1.0) -> None:
        """Paint a disc; middle and radius in pixels."""
        for (plane, step), value in zip(self.planes(), to_ycc(colour), strict=True):
            top, bottom = _span(y - radius, y + radius, step, plane.shape[0])
            left, right = _span(x - radius, x + radius, step, plane.shape[1])
            if top >= bottom or left >= right:
                continue
            rows = (np.arange(top, bottom, dtype=np.float32) + 0.5) * step - y
            columns = (np.arange(left, right, dtype=np.float32) + 0.5) * step - x
            distance = np.sqrt(rows[:, None] ** 2 + columns[None, :] ** 2)
            cover = np.clip((radius - distance) / step + 0.5, 0, 1) * np.float32(alpha)
            area = plane[top:bottom, left:right]
            area += (np.float32(value) - area) * cover


def _span(low: float, high: float, step: int, size: int) -> tuple[int, int]:
    return max(0, math.floor(low / step) - 1), min(size, math.ceil(high / step) + 1)


def bell(away: Any) -> Array:
    """Return ``exp(-away**2)``, never so small that products with it are denormal, which are very slow."""
    powers: Array = away * away
    np.minimum(powers, np.float32(30), out=powers)
    np.negative(powers, out=powers)
    np.exp(powers, out=powers)
    return powers
