"""Sizes in pixels, and the shapes and resolution classes by which many wires ask for them.

``size`` (``"1280x720"``) is what soravid says everywhere; ``16:9`` and ``720p`` are two views of it.
"""

from __future__ import annotations

import math
from fractions import Fraction

from soravid.errors import InvalidRequest, one_of
from soravid.types import parse_size

_NAMED = {1440: "2k", 2160: "4k"}
"""Classes that are not called by their shorter side."""
_SHORT_SIDE = {name: side for side, name in _NAMED.items()}
_CLASSES = {
    name: side * side * 16 // 9
    for name, side in {
        **{f"{side}p": side for side in (240, 360, 480, 540, 720, 768, 1080)},
        **_SHORT_SIDE,
    }.items()
}
"""The classes that people know, with the pixels of each in 16:9."""
ASPECT_RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3", "21:9", "9:21")
"""The shapes that providers name."""


def resolution_of(size: str) -> str:
    """The class of a size by its shorter side: ``720p``, ``1080p``, ``2k`` (1440), ``4k`` (2160)."""
    short = min(parse_size(size))
    return _NAMED.get(short, f"{short}p")


def class_of(size: str) -> str:
    """The class that a size is sold as: by its shorter side, else by its pixels, as 864x496 is ``480p``."""
    exact = resolution_of(size)
    if exact in _CLASSES:
        return exact
    width, height = parse_size(size)
    usual = [name for name in _CLASSES if name != "768p"]  # one maker's own
    return min(usual, key=lambda name: abs(math.log(_CLASSES[name] / (width * height))))


def aspect_of(size: str) -> str:
    """The named shape that is nearest to a size: ``16:9`` for ``1280x720`` and for ``848x480``."""
    width, height = parse_size(size)
    return min(ASPECT_RATIOS, key=lambda name: abs(_ratio(name) / Fraction(width, height) - 1))


def size_of(aspect_ratio: str, resolution: str) -> str:
    """Pixels for a shape and a class, in even numbers: ``("16:9", "720p")`` gives ``"1280x720"``.

    Raises:
        InvalidRequest: a shape that is not W:H, or a class such as ``720p`` or ``4k`` that is none.
    """
    ratio, short = _ratio(aspect_ratio), _short_side(resolution)
    if ratio >= 1:
        return f"{_even(short * ratio)}x{short}"
    return f"{short}x{_even(short / ratio)}"


def pick_size(
    sizes: tuple[str, ...] | None, aspect_ratio: str | None, resolution: str | None, default: str
) -> str:
    """The size that is meant by a shape, a class or both; what is not said is as in ``default``.

    ``sizes`` are those that the model takes, or None where it takes any.

    Raises:
        InvalidRequest: the model has none such; the message lists what it has.
    """
    shape = aspect_ratio or aspect_of(default)
    if sizes is None:
        return size_of(shape, resolution or resolution_of(default))
    near = aspect_of(size_of(shape, "720p"))
    alike = [size for size in sizes if aspect_of(size) == near]
    if resolution:
        alike = [
            size
            for size in alike
            if min(parse_size(size)) == _short_side(resolution) or class_of(size) == resolution.lower()
        ]
    if alike:
        return min(alike, key=lambda size: abs(_pixels(size) - _pixels(default)))
    wanted = f"{shape} at {resolution}" if resolution else shape
    has = one_of(dict.fromkeys(f"{aspect_of(size)} {class_of(size)}" for size in sizes))
    raise InvalidRequest(
        f"There is no {wanted} here; the model has {has}.",
        param="aspect_ratio" if aspect_ratio else "resolution",
    )


def _pixels(size: str) -> int:
    width, height = parse_size(size)
    return width * height


def _ratio(aspect_ratio: str) -> Fraction:
    width, _, height = aspect_ratio.partition(":")
    digits = width.isdecimal() and height.isdecimal() and len(aspect_ratio) < 12
    if not (digits and int(width) and int(height)):
        raise InvalidRequest(
            f"aspect_ratio must be W:H such as 16:9, not {aspect_ratio!r}.", param="aspect_ratio"
        )
    return Fraction(int(width), int(height))


def _short_side(resolution: str) -> int:
    word = resolution.lower()
    if word in _SHORT_SIDE:
        return _SHORT_SIDE[word]
    digits = word.removesuffix("p")
    if digits.isdecimal() and 0 < len(digits) < 5 and int(digits) >= 16:
        return int(digits)
    raise InvalidRequest(
        f"resolution must be a class such as 720p, 1080p or 4k, not {resolution!r}.", param="resolution"
    )


def _even(pixels: Fraction | float) -> int:
    return round(pixels / 2) * 2
