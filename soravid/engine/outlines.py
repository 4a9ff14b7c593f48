"""Outlines of land and town, drawn from a random source: heights in units above zero, negative is up."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

from soravid.engine.canvas import Array


def places(reach: float, unit: float) -> Array:
    """Return the x of an outline's points, from `-reach` to `reach`, about one for each pixel."""
    count = min(20_000, max(64, int(2 * reach * unit)))
    return np.linspace(-reach, reach, count, dtype=np.float32)


def hills(x: Array, height: float, length: float, chance: random.Random) -> Array:
    """Return soft hills: a few waves whose lengths do not divide each other."""
    heights = np.zeros_like(x)
    size, wave = 1.0, length
    for _ in range(5):
        heights += size * np.sin(2 * math.pi * x / wave + chance.uniform(0, 2 * math.pi)).astype(np.float32)
        size, wave = size * 0.42, wave / chance.uniform(1.75, 2.4)
    return np.asarray(-height * (0.5 + 0.5 * heights / 1.45), np.float32)


def folds(x: Array, height: float, length: float, chance: random.Random) -> Array:
    """Return long smooth folds, without detail."""
    first, second = chance.uniform(0, 2 * math.pi), chance.uniform(0, 2 * math.pi)
    wave = np.sin(2 * math.pi * x / length + first) + 0.4 * np.sin(2 * math.pi * x / (0.61 * length) + second)
    return np.asarray(-height * (0.5 + 0.5 * wave / 1.4), np.float32)


def peaks(x: Array, height: float, length: float, chance: random.Random) -> Array:
    """Return mountains: straight flanks between summits and saddles, roughened twice."""
    nodes: list[tuple[float, float]] = []
    at, up = float(x[0]) - length, True
    while at < x[-1] + length:
        nodes.append((at, chance.uniform(0.62, 1.0) if up else chance.uniform(0.12, 0.42)))
        at += length * chance.uniform(0.32, 0.62)
        up = not up
    for rough in (0.13, 0.05):
        finer: list[tuple[float, float]] = []
        for (ax, ay), (bx, by) in pairwise(nodes):
            share = chance.uniform(0.35, 0.65)
            finer += [
                (ax, ay),
                (ax + (bx - ax) * share, ay + (by - ay) * share + chance.uniform(-rough, rough)),
            ]
        nodes = [*finer, nodes[-1]]
    at_x, at_y = np.array(nodes).T
    return np.asarray(-height * np.interp(x, at_x, at_y), np.float32)


def dunes(x: Array, height: float, length: float, chance: random.Random) -> Array:
    """Return dunes: long windward backs and short lee sides."""
    bend = 0.35 * length * np.sin(2 * math.pi * x / (2.7 * length) + chance.uniform(0, 6))
    phase = ((x + bend) / length + chance.random()) % 1
    crest = chance.uniform(0.66, 0.76)
    back = 0.5 - 0.5 * np.cos(math.pi * np.clip(phase / crest, 0, 1))
    lee = 0.5 + 0.5 * np.cos(math.pi * np.clip((phase - crest) / (1 - crest), 0, 1))
    shape = np.where(phase < crest, back**1.3, lee)
    tall = 0.72 + 0.28 * np.sin(2 * math.pi * x / (3.1 * length) + chance.uniform(0, 6))
    return np.asarray(-height * shape * tall, np.float32)


def firs(x: Array, base: Array, height: float, chance: random.Random, dense: float = 1.0) -> Array:
    """Return a ground line `base` with fir trees on it, `height` tall and thinning out in places."""
    heights = base.copy()
    step = float(x[1] - x[0])
    at, phase = float(x[0]), chance.uniform(0, 6)
    while at < x[-1]:
        stand = 0.5 + 0.5 * math.sin(at * 4.2 / dense + phase)
        tall = height * chance.uniform(0.6, 1.0) * (0.5 + 0.5 * stand)
        half = tall * chance.uniform(0.19, 0.25)
        low, high = max(0, int((at - half - x[0]) / step)), min(len(x), int((at + half - x[0]) / step) + 2)
        if high - low > 2:
            away = np.abs(x[low:high] - at) / half
            # Boughs: a cone whose sides step out four times on the way down.
            boughs = 1 - away + 0.055 * ((away * 4.3) % 1 - 0.5) * (away > 0.05)
            ground = base[low:high] + np.float32(0.25 * tall)
            heights[low:high] = np.minimum(heights[low:high], ground - 1.25 * tall * np.clip(boughs, 0, 1))
        at += half * chance.uniform(0.75, 1.6) / dense
    return heights


def swell(x: Array, height: float, length: float, chance: random.Random) -> Array:
    """Return waves of water: long, round, and a little sharper at the crest than in the trough."""
    run = np.zeros_like(x)
    for share, wave in ((1.0, length), (0.5, length / 1.73), (0.25, length / 2.9)):
        turn = 2 * math.pi * x / wave + chance.uniform(0, 6)
        run += share * (np.sin(turn) - 0.25 * np.cos(2 * turn)).astype(np.float32)
    return np.asarray(-height * run / 2, np.float32)


def skyline(
    width: float, height: float, unit: float, chance: random.Random, *, wall: int, lit: float
) -> Image.Image:
    """Draw a town of `width` by `height` units: walls of value `wall`, a share `lit` of windows."""
    fine = min(1.1 * unit, 9000 / width)
    mask = Image.new("L", (int(width * fine), int(height * fine)), 0)
    pen = ImageDraw.Draw(mask)
    at, phase = -0.02 * fine, chance.uniform(0, 6)
    while at < mask.width:
        wide = fine * chance.choice((0.035, 0.045, 0.055, 0.07, 0.085))
        middle = 0.5 + 0.5 * math.sin(at / fine * 3.1 + phase)
        tall = mask.height * min(0.88, chance.uniform(0.2, 0.5) + 0.42 * middle * chance.random())
        top = mask.height - tall
        pen.rectangle((at, top, at + wide - 1, mask.height), fill=wall)
        if chance.random() < 0.35:
            inset = wide * chance.uniform(0.15, 0.3)
            pen.rectangle((at + inset, top - 0.016 * fine, at + wide - inset, top), fill=wall)
        if chance.random() < 0.16:
            pen.rectangle((at + wide / 2 - 1, top - 0.06 * fine, at + wide / 2 + 1, top), fill=wall)
        if lit > 0:
            _windows(pen, (at, top, wide, mask.height), 0.0105 * fine, chance, wall, lit)
        at += wide + fine * chance.choice((0.0, 0.0, 0.004, 0.012))
    return mask


def _windows(
    pen: ImageDraw.ImageDraw,
    house: tuple[float, float, float, float],
    cell: float,
    chance: random.Random,
    wall: int,
    lit: float,
) -> None:
    x, top, wide, foot = house
    columns = max(1, int((wide - 0.6 * cell) / cell))
    margin = (wide - columns * cell) / 2
    y = top + cell
    while y < foot:
        for column in range(columns):
            if chance.random() < lit:
                left = x + margin + (column + 0.22) * cell
                value = wall + int((255 - wall) * chance.uniform(0.35, 0.92))
                pen.rectangle((left, y, left + 0.5 * cell, y + 0.62 * cell), fill=value)
        y += 1.45 * cell
