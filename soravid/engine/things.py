"""Where the small things of a scene stand, fly or float."""

from __future__ import annotations

import math

from soravid.engine.layers import Layer
from soravid.engine.sprites import SPRITES, Motion, Sprite
from soravid.engine.stage import Stage


def things(stage: Stage, ground: float, depth: float) -> list[Layer]:
    """Return the sprites of a stage, those on the ground at the height `ground` and of that depth."""
    chance, width = stage.chance("things"), stage.frame.half_width
    near, far, high = chance.uniform(0.25, 0.5), chance.uniform(0.3, 0.55), chance.uniform(0.22, 0.42)
    side = -1 if stage.sun_x > 0 else 1  # away from the sun
    room = ground + stage.frame.half_height  # from the top of the frame down to the ground
    layers: list[Layer] = []

    def add(
        name: str, x: float, y: float, size: float, deep: float, *, drift: tuple[float, float] = (0.0, 0.0),
        sway: float = 0.0, bob: float = 0.0,
    ) -> None:  # fmt: skip
        phase = stage.chance(name).uniform(0, math.tau)
        motion = Motion(drift, sway, bob, phase)
        layers.append(Sprite(SPRITES[name](stage.colours), x, y, size, deep, stage.frame.unit, motion))

    if "birds" in stage.has:
        add(
            "birds",
            side * width * 0.3,
            ground - room * 0.6,
            0.11,
            0.35,
            drift=(-0.02 * side, -0.002),
            bob=0.006,
        )
    if "balloon" in stage.has:
        add(
            "balloon", -side * width * 0.6, ground - room * 0.64, 0.05, 0.25, drift=(0.002, -0.004), bob=0.003
        )
        add(
            "balloon", side * width * near, ground - room * 0.5, 0.125, 0.55, drift=(0.004, -0.006), bob=0.005
        )
    if "boat" in stage.has:
        add("boat", -side * width * 0.62, ground - 0.018, 0.035, 0.24, drift=(0.004, 0.0), bob=0.0015)
        add("boat", side * width * far, ground + 0.005, 0.085, depth, drift=(-0.008, 0.0), bob=0.003)
    if "lighthouse" in stage.has:
        add("lighthouse", side * width * 0.55, ground - 0.1, 0.15, depth)
    # On the right, clear of the line of text.
    if "cabin" in stage.has:
        add("cabin", width * 0.42, ground - 0.04, 0.075, depth)
    if "tree" in stage.has:
        add("tree", width * 0.5, ground - 0.09, 0.15, depth)
    if "kite" in stage.has:
        add("kite", side * width * high, ground - room * 0.52, 0.15, 0.6, sway=0.02, bob=0.012)
    return layers
