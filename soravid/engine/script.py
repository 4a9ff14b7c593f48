"""From a prompt to shots: where it cuts, how long each shot is, and the line of text it shows. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CLOCK = r"(?:\d{1,2}:)?\d{1,2}:\d{2}(?:\.\d{1,3})?|\d{1,3}(?:\.\d{1,3})?"
_UNIT = r"\s*(?:seconds|secs?|s)\b"
_DASH = r"\s*(?:-|–|—|to)\s*"
_SPAN = rf"(?:{_CLOCK})(?:{_UNIT})?(?:{_DASH}(?:{_CLOCK})(?:{_UNIT})?)?"

_TIMES = rf"(?:{_CLOCK})(?:{_UNIT})?{_DASH}(?:{_CLOCK})(?:{_UNIT})?"

_MARK = re.compile(
    rf"""
    # [Shot 2]
      \[\s*(?:shot|scene)\s*\#?\d{{1,3}}\s*(?:[,:|]\s*(?P<inside>{_SPAN})\s*)?\]\s*[:.\-–—]?
    # Shot 2:   Shot 2 (3s):
    | \b(?:shot|scene)\s*\#?\d{{1,3}}\s*(?:[\[(]\s*(?P<beside>{_SPAN})\s*[\])])?\s*(?:[:–—]|-\s|\.\s)
    # Cut to:
    | \bcut\s+to\b\s*[:\-–—]?
    # [0-3s]
    | [\[(]\s*(?P<boxed>{_TIMES})\s*[\])]\s*[:\-–—]?
    # 0:00-0:03:
    | (?P<bare>(?<![\d:.]){_TIMES})\s*:(?=\s)
    """,
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True)
class Shot:
    """One shot: the line it shows and its length in frames."""

    text: str
    frames: int


@dataclass(frozen=True)
class Script:
    """The shots of a prompt, and what it says before the first of them, which holds for all."""

    shots: tuple[Shot, ...]
    note: str = ""


def write_script(prompt: str, frames: int, fps: int) -> Script:
    """Cut a prompt into shots which together last exactly `frames` frames, each at least one.

    Cuts are ``Shot 2:``, ``[Shot 2]``, ``Scene 2:``, ``Cut to:`` and time codes (``[0-3s]``, ``0:00-0:03:``).
    A time code or ``(3s)`` gives a shot its length; shots without one share what is left. Lengths that exceed
    the clip shrink in proportion; if they fall short, the last shot holds.
    """
    note, pieces = _split(prompt)
    pieces = pieces[:frames]
    lengths = _lengths([seconds for _, seconds in pieces], frames / fps)
    shots: list[Shot] = []
    start, elapsed = 0, 0.0
    for index, ((text, _), length) in enumerate(zip(pieces, lengths, strict=True)):
        elapsed += length
        left = len(pieces) - index - 1
        end = frames if left == 0 else min(max(round(elapsed * fps), start + 1), frames - left)
        shots.append(Shot(text, end - start))
        start = end
    return Script(tuple(shots), note)


def _split(prompt: str) -> tuple[str, list[tuple[str, float | None]]]:
    marks = [mark for mark in _MARK.finditer(prompt) if _is_cut(mark)]
    if not marks:
        return "", [(_tidy(prompt), None)]
    opening = _tidy(prompt[: marks[0].start()])
    pieces: list[tuple[str, float | None]] = []
    pending: float | None = None
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        seconds = _seconds(mark)
        text = _tidy(prompt[mark.end() : following.start() if following else len(prompt)])
        pending = seconds if seconds is not None else pending
        if text:
            pieces.append((text, pending))
            pending = None
    if opening and marks[0][0].lower().startswith("cut"):
        return "", [(opening, None), *pieces]
    return (opening, pieces) if pieces else ("", [(_tidy(prompt), None)])


def _is_cut(mark: re.Match[str]) -> bool:
    # "2-3: two birds" or "(10-15)" is a count; a time says so with a colon or a unit.
    span = mark["boxed"] or mark["bare"]
    return span is None or ":" in span or re.search(r"\ds|\d\s*sec", span, re.IGNORECASE) is not None


def _seconds(mark: re.Match[str]) -> float | None:
    span = mark["inside"] or mark["beside"] or mark["boxed"] or mark["bare"]
    if span is None:
        return None
    times = [_clock(found) for found in re.findall(_CLOCK, span)]
    if len(times) == 1:
        return times[0] or None
    return times[1] - times[0] if times[1] > times[0] else None


def _clock(text: str) -> float:
    seconds = 0.0
    for part in text.split(":"):
        seconds = seconds * 60 + float(part)
    return seconds


def _tidy(text: str) -> str:
    text = re.sub(r"\s+", " ", text).strip(" ,;:|-–—")
    return text[:1].upper() + text[1:] if text.isascii() else text


def _lengths(known: list[float | None], total: float) -> list[float]:
    said = [length for length in known if length is not None]
    missing = len(known) - len(said)
    if missing:
        # A shot without a length gets an equal share of what is left, or the usual length if nothing is.
        left = (total - sum(said)) / missing
        share = left if left > 0.1 else (sum(said) / len(said) if said else total)
        lengths = [share if length is None else length for length in known]
    else:
        lengths = said
    whole = sum(lengths)
    return [length * total / whole for length in lengths] if whole > total else lengths
