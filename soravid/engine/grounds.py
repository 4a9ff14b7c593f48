"""The grounds a scene can stand on, each from the far end to the near one."""

from __future__ import annotations

import numpy as np

from soravid.engine import outlines
from soravid.engine.effects import Disc, Glitter, Road
from soravid.engine.layers import WALL, Cutout, Fill, Glow, Layer, Ridge
from soravid.engine.palette import mix
from soravid.engine.stage import Stage
from soravid.engine.things import things


def build_ground(stage: Stage) -> list[Layer]:
    """Return the layers of the stage's ground and of the things on it."""
    return {
        "water": _water,
        "city": _city,
        "peaks": _mountains,
        "dunes": _dunes,
        "firs": _forest,
        "hills": _hills,
        "road": _road,
        "rings": _rings,
    }[stage.ground](stage)


def _hills(stage: Stage) -> list[Layer]:
    y, chance = stage.horizon, stage.chance("hills")
    layers: list[Layer] = []
    if "peaks" in stage.has or chance.random() < 0.35:
        layers.append(stage.land(outlines.peaks(stage.x, 0.17, 0.42, chance), y + 0.02, 0.08, 0.06))
    for index, depth in enumerate((0.2, 0.38, 0.6)):
        outline = outlines.hills(stage.x, chance.uniform(0.09, 0.14), chance.uniform(0.75, 1.25), chance)
        layers.append(stage.land(outline, y + 0.035 + 0.065 * index, depth, 0.1 + 0.26 * index))
    layers += things(stage, y + 0.1, 0.55)
    front = outlines.hills(stage.x, 0.08, 1.6, chance)
    if "firs" in stage.has:
        front = outlines.firs(stage.x, front, 0.1, chance, 0.7)
    return [*layers, stage.land(front, y + 0.24, 0.9, 0.92)]


def _mountains(stage: Stage) -> list[Layer]:
    y, chance = stage.horizon, stage.chance("peaks")
    layers: list[Layer] = []
    for index, (height, depth) in enumerate(((0.28, 0.06), (0.24, 0.18), (0.18, 0.36))):
        outline = outlines.peaks(
            stage.x, height * chance.uniform(0.9, 1.1), chance.uniform(0.42, 0.62), chance
        )
        layers.append(stage.land(outline, y + 0.03 + 0.055 * index, depth, 0.02 + 0.21 * index, mist=0.75))
    layers += things(stage, y + 0.1, 0.5)
    base = outlines.hills(stage.x, 0.07, 1.1, chance)
    if "firs" in stage.has or chance.random() < 0.6:
        layers.append(stage.land(outlines.firs(stage.x, base, 0.075, chance), y + 0.17, 0.62, 0.74))
        near = outlines.hills(stage.x, 0.05, 1.4, chance)
        return [*layers, stage.land(outlines.firs(stage.x, near, 0.13, chance, 0.6), y + 0.29, 1.0, 1.0)]
    layers.append(stage.land(base, y + 0.16, 0.62, 0.72))
    return [*layers, stage.land(outlines.hills(stage.x, 0.07, 1.7, chance), y + 0.27, 1.0, 1.0)]


def _dunes(stage: Stage) -> list[Layer]:
    y, chance = stage.horizon, stage.chance("dunes")
    layers: list[Layer] = []
    if "peaks" in stage.has:
        layers.append(stage.land(outlines.peaks(stage.x, 0.14, 0.5, chance), y, 0.06, 0.05))
    for index, depth in enumerate((0.16, 0.34, 0.58, 0.95)):
        height, length = chance.uniform(0.09, 0.13) + 0.02 * index, chance.uniform(0.6, 0.8) + 0.3 * index
        if index == 3:
            layers += things(stage, y + 0.1, 0.6)
        outline = outlines.dunes(stage.x, height, length, chance)
        layers.append(stage.land(outline, y + 0.045 + 0.085 * index, depth, 0.06 + 0.3 * index, mist=0.3))
    if "road" in stage.has:
        return [*layers[:2], *_tarmac(stage, y + 0.055), *things(stage, y + 0.08, 0.6)]
    return layers


def _forest(stage: Stage) -> list[Layer]:
    y, chance = stage.horizon, stage.chance("firs")
    layers: list[Layer] = []
    if "peaks" in stage.has or chance.random() < 0.5:
        layers.append(stage.land(outlines.peaks(stage.x, 0.2, 0.55, chance), y, 0.06, 0.04, mist=0.7))
    for index, (tall, depth) in enumerate(((0.06, 0.2), (0.1, 0.42), (0.17, 0.68), (0.27, 1.0))):
        ground = outlines.hills(stage.x, 0.06, chance.uniform(0.9, 1.4), chance)
        if index == 3:
            layers += things(stage, y + 0.1, 0.6)
        outline = outlines.firs(stage.x, ground, tall, chance, 1.15 - 0.22 * index)
        layers.append(stage.land(outline, y + 0.04 + 0.085 * index, depth, 0.1 + 0.3 * index, mist=0.75))
    return layers


def _town(stage: Stage, at: float) -> list[Layer]:
    c, chance = stage.colours, stage.chance("town")
    evening = c.dark or sum(c.middle) < 1.2
    width = 2 * stage.frame.half_width + 1.6
    layers: list[Layer] = []
    for height, depth, tone, lit in ((0.24, 0.12, 0.14, 0.0), (0.3, 0.3, 0.5, 0.34 if evening else 0.07)):
        mask = outlines.skyline(width, height, stage.frame.unit, chance, wall=WALL, lit=lit)
        colour = stage.tone(tone)
        foot = mix(colour, c.horizon, 0.5 * (1 - tone))
        stops = [(at - height, colour), (at - 0.03, mix(colour, foot, 0.5)), (at + 0.05, foot)]
        fill = Fill(stops, (stage.glow(0.3 * (1 - tone), 0.4),))
        lamp = mix(c.accent, c.light, 0.45 if evening else 0.8)
        layers.append(Cutout(depth, mask, -width / 2, at - height, width, height, fill, lamp))
    return layers


def _city(stage: Stage) -> list[Layer]:
    y, chance = stage.horizon + 0.09, stage.chance("city")
    layers = [*_town(stage, y), *things(stage, stage.horizon, 0.45)]
    if "road" in stage.has:
        return layers + _tarmac(stage, y - 0.01)
    if chance.random() < 0.5:
        # A river before the town gives its lights a second life.
        return layers + _waters(stage, y - 0.012, far=False)
    layers.append(stage.land(outlines.hills(stage.x, 0.03, 1.3, chance), y + 0.05, 0.55, 0.8))
    return [*layers, stage.land(outlines.hills(stage.x, 0.06, 1.7, chance), y + 0.17, 0.9, 1.0)]


def _road(stage: Stage) -> list[Layer]:
    y, chance = stage.horizon, stage.chance("road")
    far = outlines.peaks if "peaks" in stage.has or chance.random() < 0.5 else outlines.hills
    layers: list[Layer] = [stage.land(far(stage.x, 0.16, 0.6, chance), y + 0.03, 0.08, 0.08, mist=0.7)]
    layers.append(stage.land(outlines.hills(stage.x, 0.07, 0.9, chance), y + 0.045, 0.3, 0.34))
    return [*layers, *things(stage, y, 0.5), *_tarmac(stage, y + 0.035)]


def _tarmac(stage: Stage, at: float) -> list[Layer]:
    c = stage.colours
    plain = stage.land(np.zeros_like(stage.x), at, 0.6, 0.6)
    bend = stage.chance("bend").uniform(-0.22, 0.22)
    road = mix(stage.tone(0.92), (0.2, 0.2, 0.22), 0.2)
    line = mix(c.light, c.horizon, 0.4)
    return [plain, Road(0.25 * stage.sun_x, at, 0.85, bend, road, line, 0.35)]


def _water(stage: Stage) -> list[Layer]:
    y, chance = stage.horizon, stage.chance("coast")
    layers: list[Layer] = []
    if "city" in stage.has:
        layers += _town(stage, y + 0.01)
    elif stage.has & {"peaks", "hills", "firs"} or chance.random() < 0.75:
        tall = 0.22 if "peaks" in stage.has else 0.085
        shape = outlines.peaks if "peaks" in stage.has else outlines.hills
        layers.append(stage.land(shape(stage.x, tall, 0.6, chance), y + 0.012, 0.07, 0.08, mist=0.7))
        shore = shape(stage.x, tall * 0.6, 0.5, chance)
        if "firs" in stage.has:
            shore = outlines.firs(stage.x, shore, 0.05, chance)
        layers.append(stage.land(shore, y + 0.012, 0.14, 0.3, mist=0.6))
    return layers + _waters(stage, y, far=True)


def _waters(stage: Stage, y: float, *, far: bool) -> list[Layer]:
    c, chance = stage.colours, stage.chance("water")
    mirror = mix(mix(c.horizon, c.middle, 0.3), c.far, 0.35)
    deep = stage.tone(0.5)
    stops = [(y, mirror), (y + 0.09, mix(mirror, deep, 0.55)), (y + 0.2, deep), (y + 0.5, stage.tone(0.7))]
    light = Glow(stage.sun_x, y, 0.3, 0.24, 0.4, mix(c.light, c.horizon, 0.4))
    layers: list[Layer] = [Ridge(0.2, np.full_like(stage.x, y), stage.reach, Fill(stops, (light,)))]
    if not stage.dull:
        layers.append(_glitter(stage, y))
    if far:
        layers += things(stage, y + 0.03, 0.3)
    for index, depth in enumerate((0.42, 0.58, 0.76, 1.0)):
        wave = outlines.swell(stage.x, 0.003 + 0.0022 * index, 0.3 + 0.17 * index, chance)
        at, way = y + 0.12 + 0.055 * index, 0.012 if index % 2 else -0.016
        heave = 0.002 + 0.001 * index
        layers.append(stage.land(wave, at, depth, 0.5 + 0.14 * index, mist=0.1, sway=way, heave=heave))
    return layers


def _glitter(stage: Stage, y: float) -> Glitter:
    chance = stage.chance("glitter")
    rows = []
    for _ in range(64):
        below = 0.004 + 0.2 * chance.random() ** 1.5
        rows.append(
            (
                stage.sun_x + chance.gauss(0, 0.02 + 0.45 * below),
                y + below,
                0.012 + 0.12 * below * chance.uniform(0.5, 1.4),
                0.0011 + 0.009 * below,
                chance.uniform(0.45, 0.95) * (1 - 1.6 * below),
                chance.uniform(0, 6.28),
            )
        )
    return Glitter(0.22, np.array(rows, np.float32), mix(stage.colours.light, stage.colours.horizon, 0.2))


def _rings(stage: Stage) -> list[Layer]:
    """Rings of light round the sun over long smooth folds: what a scene without a place looks like."""
    c, chance = stage.colours, stage.chance("rings")
    pale = mix(c.light, c.horizon, 0.4)
    layers: list[Layer] = []
    for index in range(4):
        radius = stage.sun_size * (4.6 - 0.95 * index)
        layers.append(Disc(stage.sun_x, stage.sun_y, radius, pale, 0.02 * (3 - index), 0.1))
    layers.append(Disc(stage.sun_x, stage.sun_y, stage.sun_size, c.light))
    for index, depth in enumerate((0.15, 0.35, 0.6, 0.9)):
        fold = outlines.folds(stage.x, 0.1 + 0.015 * index, chance.uniform(1.1, 1.7), chance)
        layers.append(
            stage.land(fold, stage.horizon + 0.05 + 0.08 * index, depth, 0.1 + 0.29 * index, mist=0.6)
        )
        if index == 2:
            layers += things(stage, stage.horizon + 0.1, 0.55)
    return layers
