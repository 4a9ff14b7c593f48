"""From a shot's words to its layers: a landscape, seascape, town or an abstract ground, composed by chance."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Sequence

import numpy as np

from soravid.engine import outlines
from soravid.engine.canvas import Frame
from soravid.engine.effects import Clouds, Disc, Fall, Glitter, Road, Stars
from soravid.engine.layers import WALL, Cutout, Fill, Glow, Layer, Ridge, Sky
from soravid.engine.palette import Colour, Palette, mix
from soravid.engine.sprites import SPRITES, Motion, Sprite

_SUBJECTS = {
    "water": "sea ocean beach coast shore bay lagoon island lake river pond harbour harbor port pier dock sail wave waves water boat ship yacht sailboat fishing lighthouse surf surfer whale dolphin underwater reef",
    "peaks": "mountain mountains mountainous peak peaks alps alpine summit cliff cliffs fjord volcano himalaya glacier ridge",
    "hills": "hill hills valley meadow field fields countryside farm prairie grassland pasture village vineyard cabin cottage house hut barn",
    "dunes": "desert dune dunes sand sahara mars canyon",
    "city": "city skyline downtown skyscraper skyscrapers street streets urban town building buildings rooftop rooftops metropolis tokyo paris london york cyberpunk",
    "firs": "forest forests wood woods woodland pine pines fir firs tree trees jungle taiga",
    "road": "road highway street car cars driving drive motorcycle bicycle path",
    "sun": "sun sunset sunrise dawn golden",
    "moon": "moon moonlight moonlit",
    "stars": "star stars starry galaxy cosmos space milky nebula planet universe",
    "clouds": "cloud clouds cloudy sky overcast",
    "rain": "rain rainy raining storm stormy thunderstorm drizzle downpour",
    "snow": "snow snowy snowing snowfall blizzard winter christmas",
    "fog": "fog foggy mist misty haze hazy smoke",
    "kite": "kite kites",
    "birds": "bird birds gull gulls seagull seagulls eagle hawk crow crows swallow geese flock crane cranes",
    "balloon": "balloon balloons airship",
    "boat": "boat boats sailboat sailboats yacht ship ships harbour harbor regatta sailing",
    "lighthouse": "lighthouse",
    "cabin": "cabin cottage house hut barn village farm",
    "tree": "oak",
}
_OF: dict[str, list[str]] = {}
for _name, _words in _SUBJECTS.items():
    for _word in _words.split():
        _OF.setdefault(_word, []).append(_name)
_PLACES = frozenset({"water", "city", "peaks", "dunes", "firs", "hills", "road", "lighthouse", "cabin"})
_WEATHER = frozenset({"rain", "snow", "fog", "sun", "moon", "stars", "clouds"})
_GROUNDS = ("water", "city", "peaks", "dunes", "firs", "hills", "road")
THINGS = frozenset({"kite", "balloon", "boat", "ship", "sailboat", "yacht", "lighthouse"})


def read_subjects(said: Sequence[str]) -> frozenset[str]:
    """Return what can be drawn of texts: all of the first, and of the others what does not contradict it."""
    first, *others = (_subjects(text) for text in said)
    rest = frozenset[str]().union(*others)
    if first & _PLACES:
        rest -= _PLACES
    if first & _WEATHER:
        rest -= _WEATHER
    # Things that are named elsewhere only (another shot's kite) stay there; a remix names its parent's as well.
    return first | rest


def _subjects(text: str) -> frozenset[str]:
    found = re.findall(r"[a-z]+", text.lower())
    return frozenset(name for word in found for name in _OF.get(word, ()))


def compose(subjects: frozenset[str], colours: Palette, frame: Frame, seed: str) -> list[Layer]:
    """Return the layers of one shot, back to front; the same `seed` gives the same composition."""
    return _Composer(subjects, colours, frame, seed).layers()


class _Composer:
    def __init__(self, subjects: frozenset[str], colours: Palette, frame: Frame, seed: str) -> None:
        self.has = subjects
        self.colours = colours
        self.frame = frame
        self.seed = seed
        chance = self._chance("place")
        self.ground = next((name for name in _GROUNDS if name in subjects), "")
        if not self.ground:
            self.ground = chance.choice(("hills", "dunes", "peaks", "discs"))
        self.horizon = frame.half_height * chance.uniform(0.16, 0.3)
        self.reach = frame.half_width + 1.7
        self.x = outlines.places(self.reach, frame.unit)
        self.chance = self._chance("ground")
        low = self.ground in ("water", "city")
        self.sun_x = frame.half_width * chance.choice((-1, 1)) * chance.uniform(0.2, 0.55)
        lift = chance.uniform(0.1, 0.16) if low else chance.uniform(0.2, 0.3)
        self.sun_y = self.horizon - lift * (0.7 + 0.3 * frame.half_height / 0.375)
        self.sun_size = chance.uniform(0.055, 0.085)
        self.dull = bool(subjects & {"rain", "fog"}) and "sun" not in subjects and "moon" not in subjects

    def _chance(self, part: str) -> random.Random:
        # A source for each part: a remix that adds a kite must not move the hills.
        return random.Random(f"{self.seed}|{part}")  # noqa: S311 - a picture, not a secret

    def layers(self) -> list[Layer]:
        back: list[Layer] = [self._sky()]
        if "stars" in self.has or (self.colours.dark and not self.dull):
            back.append(self._stars())
        if not self.dull:
            back.append(Disc(self.sun_x, self.sun_y, self.sun_size, self.colours.light))
        if "clouds" in self.has or self.dull or self._chance("clear").random() < 0.6:
            back.append(self._clouds())
        ground = {
            "water": self._water,
            "city": self._city,
            "peaks": self._mountains,
            "dunes": self._dunes,
            "firs": self._forest,
            "hills": self._hills,
            "road": self._road,
            "discs": self._discs,
        }[self.ground]()
        return back + ground + self._weather()

    def _glow(self, strength: float, size: float) -> Glow:
        warm = mix(self.colours.light, self.colours.horizon, 0.35)
        return Glow(self.sun_x, self.sun_y, size * 1.25, size, strength, warm)

    def _sky(self) -> Sky:
        c, top = self.colours, -self.frame.half_height
        stops = [
            (top - 0.35, mix(c.top, c.near, 0.25)),
            (top, c.top),
            (top + 0.55 * (self.horizon - top), c.middle),
            (self.horizon - 0.02, c.horizon),
            (self.horizon + 0.3, mix(c.horizon, c.far, 0.5)),
        ]
        glows = (
            (self._glow(0.16, 0.55), self._glow(0.42, 0.17)) if not self.dull else (self._glow(0.12, 0.7),)
        )
        return Sky(Fill(stops, glows))

    def _land(
        self, outline: outlines.Array, at: float, depth: float, tone: float, *, mist: float = 0.5
    ) -> Ridge:
        """Place an outline with its foot `at`, coloured `tone` of the way from far to near, misty at its foot."""
        c = self.colours
        colour = _between(c, tone)
        high = at + float(outline.min())
        foot = mix(colour, mix(c.horizon, c.far, 0.35), mist * (1 - tone) ** 0.8)
        deep = mix(colour, c.near, 0.55 * tone)
        last = foot if tone < 0.75 else deep
        stops = [
            (high, mix(colour, c.light, 0.05)),
            (high + 0.45 * (at - high) + 0.02, colour),
            (at + 0.12, last),
            (at + 0.6, deep),
        ]
        glow = (self._glow(0.34 * (1 - tone), 0.34),) if not self.dull and tone < 0.9 else ()
        return Ridge(depth, outline + np.float32(at), self.reach, Fill(stops, glow))

    def _hills(self) -> list[Layer]:
        y, u = self.horizon, self.chance.uniform
        layers: list[Layer] = []
        if "peaks" in self.has or self.chance.random() < 0.35:
            layers.append(self._land(outlines.peaks(self.x, 0.17, 0.42, self.chance), y + 0.02, 0.08, 0.06))
        for index, depth in enumerate((0.2, 0.38, 0.6)):
            outline = outlines.hills(self.x, u(0.09, 0.14), u(0.75, 1.25), self.chance)
            layers.append(self._land(outline, y + 0.035 + 0.065 * index, depth, 0.1 + 0.26 * index))
        layers += self._things(y + 0.1, 0.55)
        front = outlines.hills(self.x, 0.08, 1.6, self.chance)
        if "firs" in self.has:
            front = outlines.firs(self.x, front, 0.1, self.chance, 0.7)
        layers.append(self._land(front, y + 0.24, 0.9, 0.92))
        return layers

    def _mountains(self) -> list[Layer]:
        y, u = self.horizon, self.chance.uniform
        layers: list[Layer] = []
        for index, (height, depth) in enumerate(((0.28, 0.06), (0.24, 0.18), (0.18, 0.36))):
            outline = outlines.peaks(self.x, height * u(0.9, 1.1), u(0.42, 0.62), self.chance)
            layers.append(
                self._land(outline, y + 0.03 + 0.055 * index, depth, 0.02 + 0.21 * index, mist=0.75)
            )
        layers += self._things(y + 0.1, 0.5)
        base = outlines.hills(self.x, 0.07, 1.1, self.chance)
        if "firs" in self.has or self.chance.random() < 0.6:
            layers.append(self._land(outlines.firs(self.x, base, 0.075, self.chance), y + 0.17, 0.62, 0.74))
            near = outlines.hills(self.x, 0.05, 1.4, self.chance)
            layers.append(self._land(outlines.firs(self.x, near, 0.13, self.chance, 0.6), y + 0.29, 1.0, 1.0))
        else:
            layers.append(self._land(base, y + 0.16, 0.62, 0.72))
            layers.append(self._land(outlines.hills(self.x, 0.07, 1.7, self.chance), y + 0.27, 1.0, 1.0))
        return layers

    def _dunes(self) -> list[Layer]:
        y, u = self.horizon, self.chance.uniform
        layers: list[Layer] = []
        if "peaks" in self.has:
            layers.append(self._land(outlines.peaks(self.x, 0.14, 0.5, self.chance), y, 0.06, 0.05))
        for index, depth in enumerate((0.16, 0.34, 0.58, 0.95)):
            outline = outlines.dunes(
                self.x, u(0.09, 0.13) + 0.02 * index, u(0.6, 0.8) + 0.3 * index, self.chance
            )
            if index == 3:
                layers += self._things(y + 0.1, 0.6)
            layers.append(self._land(outline, y + 0.045 + 0.085 * index, depth, 0.06 + 0.3 * index, mist=0.3))
        return layers

    def _forest(self) -> list[Layer]:
        y, u = self.horizon, self.chance.uniform
        layers: list[Layer] = []
        if "peaks" in self.has or self.chance.random() < 0.5:
            layers.append(self._land(outlines.peaks(self.x, 0.2, 0.55, self.chance), y, 0.06, 0.04, mist=0.7))
        for index, (tall, depth) in enumerate(((0.06, 0.2), (0.1, 0.42), (0.17, 0.68), (0.27, 1.0))):
            ground = outlines.hills(self.x, 0.06, u(0.9, 1.4), self.chance)
            outline = outlines.firs(self.x, ground, tall, self.chance, 1.15 - 0.22 * index)
            if index == 3:
                layers += self._things(y + 0.1, 0.6)
            layers.append(self._land(outline, y + 0.04 + 0.085 * index, depth, 0.1 + 0.3 * index, mist=0.75))
        return layers

    def _town(self, at: float) -> list[Layer]:
        layers: list[Layer] = []
        dark = self.colours.dark or sum(self.colours.middle) < 1.2
        for height, depth, tone, lit in ((0.24, 0.12, 0.14, 0.0), (0.3, 0.3, 0.5, 0.34 if dark else 0.07)):
            width = 2 * self.frame.half_width + 1.6
            mask = outlines.skyline(width, height, self.frame.unit, self.chance, wall=WALL, lit=lit)
            colour, c = _between(self.colours, tone), self.colours
            foot = mix(colour, c.horizon, 0.5 * (1 - tone))
            fill = Fill(
                [(at - height, colour), (at - 0.03, mix(colour, foot, 0.5)), (at + 0.05, foot)],
                (self._glow(0.3 * (1 - tone), 0.4),),
            )
            lamp = mix(c.accent, c.light, 0.45)
            layers.append(Cutout(depth, mask, -width / 2, at - height, width, height, fill, lamp))
        return layers

    def _city(self) -> list[Layer]:
        y = self.horizon + 0.09
        layers = self._town(y)
        layers += self._things(self.horizon, 0.45)
        if "road" in self.has and self.chance.random() < 0.5:
            layers += self._tarmac(y - 0.01)
        else:
            roofs = outlines.hills(self.x, 0.03, 1.3, self.chance)
            layers.append(self._land(roofs, y + 0.05, 0.55, 0.8))
            layers.append(self._land(outlines.hills(self.x, 0.06, 1.7, self.chance), y + 0.17, 0.9, 1.0))
        return layers

    def _road(self) -> list[Layer]:
        y = self.horizon
        far = outlines.peaks if self.chance.random() < 0.5 else outlines.hills
        layers: list[Layer] = [
            self._land(far(self.x, 0.16, 0.6, self.chance), y + 0.03, 0.08, 0.08, mist=0.7)
        ]
        layers.append(self._land(outlines.hills(self.x, 0.07, 0.9, self.chance), y + 0.045, 0.3, 0.34))
        layers += self._things(y, 0.5)
        return layers + self._tarmac(y + 0.035)

    def _tarmac(self, at: float) -> list[Layer]:
        c = self.colours
        plain = self._land(np.zeros_like(self.x), at, 0.6, 0.66)
        bend = self.chance.uniform(-0.22, 0.22)
        road = mix(_between(c, 0.9), (0.2, 0.2, 0.22), 0.2)
        x = 0.25 * self.sun_x
        return [plain, Road(x, at, 0.85, bend, road, mix(c.light, c.horizon, 0.4), 0.35)]

    def _water(self) -> list[Layer]:
        c, y, chance = self.colours, self.horizon, self.chance
        layers: list[Layer] = []
        if "city" in self.has:
            layers += self._town(y + 0.01)
        elif "peaks" in self.has or "hills" in self.has or chance.random() < 0.75:
            tall = 0.22 if "peaks" in self.has else 0.085
            shape = outlines.peaks if "peaks" in self.has else outlines.hills
            layers.append(self._land(shape(self.x, tall, 0.6, chance), y + 0.012, 0.07, 0.08, mist=0.7))
            layers.append(self._land(shape(self.x, tall * 0.6, 0.5, chance), y + 0.012, 0.14, 0.3, mist=0.6))
        mirror = mix(mix(c.horizon, c.middle, 0.3), c.far, 0.35)
        deep = _between(c, 0.62)
        fill = Fill(
            [(y, mirror), (y + 0.1, mix(mirror, deep, 0.5)), (y + 0.42, deep)],
            (Glow(self.sun_x, y, 0.3, 0.3, 0.4, mix(c.light, c.horizon, 0.4)),),
        )
        layers.append(Ridge(0.2, np.full_like(self.x, y), self.reach, fill))
        if not self.dull:
            layers.append(self._glitter(y))
        layers += self._things(y + 0.03, 0.3)
        for index, depth in enumerate((0.5, 0.72, 1.0)):
            wave = outlines.swell(self.x, 0.007 + 0.005 * index, 0.22 + 0.14 * index, chance)
            tone = 0.62 + 0.19 * index
            ridge = self._land(wave, y + 0.13 + 0.075 * index, depth, tone, mist=0.2)
            way = 0.012 if index % 2 else -0.016
            layers.append(Ridge(depth, ridge.outline, self.reach, ridge.fill, way, 0.004 + 0.002 * index))
        return layers

    def _glitter(self, y: float) -> Glitter:
        rows = []
        for _ in range(64):
            below = 0.004 + 0.2 * self.chance.random() ** 1.5
            spread = 0.02 + 0.45 * below
            rows.append(
                (
                    self.sun_x + self.chance.gauss(0, spread),
                    y + below,
                    0.012 + 0.12 * below * self.chance.uniform(0.5, 1.4),
                    0.0011 + 0.009 * below,
                    self.chance.uniform(0.45, 0.95) * (1 - 1.6 * below),
                    self.chance.uniform(0, 6.28),
                )
            )
        return Glitter(0.22, np.array(rows, np.float32), mix(self.colours.light, self.colours.horizon, 0.2))

    def _discs(self) -> list[Layer]:
        c, chance, frame = self.colours, self.chance, self.frame
        layers: list[Layer] = []
        for index in range(5):
            tone = 0.05 + 0.14 * index
            x = frame.half_width * chance.uniform(-0.95, 0.95)
            y = self.horizon + frame.half_height * chance.uniform(-0.75, 0.1)
            size = chance.uniform(0.09, 0.25) * (1 - 0.08 * index)
            colour = mix(_between(c, tone), c.accent if index == 3 else c.horizon, 0.5)
            layers.append(Disc(x, y, size, colour, 0.1 + 0.16 * index, 0.62))
        for index in range(2):
            outline = outlines.hills(self.x, 0.1, 1.2 + 0.5 * index, chance)
            layers.append(
                self._land(outline, self.horizon + 0.12 + 0.13 * index, 0.6 + 0.35 * index, 0.6 + 0.4 * index)
            )
        return layers

    def _things(self, ground: float, depth: float) -> list[Layer]:
        chance, frame = self._chance("things"), self.frame
        width, layers = frame.half_width, list[Layer]()
        side = -1 if self.sun_x > 0 else 1
        room = ground + frame.half_height  # from the top of the frame down to the ground
        if "birds" in self.has:
            layers.append(
                self._sprite(
                    "birds",
                    side * width * 0.3,
                    ground - room * 0.58,
                    0.11,
                    0.35,
                    Motion((-0.02 * side, -0.002), 0.0, 0.006),
                )
            )
        if "balloon" in self.has:
            layers.append(
                self._sprite(
                    "balloon",
                    side * width * chance.uniform(0.25, 0.5),
                    ground - room * 0.5,
                    0.125,
                    0.55,
                    Motion((0.004, -0.006), 0.004, 0.005),
                )
            )
            layers.append(
                self._sprite(
                    "balloon",
                    -side * width * 0.55,
                    ground - room * 0.62,
                    0.05,
                    0.25,
                    Motion((0.002, -0.004), 0.003, 0.003, 2.0),
                )
            )
        if "boat" in self.has:
            layers.append(
                self._sprite(
                    "boat",
                    -side * width * 0.62,
                    ground - 0.018,
                    0.035,
                    0.24,
                    Motion((0.004, 0.0), 0.0, 0.0015, 1.0),
                )
            )
            layers.append(
                self._sprite(
                    "boat",
                    side * width * chance.uniform(0.3, 0.55),
                    ground + 0.005,
                    0.085,
                    depth,
                    Motion((-0.008, 0.0), 0.0, 0.003),
                )
            )
        if "lighthouse" in self.has:
            layers.append(
                self._sprite("lighthouse", side * width * 0.55, ground - 0.085, 0.13, depth, Motion())
            )
            rock = -0.05 * np.exp(-(((self.x - side * width * 0.55) / 0.13) ** 2)) + 0.035
            layers.append(
                self._land(rock.astype(np.float32), ground + 0.05, depth, 0.8)
                if self.ground != "water"
                else self._rock(rock, ground, depth)
            )
        if "cabin" in self.has:
            layers.append(self._sprite("cabin", side * width * 0.35, ground - 0.028, 0.075, depth, Motion()))
        if "tree" in self.has:
            layers.append(self._sprite("tree", side * width * 0.4, ground - 0.08, 0.15, depth, Motion()))
        if "kite" in self.has:
            layers.append(
                self._sprite(
                    "kite",
                    side * width * chance.uniform(0.22, 0.42),
                    ground - room * 0.52,
                    0.15,
                    0.6,
                    Motion((0.0, 0.0), 0.02, 0.012),
                )
            )
        return layers

    def _rock(self, rock: outlines.Array, ground: float, depth: float) -> Layer:
        # An island: only what stands above the water is drawn, so its outline dives at both sides.
        side = np.where(rock > 0.02, np.float32(3.0), rock).astype(np.float32)
        return self._land(side, ground + 0.02, depth, 0.8)

    def _sprite(self, name: str, x: float, y: float, size: float, depth: float, motion: Motion) -> Sprite:
        phase = self._chance(name).uniform(0, math.tau)
        moved = Motion(motion.drift, motion.sway, motion.bob, motion.phase + phase)
        return Sprite(SPRITES[name](self.colours), x, y, size, depth, self.frame.unit, moved)

    def _stars(self) -> Stars:
        chance, frame = self._chance("stars"), self.frame
        many = "stars" in self.has
        points = []
        for _ in range(120 if many else 60):
            y = -frame.half_height - 0.2 + (self.horizon + frame.half_height + 0.1) * chance.random() ** 1.2
            bright = chance.random() ** 2.2 * 0.9 + 0.08
            size = 0.75 + 0.75 * bright
            points.append(
                (chance.uniform(-1, 1) * (frame.half_width + 0.4), y, size, bright, chance.uniform(0, 6.28))
            )
        return Stars(np.array(points, np.float32))

    def _clouds(self) -> Clouds:
        chance, frame = self._chance("clouds"), self.frame
        puffs = []
        heavy = self.dull or "clouds" in self.has
        for _ in range(7 if heavy else 4):
            x = chance.uniform(-1, 1) * (frame.half_width + 0.3)
            y = -frame.half_height + (self.horizon + frame.half_height) * chance.uniform(0.1, 0.82)
            for _ in range(4):
                puffs.append(
                    (
                        x + chance.gauss(0, 0.11),
                        y + chance.gauss(0, 0.012),
                        chance.uniform(0.08, 0.2),
                        chance.uniform(0.012, 0.03) * (1.5 if heavy else 1.0),
                        chance.uniform(0.18, 0.5) * (1.0 if heavy else 0.7),
                    )
                )
        c = self.colours
        colour = mix(c.horizon, c.light, 0.35) if not c.dark else mix(c.middle, c.horizon, 0.7)
        return Clouds(0.04, np.array(puffs, np.float32), colour, 0.004)

    def _weather(self) -> list[Layer]:
        chance, frame = self._chance("weather"), self.frame
        wide, tall = frame.half_width + 0.5, frame.half_height + 0.3
        drops = []
        if "snow" in self.has:
            for _ in range(130):
                depth = chance.random() ** 1.6
                size = 0.0012 + 0.0034 * depth**2
                drops.append(
                    (
                        chance.uniform(-wide, wide),
                        chance.uniform(-tall, tall),
                        size,
                        size,
                        0.35 + 0.5 * depth,
                        0.2 + depth,
                        0.045 + 0.1 * depth,
                    )
                )
            return [Fall(np.array(drops, np.float32), 0.0, 0.012)]
        if "rain" in self.has:
            for _ in range(110):
                depth = chance.random()
                drops.append(
                    (
                        chance.uniform(-wide, wide),
                        chance.uniform(-tall, tall),
                        0.0008,
                        0.012 + 0.02 * depth,
                        0.08 + 0.2 * depth,
                        0.2 + depth,
                        0.9 + 0.8 * depth,
                    )
                )
            return [Fall(np.array(drops, np.float32), -0.12, 0.0)]
        return []


def _between(colours: Palette, tone: float) -> Colour:
    return mix(colours.far, colours.near, max(0.0, min(1.0, tone)))
