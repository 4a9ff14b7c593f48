"""From a shot's subjects and colours to its layers, back to front: sky, light, air, ground, weather."""

from __future__ import annotations

import numpy as np

from soravid.engine.canvas import Frame
from soravid.engine.effects import Clouds, Disc, Fall, Stars
from soravid.engine.grounds import build_ground
from soravid.engine.layers import Fill, Layer, Sky
from soravid.engine.palette import Palette, mix
from soravid.engine.stage import Stage


def compose(subjects: frozenset[str], colours: Palette, frame: Frame, seed: str) -> list[Layer]:
    """Return the layers of one shot; the same `seed` gives the same composition."""
    stage = Stage(subjects, colours, frame, seed)
    layers: list[Layer] = [_sky(stage)]
    if "stars" in subjects or (colours.dark and not stage.dull):
        layers.append(_stars(stage))
    if "clouds" in subjects or stage.dull or stage.chance("clear").random() < 0.6:
        layers.append(_clouds(stage))
    if not stage.dull and stage.ground != "rings":
        layers.append(Disc(stage.sun_x, stage.sun_y, stage.sun_size, colours.light))
    return layers + build_ground(stage) + _weather(stage)


def _sky(stage: Stage) -> Sky:
    c, y, top = stage.colours, stage.horizon, -stage.frame.half_height
    stops = [
        (top - 0.35, mix(c.top, c.near, 0.25)),
        (top, c.top),
        (top + 0.55 * (y - top), c.middle),
        (y - 0.02, c.horizon),
        (y + 0.3, mix(c.horizon, c.far, 0.5)),
    ]
    bright = (stage.glow(0.16, 0.55), stage.glow(0.42, 0.17))
    return Sky(Fill(stops, (stage.glow(0.12, 0.7),) if stage.dull else bright))


def _stars(stage: Stage) -> Stars:
    chance, frame = stage.chance("stars"), stage.frame
    points = []
    for _ in range(130 if "stars" in stage.has else 60):
        y = -frame.half_height - 0.2 + (stage.horizon + frame.half_height + 0.1) * chance.random() ** 1.2
        bright = chance.random() ** 2.2 * 0.9 + 0.08
        x = chance.uniform(-1, 1) * (frame.half_width + 0.4)
        points.append((x, y, 0.75 + 0.75 * bright, bright, chance.uniform(0, 6.28)))
    return Stars(np.array(points, np.float32))


def _clouds(stage: Stage) -> Clouds:
    chance, frame, c = stage.chance("clouds"), stage.frame, stage.colours
    heavy = stage.dull or "clouds" in stage.has
    clouds = []
    for _ in range(7 if heavy else 4):
        x = chance.uniform(-1, 1) * (frame.half_width + 0.3)
        y = -frame.half_height + (stage.horizon + frame.half_height) * chance.uniform(0.1, 0.82)
        clouds.append(
            [
                (
                    x + chance.gauss(0, 0.11),
                    y + chance.gauss(0, 0.012),
                    chance.uniform(0.08, 0.2),
                    chance.uniform(0.012, 0.03) * (1.5 if heavy else 1.0),
                    chance.uniform(0.18, 0.5) * (1.0 if heavy else 0.7),
                )
                for _ in range(4)
            ]
        )
    colour = mix(c.middle, c.horizon, 0.7) if c.dark else mix(c.horizon, c.light, 0.35)
    return Clouds(0.04, np.array(clouds, np.float32), colour, 0.004)


def _weather(stage: Stage) -> list[Layer]:
    chance = stage.chance("weather")
    wide, tall = stage.frame.half_width + 0.5, stage.frame.half_height + 0.3
    rows = []
    if "snow" in stage.has:
        for _ in range(120):
            depth = chance.random() ** 1.5
            size = 0.0014 + 0.004 * depth**2
            x, y = chance.uniform(-wide, wide), chance.uniform(-tall, tall)
            rows.append((x, y, size, size, 0.35 + 0.5 * depth, 0.2 + depth, 0.045 + 0.1 * depth))
        return [Fall(np.array(rows, np.float32), 0.0, 0.012)]
    if "rain" in stage.has:
        for _ in range(90):
            depth = chance.random()
            x, y = chance.uniform(-wide, wide), chance.uniform(-tall, tall)
            rows.append(
                (x, y, 0.0008, 0.012 + 0.02 * depth, 0.08 + 0.2 * depth, 0.2 + depth, 0.9 + 0.8 * depth)
            )
        return [Fall(np.array(rows, np.float32), -0.12, 0.0)]
    return []
