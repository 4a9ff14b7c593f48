"""From camera words to a camera: a shot's moves, and where they put every depth of the scene. Pure."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

_BETWEEN = r"(?:\s+(?!up\b|down\b|left\b|right\b)[\w'-]+){0,3}?\s+"
_SIDE = r"(?P<side>left|right)(?:ward|wards)?"
_LIFT = r"(?P<side>up|down)(?:ward|wards)?"
_PAN = r"\bpan(?:s|ning|ned)?\b"
# "A car moves left" is the subject's way; of the words that subjects also use, only the camera's count.
_TRUCK = r"\b(?:truck(?:s|ing)?|track(?:s|ing)?|doll(?:y|ies|ying)|camera\s+(?:mov|slid|glid)(?:es|ing))\b"
_LIFTER = r"\b(?:crane|craning|cranes|pedestal|boom|jib)s?\b"

# The first that fits at a place wins; a side that is not said is the default after the colon.
_WORDS = [
    (rf"{_PAN}[^.;]{{0,60}}?\bfrom\s+(?:the\s+)?(?:left|right)\s+to\s+(?:the\s+)?{_SIDE}", "pan"),
    (rf"{_PAN}{_BETWEEN}{_SIDE}", "pan"),
    (rf"{_PAN}{_BETWEEN}{_LIFT}", "tilt"),
    (rf"\b{_SIDE}\s+pan\b", "pan"),
    (
        r"\b(?:camera|slow|slowly|gentle|smooth|fast|quick|whip|wide)\s+pans?\b|\bpanning\b|\bpans?\s+(?:across|over|along)\b",
        "pan:right",
    ),
    (rf"\btilt(?:s|ing|ed)?\b{_BETWEEN}{_LIFT}", "tilt"),
    (rf"\b{_LIFT}\s+tilt\b", "tilt"),
    (r"\btilt\b|\btilting\s+shot\b", "tilt:up"),
    (rf"{_LIFTER}{_BETWEEN}{_LIFT}", "crane"),
    (r"\bcrane\s+shot\b|\bjib\s+shot\b", "crane:up"),
    (rf"{_TRUCK}{_BETWEEN}{_SIDE}", "truck"),
    (r"\btrack(?:ing)?\s+shot\b", "truck:right"),
    (r"\b(?:zoom(?:s|ing)?)\b(?:\s+\w+){0,2}?\s+out\b", "zoom:out"),
    (r"\bzoom(?:s|ing)?\b", "zoom:in"),
    (
        r"\b(?:pull(?:s|ing)?[\s-]+(?:out|back|away)|doll(?:y|ies|ying)\s+(?:out|back|backwards?)|pull-?out|pullback)\b",
        "dolly:out",
    ),
    (
        r"\bpush(?:es|ing)?[\s-]+in\b|\bdoll(?:y|ies|ying)\s+(?:in|into|forwards?|towards?)\b|\bdolly\b",
        "dolly:in",
    ),
    (
        r"\bcamera\s+(?:flies|moves|glides)\s+(?:forwards?|through|towards?|into|over)\b|\bfly-?over\b|\bdrone\b",
        "dolly:in",
    ),
    (r"\borbit(?:s|ing)?\b|\barc\s+shot\b|\bcircl(?:es|ing)\s+around\b|\b360\b", "orbit:right"),
    (r"\bhand-?held\b|\bshaky\b", "handheld:"),
    (
        r"\bstatic\b|\blocked(?:[\s-]+(?:off|down))?\b|\btripod\b|\b(?:still|fixed)\s+(?:camera|frame)\b|\bno\s+camera\s+move",
        "static:",
    ),
]
_PATTERNS = [(re.compile(pattern, re.IGNORECASE), name) for pattern, name in _WORDS]
_THEN = re.compile(r"\bthen\b|\bfollowed by\b", re.IGNORECASE)
_SLOW = re.compile(r"\bslow(?:ly)?\b|\bgent(?:le|ly)\b|\bsubt(?:le|ly)\b", re.IGNORECASE)
_FAST = re.compile(r"\bfast\b|\bquick(?:ly)?\b|\brapid(?:ly)?\b|\bwhip\b|\bswift(?:ly)?\b", re.IGNORECASE)


@dataclass(frozen=True)
class Move:
    """One movement, such as ``pan`` ``left``, with its amount (1 is usual)."""

    name: str
    side: str = ""
    amount: float = 1.0

    @property
    def label(self) -> str:
        """The words of a storyboard's note, such as ``PAN LEFT``."""
        shown = {("dolly", "in"): "push in", ("dolly", "out"): "pull back", ("orbit", "right"): "orbit"}
        return shown.get((self.name, self.side), f"{self.name} {self.side}".strip()).upper()


Phases = tuple[tuple[Move, ...], ...]
DEFAULT: Phases = ((Move("drift"),),)


def read_moves(text: str) -> Phases:
    """Find the moves in a shot's text: phases one after another (``then``), each of moves at the same time.

    Without camera words the shot gets a very slow push-in.
    """
    phases = tuple(moves for part in _THEN.split(text) if (moves := _phase(part)))
    return phases or DEFAULT


def _phase(text: str) -> tuple[Move, ...]:
    amount = 0.6 if _SLOW.search(text) else 1.7 if _FAST.search(text) else 1.0
    moves: dict[str, Move] = {}
    for pattern, name in _PATTERNS:
        for found in pattern.finditer(text):
            kind, _, side = name.partition(":")
            said = found.groupdict().get("side") or side
            moves.setdefault(kind, Move(kind, said.lower(), amount))
        # Blank what was understood, so that a later pattern does not read it a second time.
        text = pattern.sub(" . ", text)
    return tuple(moves.values())


@lru_cache(maxsize=64)
def without_moves(text: str) -> str:
    """Return a text without its camera words, of which some (``crane``) also name things."""
    for pattern, _ in _PATTERNS:
        text = pattern.sub(" . ", text)
    return text


@dataclass(frozen=True)
class View:
    """Where the camera is at one frame, in scene units (the root of the frame's area in pixels)."""

    turn: tuple[float, float] = (0.0, 0.0)
    shift: tuple[float, float] = (0.0, 0.0)
    around: float = 0.0
    zoom: float = 0.0
    near: float = 0.0

    def place(self, depth: float) -> tuple[float, float, float]:
        """Return ``(dx, dy, scale)`` for things at `depth` (0 the sky, 1 the foreground)."""
        turning, shifting = 0.55 + 0.45 * depth, 0.08 + 0.92 * depth
        dx = self.turn[0] * turning + self.shift[0] * shifting + self.around * (depth - 0.4)
        dy = self.turn[1] * turning + self.shift[1] * shifting
        return dx, dy, math.exp(self.zoom * (0.8 + 0.2 * depth) + self.near * (0.15 + 0.85 * depth))

    def __add__(self, other: View) -> View:
        return View(
            (self.turn[0] + other.turn[0], self.turn[1] + other.turn[1]),
            (self.shift[0] + other.shift[0], self.shift[1] + other.shift[1]),
            self.around + other.around,
            self.zoom + other.zoom,
            self.near + other.near,
        )


def view_at(phases: Phases, time: float, seconds: float) -> View:
    """Return the camera at `time` of a shot of `seconds`; the phases share the shot equally."""
    share = seconds / len(phases)
    # Later phases start where earlier ones ended; the whole is centred, so a move begins as far out as it
    # ends.
    view = View()
    for index, moves in enumerate(phases):
        done = _ease((time - index * share) / share)
        for move in moves:
            view += _moved(move, done, time, share)
    return view


def _ease(part: float) -> float:
    # Constant speed with a quarter of the time spent on starting and on stopping.
    part = min(1.0, max(0.0, part))
    ramp = 0.25
    if part < ramp:
        area = part * part / (2 * ramp)
    elif part > 1 - ramp:
        area = 1 - ramp - (1 - part) ** 2 / (2 * ramp)
    else:
        area = part - ramp / 2
    return area / (1 - ramp)


def _moved(move: Move, done: float, time: float, seconds: float) -> View:
    # Longer shots travel further, but never so far that the scene runs out.
    reach = move.amount * (1 - math.exp(-seconds / 4))
    way = -1.0 if move.side in ("left", "up", "out") else 1.0
    travel = way * reach * (done - 0.5)
    match move.name:
        case "pan":
            return View(turn=(0.75 * travel, 0.0))
        case "tilt":
            return View(turn=(0.0, 0.42 * travel))
        case "truck":
            return View(shift=(0.85 * travel, 0.0))
        case "crane":
            return View(shift=(0.0, 0.42 * travel))
        case "zoom":
            return View(zoom=way * 0.75 * reach * (done if way > 0 else done - 1.0))
        case "dolly":
            return View(near=way * 0.75 * reach * (done if way > 0 else done - 1.0))
        case "orbit":
            return View(around=1.1 * travel)
        case "handheld":
            return View(turn=_tremor(time, move.amount))
        case "drift":
            return View(near=0.16 * (1 - math.exp(-seconds / 5)) * done)
        case _:
            return View()


def _tremor(time: float, amount: float) -> tuple[float, float]:
    x = math.sin(2.1 * time) + 0.6 * math.sin(3.7 * time + 1.3) + 0.3 * math.sin(6.1 * time + 0.4)
    y = math.sin(1.7 * time + 2.0) + 0.6 * math.sin(4.3 * time) + 0.3 * math.sin(5.3 * time + 2.6)
    return 0.004 * amount * x, 0.003 * amount * y
