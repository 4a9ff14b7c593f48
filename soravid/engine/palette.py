"""Colours: from a prompt's own words to the seven colours of a scene. Pure; mixing is done in OKLab."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

Colour = tuple[float, float, float]  # sRGB, 0..1


@dataclass(frozen=True)
class Palette:
    """The colours of a scene. `dark` says that it is night: lights are on and stars may show."""

    top: Colour
    middle: Colour
    horizon: Colour
    far: Colour
    near: Colour
    light: Colour
    accent: Colour
    dark: bool = False


def _hex(text: str) -> Colour:
    return int(text[0:2], 16) / 255, int(text[2:4], 16) / 255, int(text[4:6], 16) / 255


def _palette(top: str, middle: str, horizon: str, far: str, near: str, light: str, accent: str) -> Palette:
    dark = sum(_hex(horizon)) < 1.2
    return Palette(
        _hex(top), _hex(middle), _hex(horizon), _hex(far), _hex(near), _hex(light), _hex(accent), dark
    )


_MOODS = {
    "dawn": _palette("37477a", "b98aa6", "ffd3ac", "9c84a8", "221f3c", "fff0d8", "e2503f"),
    "day": _palette("3a7fc2", "86bbe2", "e9f2ee", "8bb2c6", "173f49", "fffbea", "e8623a"),
    "golden": _palette("b8713a", "eeb060", "ffe6b4", "cf8d55", "40201a", "fff6dd", "d9472b"),
    "sunset": _palette("2a2150", "a63f63", "ff9d5c", "86406a", "190f2c", "ffe2ab", "ffce5c"),
    "dusk": _palette("151d44", "4a4d86", "dd9c9c", "4c4c80", "10132b", "f9e6d4", "f0a45a"),
    "night": _palette("050b1f", "0f2346", "2d4f7c", "1c3459", "050a18", "eef3ff", "ffcf7a"),
    "storm": _palette("333c47", "66727e", "b7bfc2", "75818a", "1b232a", "e9eeef", "e0b24c"),
    "snow": _palette("7f9dbc", "b9ccde", "f4f0ec", "a5bacd", "31465d", "fffdf6", "c8453c"),
    "forest": _palette("5f9381", "adcbaa", "f0f1d6", "7fa58e", "10302a", "fffbe0", "e3a33b"),
    "sea": _palette("0f5163", "359597", "d6ebdd", "468f97", "06262f", "fff9e2", "f2664f"),
    "desert": _palette("6d9aa8", "e6cfa8", "f8e2bd", "d19d70", "56291c", "fff8e4", "c6452f"),
    "autumn": _palette("81645f", "d59a6a", "f6d8aa", "b26a45", "371816", "fff1d6", "d8432b"),
    "neon": _palette("0b0a25", "401463", "f0428f", "4c2077", "0a0619", "9ff4ff", "35e0e6"),
    "space": _palette("04050f", "0e1030", "2b2560", "1d1c4a", "05050f", "f4f1ff", "8fd2ff"),
    "dream": _palette("5d5aa8", "b58fcf", "ffdfe6", "a08ac4", "2a2350", "fffaf0", "ff7d8d"),
    "calm": _palette("2f4f6f", "7fa3b5", "f0e4d2", "7d9bab", "182a3b", "fff6e6", "d9623f"),
}

_TIMES = {
    "dawn": "dawn sunrise daybreak morning",
    "golden": "golden gold honey amber",
    "sunset": "sunset sundown",
    "dusk": "dusk twilight evening",
    "night": "night midnight moonlit moonlight nighttime nocturnal stars starry moon",
    "neon": "neon cyberpunk synthwave vaporwave nightclub",
    "storm": "storm stormy overcast grey gray rain rainy raining fog foggy mist misty thunder gloomy noir",
    "snow": "snow snowy snowfall winter ice icy frozen frost arctic glacier blizzard",
    "autumn": "autumn fall autumnal leaves",
    "space": "space galaxy cosmos nebula planet planets astronaut universe",
    "desert": "desert dune dunes sahara sand savanna canyon mars",
    "day": "day noon midday sunny daylight sky summer",
    "forest": "forest jungle woods woodland rainforest meadow spring garden field",
    "sea": "sea ocean underwater reef lagoon beach coast harbour harbor lake island wave waves",
    "dream": "dream dreamy surreal magical fairy pastel",
}
_MOOD_OF = {word: mood for mood, words in _TIMES.items() for word in words.split()}
# In the order of `_TIMES`: the hour says more about the light than the place does.
_RANK = {mood: rank for rank, mood in enumerate(_TIMES)}

_COLOURS = {
    "red": "d8352f", "crimson": "b3123a", "scarlet": "e0301e", "orange": "f0802a", "yellow": "f6c633",
    "green": "3a9a55", "emerald": "14966a", "teal": "128a8a", "turquoise": "2bb8b0", "cyan": "28b7d8",
    "blue": "2f6fd0", "navy": "1b2f66", "indigo": "43389c", "violet": "7a4bc4", "purple": "7d3fb0",
    "lavender": "a48fd8", "pink": "f08bb0", "rose": "e2647f", "magenta": "cf2f8f", "coral": "ff7a5c",
    "brown": "7a4f35", "copper": "b8693d", "white": "f6f4ee", "black": "1b1d22", "silver": "b9c2ca",
    "olive": "7c8a3a", "mint": "8fd8b5", "peach": "ffb58f",
}  # fmt: skip
_HASHED = ("dawn", "golden", "dusk", "sea", "forest", "dream", "calm", "desert", "sunset")
_WORD = re.compile(r"[a-z]+")


def choose_palette(
    said: Sequence[str], things: frozenset[str], chance: random.Random, elsewhere: str = ""
) -> Palette:
    """Choose colours by the hour, weather, place and colour words of texts; the first of `said` wins.

    If none names an hour or a place, that of the text `elsewhere` (the other shots) holds; else it is chance.
    A colour word right before one of the `things` that can be drawn (``red kite``) colours that instead.
    """
    found = [_colours(_WORD.findall(text.lower()), things) for text in said]
    mood = next((mood for text in (*said, elsewhere) if (mood := _mood(text)) is not None), None)
    accent = next((one for one, _ in found if one is not None), None)
    tint = next((two for _, two in found if two is not None), None)
    if mood is not None:
        palette = _MOODS[mood] if tint is None else _tinted(_MOODS[mood], tint, 0.4)
    elif tint is not None:
        palette = _tinted(_MOODS["calm"], tint, 0.72)
    else:
        palette = _turned(_MOODS[chance.choice(_HASHED)], chance.uniform(-14, 14))
    return replace(palette, accent=accent) if accent is not None else palette


def _mood(text: str) -> str | None:
    moods = (_MOOD_OF[word] for word in _WORD.findall(text.lower()) if word in _MOOD_OF)
    return min(moods, key=_RANK.__getitem__, default=None)


def _colours(words: list[str], things: frozenset[str]) -> tuple[Colour | None, Colour | None]:
    accent = tint = None
    for index, word in enumerate(words):
        if word not in _COLOURS:
            continue
        following = {name.removesuffix("s") for name in words[index + 1 : index + 3]}
        if accent is None and following & things:
            accent = _hex(_COLOURS[word])
        elif tint is None:
            tint = _hex(_COLOURS[word])
    return accent, tint


def _tinted(palette: Palette, tint: Colour, amount: float) -> Palette:
    # The tint gives hue and chroma; lightness stays, so that a scene keeps its depth and its text its
    # contrast.
    _, ta, tb = _to_oklab(tint)

    def shift(colour: Colour, share: float) -> Colour:
        light, a, b = _to_oklab(colour)
        keep = 1 - amount * share
        mixed_a, mixed_b = a * keep + ta * (1 - keep) * 0.8, b * keep + tb * (1 - keep) * 0.8
        # Opposite hues mix to grey; give back the strength they had.
        wanted = math.hypot(a, b) * keep + math.hypot(ta, tb) * (1 - keep) * 0.6
        lift = min(2.5, max(1.0, wanted / max(1e-6, math.hypot(mixed_a, mixed_b))))
        return _from_oklab((light, mixed_a * lift, mixed_b * lift))

    return replace(
        palette,
        top=shift(palette.top, 1.0),
        middle=shift(palette.middle, 1.0),
        horizon=shift(palette.horizon, 0.45),
        far=shift(palette.far, 1.0),
        near=shift(palette.near, 0.6),
    )


def _turned(palette: Palette, degrees: float) -> Palette:
    turn = math.radians(degrees)

    def rotate(colour: Colour) -> Colour:
        light, a, b = _to_oklab(colour)
        return _from_oklab(
            (light, a * math.cos(turn) - b * math.sin(turn), a * math.sin(turn) + b * math.cos(turn))
        )

    return replace(
        palette,
        top=rotate(palette.top),
        middle=rotate(palette.middle),
        far=rotate(palette.far),
        near=rotate(palette.near),
    )


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Mix `share` (0..1) of the second colour into the first, evenly to the eye."""
    one, two = _to_oklab(first), _to_oklab(second)
    return _from_oklab(
        (
            one[0] + (two[0] - one[0]) * share,
            one[1] + (two[1] - one[1]) * share,
            one[2] + (two[2] - one[2]) * share,
        )
    )


def to_ycc(colour: Colour) -> Colour:
    """Return BT.709 luma in 0..219 and the two chroma differences in -112..112."""
    red, green, blue = colour
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return 219 * luma, 224 * (blue - luma) / 1.8556, 224 * (red - luma) / 1.5748


def _to_oklab(colour: Colour) -> Colour:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _from_oklab(lab: Colour) -> Colour:
    light, a, b = lab
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    red, green, blue = (
        12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055
        for c in (min(1, max(0, c)) for c in linear)
    )
    return red, green, blue
