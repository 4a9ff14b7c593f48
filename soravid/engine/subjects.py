"""What of a prompt can be drawn: its words, by the things and places the engine has a picture for. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from soravid.engine.camera import without_moves

_SUBJECTS = {
    "water": """sea ocean beach coast shore bay lagoon island lake river pond harbour harbor port pier
        dock sail wave
        waves water boat ship yacht sailboat fishing lighthouse surf surfer whale dolphin underwater reef""",
    "peaks": """mountain mountains mountainous peak peaks alps alpine summit cliff cliffs fjord volcano
        himalaya
        glacier""",
    "hills": """hill hills valley meadow field fields countryside farm prairie grassland pasture village
        vineyard
        cabin cottage house hut barn garden""",
    "dunes": "desert dune dunes sand sahara mars canyon",
    "city": """city skyline downtown skyscraper skyscrapers street streets urban town building buildings
        rooftop
        rooftops metropolis tokyo paris london york cyberpunk""",
    "firs": "forest forests wood woods woodland pine pines fir firs tree trees jungle taiga",
    "road": "road highway car cars driving drive motorcycle bicycle path",
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

# Which of several places the ground is made of; the others stand on it or behind it.
GROUNDS = ("water", "city", "peaks", "dunes", "firs", "hills", "road")
_PLACES = frozenset((*GROUNDS, "lighthouse", "cabin", "boat"))
_WEATHER = frozenset({"rain", "snow", "fog", "sun", "moon", "stars", "clouds"})
# The words whose drawing has a colour of its own to take.
COLOURED = frozenset({"kite", "balloon", "boat", "ship", "sailboat", "yacht", "lighthouse"})


def read_subjects(said: Sequence[str], elsewhere: str = "") -> frozenset[str]:
    """Return what can be drawn of texts: all of the first, and of the others what does not contradict it.

    If none names a place, they are at the place in the text `elsewhere` (other shots), without its things.
    """
    first, *others = (_subjects(text) for text in said)
    rest = frozenset[str]().union(*others)
    if first & _PLACES:
        rest -= _PLACES
    if first & _WEATHER:
        rest -= _WEATHER
    here = first | rest
    return here if here & frozenset(GROUNDS) else here | (_subjects(elsewhere) & frozenset(GROUNDS))


@lru_cache(maxsize=64)
def _subjects(text: str) -> frozenset[str]:
    found = re.findall(r"[a-z]+", without_moves(text).lower())
    return frozenset(name for word in found for name in _OF.get(word, ()))
