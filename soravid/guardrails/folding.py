"""Text as a reader sees it: one spelling for all the ways to write the same letters.

Look-alikes are from Unicode's security data (UTS 39, confusables of 15.1, letters only); what may stand for
more than one letter is in ``READINGS``.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

_LOOK_ALIKES = {
    "a": "ɑαаᎪᗅꓮ",
    "b": "ƅβвьᏏᏴᑲᖯᗷꓐꞵ",
    "c": "сϲᏟᴄⲥꓚ𐐽",
    "d": "ԁᎠᏧᑯᗞᗪꓒꓓ",
    "e": "εеҽᎬꓰꬲ",
    "f": "ϝքᖴẝꓝꞙꬵ",
    "g": "ƍɡԍցᏀᏳᶃꓖ",
    "h": "нһհᎻᏂᕼⲏꓧ",
    "i": "ıɪіɩιᎥꙇ",
    "j": "ʝϳјᎫᒍꓙ",
    "k": "ĸκкᏦⲕꓗ",
    "l": "ǀӏᏞᒪⲓⳑꓡꓲ𐑃",
    "m": "μϻмᎷᗰⲙꓟ",
    "n": "ոռⲛꓠ",
    "o": "οσоօჿᴏᴑⲟꓳꬽ𐐬",
    "p": "ρрᏢᑭⲣꓑ",
    "q": "ԛգզ",
    "r": "ʀгᎡᎱᏒᖇᴦⲅꓣꭇꭈ",
    "s": "ƽѕտᏕᏚꓢꜱ𐑈",
    "t": "τтᎢⲧꓔ",
    "u": "ʋսᑌᴜꓴꞟꭎꭒ",
    "v": "ѵᏙᐯᴠꓦ",
    "w": "ɯѡԝաᎳᏔᴡꓪ",
    "x": "χхᕁᕽⲭꓫꭓ",
    "y": "ɣʏγуүყᎩᎽᶌỿⲩꓬꭚ",
    "z": "ζᏃᴢꓜ",
}
_LETTER = {other: letter for letter, others in _LOOK_ALIKES.items() for other in others}

READINGS = (
    {"0": "o", "1": "il", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g"}
    | {"@": "a", "$": "s", "€": "e", "!": "i", "|": "il"}
    | {"η": "hn", "ν": "nv", "υ": "uy"}
)
"""What a folded character may be read as, beside itself."""

# "LATIN SMALL LETTER O WITH STROKE", "NEGATIVE CIRCLED LATIN CAPITAL LETTER K", "... SYMBOL LETTER K"
_LATIN = re.compile(
    r"(?:.* )?(?:LATIN (?:SMALL|CAPITAL) LETTER|LATIN LETTER SMALL CAPITAL|SYMBOL LETTER)"
    r" (?:[A-Z]+ )?([A-Z])(?: WITH .*)?"
)
# Shown as nothing, but no format characters by their category.
_BLANK = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_INDIC = "\u0900"
"""The first letter of the scripts in which a mark may make another letter."""
_SPACES = frozenset("\t\n\v\f\r\x1c\x1d\x1e\x1f\x85")


class Folded(NamedTuple):
    """A folded text, and for each of its characters where that came from.

    ``where`` has one entry more than ``text``: the length of the original.
    """

    text: str
    where: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The part of the original behind ``text[start:end]``, with what is invisible at its end."""
        return self.where[start], max(self.where[end], self.where[end - 1] + 1)


def fold(text: str) -> Folded:
    """Fold case, width, style, accents, look-alikes of Latin letters, and what is not visible at all.

    Digits stay, since they may be meant: ``READINGS`` tells what they look like. Marks go from the letters of
    Europe and the Near East; elsewhere those stay that make another letter (Indic vowels, Japanese voicing).
    """
    letters: list[str] = []
    where: list[int] = []
    last = ""
    for place, character in enumerate(text):
        for letter in _letters(character):
            if unicodedata.category(letter) not in {"Mn", "Me"}:
                last = letter
            elif last < _INDIC or _is_accent(letter):
                continue
            letters.append(letter)
            where.append(place)
    return Folded("".join(letters), (*where, len(text)))


@lru_cache(maxsize=8192)
def _letters(character: str) -> str:
    """One character as what it is read as: none, one or several, marks behind their letter."""
    folded = character.casefold()
    if folded.isascii() and folded.isprintable():
        return folded
    return "".join(_letter(part) for one in folded for part in _parts(one))


def _parts(character: str) -> str:
    if character in _LETTER:
        return character
    if unicodedata.category(character)[0] not in "MC":  # no mark, nothing invisible
        name = unicodedata.name(character, "")
        if found := _LATIN.fullmatch(name):
            return found[1].lower()
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())


def _letter(character: str) -> str:
    kind = unicodedata.category(character)
    if character in _BLANK or kind in {"Cf", "Cs"} or (kind == "Cc" and character not in _SPACES):
        return ""
    return _LETTER.get(character, character)


def _is_accent(mark: str) -> bool:
    # By canonical combining class: 1 is an overlay, from 200 on accents, 0 variation selectors among others.
    place = unicodedata.combining(mark)
    if place == 0:
        return unicodedata.category(mark) == "Me" or "VARIATION SELECTOR" in unicodedata.name(mark, "")
    return place == 1 or place >= 200
