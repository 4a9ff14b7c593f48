"""Typefaces: Inter, from this package, for Latin, Greek and Cyrillic; else the machine's own fonts."""

from __future__ import annotations

import os
import sys
import unicodedata
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont, features

Font = ImageFont.FreeTypeFont

_HERE = Path(__file__).parent / "fonts"
_BUNDLED = {"line": ("InterDisplay-SemiBold.ttf", "Inter-SemiBold.ttf"), "caps": ("Inter-SemiBold.ttf",)}

# Wide coverage first. Names, as the folders differ between systems and their versions.
_NAMES = (
    """
dejavusans.ttf|notosans-medium.ttf|notosans-regular.ttf|notosanscjk-medium.ttc|notosanscjk-regular.ttc
notosanscjksc-regular.otf|notosanscjkjp-regular.otf|sourcehansans-regular.ttc|pingfang.ttc
hiragino sans gb.ttc
ヒラギノ角ゴシック w6.ttc|applesdgothicneo.ttc|msyh.ttc|yugothm.ttc|meiryo.ttc|malgun.ttf|simhei.ttf
wqy-microhei.ttc|wqy-zenhei.ttc|droidsansfallbackfull.ttf|droidsansfallback.ttf
notosansarabic-medium.ttf|notosansarabic-regular.ttf|notonaskharabic-regular.ttf|geezapro.ttc|sfarabic.ttf
notosanshebrew-regular.ttf|notosansdevanagari-regular.ttf|kohinoor.ttc|nirmala.ttf|nirmala.ttc
notosansthai-regular.ttf|thonburi.ttc|leelawui.ttf|notosansbengali-regular.ttf|notosanstamil-regular.ttf
segoeui.ttf|tahoma.ttf|arialuni.ttf|arial unicode.ttf|freesans.ttf|lohit-devanagari.ttf|unifont.ttf
notosanssymbols2-regular.ttf|notosanssymbols-regular.ttf|seguisym.ttf|apple symbols.ttf|notoemoji-regular.ttf
""".strip()
    .replace("\n", "|")
    .split("|")
)


def has_shaping() -> bool:
    """Whether Pillow can join and reorder the letters of complex scripts here."""
    return bool(features.check("raqm"))


@lru_cache(maxsize=256)
def load(path: str, size: int) -> Font:
    """Return a font file at a pixel size."""
    return ImageFont.truetype(path, size)


def face(style: str, size: int) -> Font:
    """Return the bundled face for a `style`: ``line`` or ``caps``."""
    return load(str(_HERE / _BUNDLED[style][0]), size)


@lru_cache(maxsize=8192)
def file_for(style: str, char: str) -> str | None:
    """Return the font file that has a character, or None when no font here does."""
    for name in _BUNDLED[style]:
        path = str(_HERE / name)
        if _has(path, char):
            return path
    return next((path for path in _system_files() if _has(path, char)), None)


def is_ignorable(char: str) -> bool:
    """Whether a character shows nothing by itself: joiners, variation selectors, direction marks."""
    return unicodedata.category(char) in ("Cf", "Cc") or "\ufe00" <= char <= "\ufe0f"


@lru_cache(maxsize=8192)
def _has(path: str, char: str) -> bool:
    try:
        font = load(path, 24)
        glyph = font.getmask(char)
    except (OSError, ValueError):
        return False
    return (glyph.size, bytes(glyph)) != _missing(path)


@lru_cache(maxsize=64)
def _missing(path: str) -> tuple[tuple[int, int], bytes]:
    # A code point which is never assigned draws the font's mark for "no such glyph".
    glyph = load(path, 24).getmask("\U0010fffe")
    return glyph.size, bytes(glyph)


@lru_cache(maxsize=1)
def _system_files() -> tuple[str, ...]:
    found: dict[str, str] = {}
    for folder in _folders():
        for place, _, names in os.walk(folder):
            for name in names:
                found.setdefault(name.lower(), str(Path(place) / name))
    return tuple(found[name] for name in _NAMES if name in found)


def _folders() -> list[Path]:
    home = Path.home()
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA", str(home))
        return [
            Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts",
            Path(local) / "Microsoft/Windows/Fonts",
        ]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    return [
        *(Path(part) / "fonts" for part in shared.split(":")),
        home / ".local/share/fonts",
        home / ".fonts",
    ]
