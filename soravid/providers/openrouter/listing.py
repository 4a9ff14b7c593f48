"""OpenRouter's own list of video models (``/videos/models``) as rows of the catalogue.

Its prices (``pricing_skus``) have some thirty names: a line is for a second, a picture or a video token, in
dollars or cents, and may hold for one resolution, with or without sound, with or without pictures only.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

from soravid.money import to_nano, to_usd
from soravid.shapes import ASPECT_RATIOS, aspect_of, resolution_of, size_of
from soravid.types import parse_size

CLASSES = {name.lower(): name for name in ("360p", "480p", "720p", "768p", "1080p", "2K", "4K")}
"""Our names of resolution classes to OpenRouter's."""
_REFERENCES = 9
"""Seedance's, as the list has no number; a model that takes fewer says so, and nothing is made."""
_TOLERANCE = Decimal("0.10")
"""By how much a bill may differ from the listed price: a fee may come on top."""
_FRAMES = 24
"""Frames a second by which Seedance counts video tokens, of 1024 pixels each (source: its model page)."""
_UNITS = {
    "duration_seconds": "second",
    "per_video_second": "second",
    "cents_per_second_output": "second",
    "cents_per_video_output_second": "second",
    "video_tokens": "token",
    "cents_per_image_input": "picture",
    "reference_images": "picture",
}
_SKU = re.compile(
    rf"(?:(?P<way>text_to_video|image_to_video|reference)_)?(?P<what>{'|'.join(_UNITS)})"
    r"(?:_(?P<sound>with|without)_audio)?(?:_(?P<resolution>\d+p|\dk))?"
)
_SIZE = re.compile(r"[1-9]\d{1,4}x[1-9]\d{1,4}")
_NOT_ASKED_FOR = re.compile(r"with_video_input|video_continuation")
"""Names of prices for what no row lets anybody ask for."""


class _Line(NamedTuple):
    """A line of a price list: nano-USD for a unit, and what it is for (empty: for all)."""

    unit: str
    nano: int
    way: str
    sound: str
    resolution: str


def row(listed: Any) -> dict[str, Any] | None:
    """A listed model as a row (``soravid.catalog.Model``).

    None for what makes no clip of a length that one asks for (upscalers, editors), or cannot be read.
    """
    try:
        lengths = listed["supported_durations"]
        seconds = sorted(length for length in lengths if isinstance(length, int) and length > 0)
        sizes = _sizes(listed)
        ends = listed.get("supported_frame_images") or ()
        sounds = listed.get("generate_audio") is True
        abilities = {
            "text": True,
            "image": "first_frame" in ends,
            "last_frame": "last_frame" in ends,
            "references": True,
            "seed": listed.get("seed") is True,
            "audio": sounds,
            "audio_off": sounds,
        }
        return {
            "id": f"openrouter/{listed['id'].strip()}",
            "title": str(listed.get("name") or listed["id"]),
            "abilities": [ability for ability, there in abilities.items() if there],
            "references": _REFERENCES,
            "seconds": [str(length) for length in seconds],
            "sizes": sizes,
            "default_seconds": str(min(seconds, key=lambda length: abs(length - 5))),
            "default_size": min(sizes, key=_unusual),
            "source": "OpenRouter's own list",
            **_prices(listed.get("pricing_skus"), sizes, sounds=sounds),
        }
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _sizes(listed: dict[str, Any]) -> list[str]:
    """The sizes that are listed, else every shape in every class; a word that we do not know is left out."""
    if exact := [size for size in listed.get("supported_sizes") or () if _SIZE.fullmatch(size)]:
        return exact
    classes = [name for name in listed["supported_resolutions"] if name.lower() in CLASSES]
    shapes = [shape for shape in listed["supported_aspect_ratios"] if shape in ASPECT_RATIOS]
    return [size_of(shape, name) for name, shape in product(classes, shapes)]


@lru_cache(512)  # models share their sizes
def _unusual(size: str) -> tuple[bool, int]:
    """How far a size is from 1280x720, the shape first."""
    return aspect_of(size) != "16:9", abs(min(parse_size(size)) - 720)


def _prices(skus: Any, sizes: list[str], *, sounds: bool) -> dict[str, Any]:
    """The prices of a row; none where a line is not understood: a part of the price would then be missing."""
    try:
        lines = [_line(name, usd) for name, usd in (skus or {}).items() if not _NOT_ASKED_FOR.search(name)]
    except (AttributeError, TypeError, ValueError):
        return {}
    # One size for each class; video tokens go by pixels, of which each shape of a class has about as many.
    classes = {resolution_of(size): size for size in sorted(sizes, key=_unusual, reverse=True)}

    def table(sound: str, *ways: str) -> dict[str, int]:
        found = {name: _second(lines, size, sound, ways) for name, size in classes.items()}
        return {name: nano for name, nano in found.items() if nano is not None}

    usual = table("with" if sounds else "without", "", "text_to_video")
    dear = table("with" if sounds else "without", "", "text_to_video", "image_to_video", "reference")
    silent = table("without", "", "text_to_video") if sounds else {}
    spread = [Decimal(dear[name]) / nano - 1 for name, nano in usual.items() if nano]
    return {
        "prices": {name: to_usd(nano) for name, nano in usual.items()},
        # A line without sound may be for every class, and dearer than one with sound for a single class.
        "silent_prices": {name: to_usd(min(nano, usual.get(name, nano))) for name, nano in silent.items()},
        "image_price": to_usd(max((line.nano for line in lines if line.unit == "picture"), default=0)),
        "tolerance": max([_TOLERANCE, *spread]),  # a clip from pictures may have a price of its own
    }


def _line(name: str, usd: Any) -> _Line:
    found = _SKU.fullmatch(name.lower().replace("-", "_"))
    if found is None:
        raise ValueError(name)
    what, *where = (found[part] or "" for part in ("what", "way", "sound", "resolution"))
    nano = to_nano(usd)
    return _Line(_UNITS[what], -(-nano // 100) if what.startswith("cents") else nano, *where)


def _second(lines: list[_Line], size: str, sound: str, ways: tuple[str, ...]) -> int | None:
    """Nano-USD for a second: by the line for its sound and class, else by a wider one; sound goes first."""
    width, height = parse_size(size)
    tokens = {"second": 1024, "token": width * height * _FRAMES}
    for wanted in product((sound, ""), (resolution_of(size), "")):
        fitting = [line for line in lines if (line.sound, line.resolution) == wanted and line.way in ways]
        found = [-(-line.nano * tokens[line.unit] // 1024) for line in fitting if line.unit in tokens]
        if found:
            return max(found)
    return None
