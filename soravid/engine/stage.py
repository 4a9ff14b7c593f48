"""What the parts of one scene share: its frame, colours, horizon, light, and its sources of chance."""

from __future__ import annotations

import random

import numpy as np

from soravid.engine import outlines
from soravid.engine.canvas import Array, Frame
from soravid.engine.layers import Fill, Glow, Ridge
from soravid.engine.palette import Colour, Palette, mix
from soravid.engine.subjects import GROUNDS


class Stage:
    """The set of a shot. `has` are its subjects; lengths are in scene units."""

    def __init__(self, subjects: frozenset[str], colours: Palette, frame: Frame, seed: str) -> None:
        self.has = subjects
        self.colours = colours
        self.frame = frame
        self._seed = seed
        chance = self.chance("place")
        abstract = chance.choice(("hills", "dunes", "peaks", "rings", "rings"))
        self.ground = next((name for name in GROUNDS if name in subjects), abstract)
        self.dull = bool(subjects & {"rain", "fog"}) and not subjects & {"sun", "moon"}
        self.horizon = frame.half_height * chance.uniform(0.16, 0.3)
        self.reach = frame.half_width + 1.7
        self.x = outlines.places(self.reach, frame.unit)
        low = self.ground in ("water", "city")
        self.sun_x = frame.half_width * chance.choice((-1, 1)) * chance.uniform(0.2, 0.55)
        lift = chance.uniform(0.1, 0.16) if low else chance.uniform(0.2, 0.27)
        self.sun_y = self.horizon - lift * (0.7 + 0.3 * frame.half_height / 0.375)
        self.sun_size = chance.uniform(0.052, 0.078)

    def chance(self, part: str) -> random.Random:
        """Return a source for one part: a remix that adds a kite must not move the hills."""
        return random.Random(f"{self._seed}|{part}")  # noqa: S311 - a picture, not a secret

    def tone(self, share: float) -> Colour:
        """Return the colour of land `share` of the way from far (0) to near (1)."""
        return mix(self.colours.far, self.colours.near, max(0.0, min(1.0, share)))

    def glow(self, strength: float, size: float) -> Glow:
        """Return the light's glow of a size in units."""
        warm = mix(self.colours.light, self.colours.horizon, 0.35)
        return Glow(self.sun_x, self.sun_y, size * 1.25, size, strength, warm)

    def land(
        self,
        outline: Array,
        at: float,
        depth: float,
        tone: float,
        *,
        mist: float = 0.5,
        sway: float = 0.0,
        heave: float = 0.0,
    ) -> Ridge:
        """Place an outline with its foot `at`, coloured `tone` of the way from far to near."""
        c, colour = self.colours, self.tone(tone)
        high = at + float(outline.min())
        foot = mix(colour, mix(c.horizon, c.far, 0.35), mist * (1 - tone) ** 0.8)
        deep = mix(colour, c.near, 0.55 * tone)
        stops = [
            (high, mix(colour, c.light, 0.06 + 0.05 * tone)),
            (high + 0.45 * (at - high) + 0.02, colour),
            (at + 0.12, foot if tone < 0.75 else deep),
            (at + 0.6, deep),
        ]
        glows = (self.glow(0.34 * (1 - tone), 0.34),) if not self.dull and tone < 0.9 else ()
        placed = (outline + np.float32(at)).astype(np.float32)
        return Ridge(depth, placed, self.reach, Fill(stops, glows), sway, heave)
