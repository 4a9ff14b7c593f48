"""The fields of a form, row by row: what a model lacks is not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from soravid import catalog
from soravid.catalog import Model, Span
from soravid.errors import InvalidRequest
from soravid.shapes import aspect_of, class_of, size_of
from soravid.types import Operation, parse_size

Part = dict[str, Any]
Row = tuple[Any, ...]
"""A label and its parts. A part is ``pills`` (value, words) for the field ``name``, a text field ``name``, or
a ``slot`` for ``most`` pictures."""

SLOTS = {"reference": "Picture", "last_frame": "Last frame", "also": "References"}
"""Where pictures go, by the parser's names."""
_ABILITY = {"reference": "image", "last_frame": "last_frame", "also": "references"}
_UNKNOWN = frozenset({*_ABILITY.values(), "seed", "negative_prompt"})
"""What a model that nobody knows may be able to do."""
_PILLS = 6
"""Durations that stand side by side; more of them are a number."""
_ANY, _ANY_SIZE, _FURTHER = Span(min=1, max=600), Span(min=16, max=8192), 9
_SHAPES = ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9")
_CLASSES = ("360p", "480p", "720p", "1080p", "4k")
"""What is offered where a model takes any size; others can be typed."""
_SAME = ["", "As it is"]
_FITS = [_SAME, ["cover", "Fill the frame"], ["contain", "Show all of it"]]


def fields(
    entry: Model | None, operation: Operation, values: Mapping[str, str], frames: Sequence[tuple[int, int]]
) -> list[Row]:
    """Every field that a model has; ``frames`` are the sizes of the first and the last picture there is."""
    can = entry.abilities if entry else _UNKNOWN
    whole = operation == "create" or (operation == "remix" and "remix_fields" in can)
    same = operation == "remix"
    rows: list[Row] = []
    if whole or operation == "extend":
        taken = (entry and operation == "extend" and entry.extend_seconds) or (
            entry.seconds if entry else _ANY
        )
        rows.append(("Length", *_seconds(taken, same=same)))
    if whole:
        rows += _sizes(entry.sizes if entry else _ANY_SIZE, values["size"], same=same)
        for slot, words in SLOTS.items():
            most = (entry.references if entry else _FURTHER) if slot == "also" else 1
            rows += [(words, {"slot": slot, "most": most})] if _ABILITY[slot] in can else []
        if found := fits(entry, values["size"], frames):
            rows.append(("Fit", {"name": "fit", "pills": found}))
        if {"audio", "audio_off"} <= can:
            kept = "yes" if values["audio"] == "yes" else ""
            rows.append(("Sound", {"name": "audio", "pills": [[kept, "With"], ["no", "Without"]]}))
    rows.append(("Takes", {"name": "takes", "type": "number", "min": 1, "max": 20}))
    if whole and "negative_prompt" in can:
        rows.append(
            ("Avoid", {"name": "negative", "class_": "wide", "placeholder": "What it should not show"})
        )
    if whole and "seed" in can:
        rows.append(("Seed", {"name": "seed", "size": 10, "inputmode": "numeric"}))
    return rows


def fits(entry: Model | None, size: str, frames: Sequence[tuple[int, int]]) -> list[list[str]]:
    """How pictures of another size than the clip's may be made to fit; empty where none is of another."""
    try:
        wanted = parse_size(size)
    except InvalidRequest:
        return []
    if all(frame == wanted for frame in frames):
        return []
    return _FITS[1:] if entry and entry.exact_picture else _FITS


def is_pills(taken: tuple[str, ...] | Span) -> bool:
    """Whether durations stand side by side, and not in a field for a number."""
    if isinstance(taken, Span):
        return False
    return len(taken) <= _PILLS or [*taken] != [str(n) for n in range(int(taken[0]), int(taken[-1]) + 1)]


def _seconds(taken: tuple[str, ...] | Span, *, same: bool) -> list[Part]:
    if isinstance(taken, tuple) and is_pills(taken):
        return [
            {
                "name": "seconds",
                "pills": [*([_SAME] if same else []), *([text, f"{text} s"] for text in taken)],
            }
        ]
    ends = (f"{taken.min:g}", f"{taken.max:g}") if isinstance(taken, Span) else (taken[0], taken[-1])
    step = "any" if isinstance(taken, Span) else 1
    words = f"s, {catalog.seconds_line(taken)}"
    return [
        {"name": "seconds", "type": "number", "min": ends[0], "max": ends[1], "step": step, "after": words}
    ]


def _sizes(taken: tuple[str, ...] | Span, now: str, *, same: bool) -> list[Row]:
    """A row of shapes, and one of what there is in the shape of now; two alike are told by their pixels.

    Each pill is a size: a shape stands for the size in it that is of the class of now, else for the first.
    """
    if isinstance(taken, Span):
        pairs = [size_of(shape, kind) for shape in _SHAPES for kind in _CLASSES]
        sizes = [size for size in pairs if all(taken.min <= side <= taken.max for side in parse_size(size))]
    else:
        sizes = [*taken]
    shapes: dict[str, list[str]] = {}
    for size in sizes:
        shapes.setdefault(_kind(size)[0], []).append(size)
    shape, kind = _kind(now)
    here = shapes.get(shape, [])
    pills = [*([_SAME] if same else [])]
    for name, alike in shapes.items():
        first = next((size for size in alike if _kind(size)[1] == kind), alike[0])
        pills.append([now if name == shape else first, name])
    rows: list[Row] = [("Shape", {"name": "size", "pills": pills})]
    kinds = [_kind(size)[1] for size in here]
    classes = [
        [size, words if kinds.count(words) == 1 else size] for size, words in zip(here, kinds, strict=True)
    ]
    free = isinstance(taken, Span)
    parts: list[Part] = [{"name": "size", "pills": classes}] if len(classes) > 1 else []
    parts += (
        [{"name": "size", "size": 10, "placeholder": "1280x720", "aria_label": "Width and height"}]
        if free
        else []
    )
    return [*rows, ("Size", *parts)] if parts else rows


@cache
def _kind(size: str) -> tuple[str, str]:
    """Shape and class of a size; empty where it is none."""
    try:
        return aspect_of(size), class_of(size)
    except InvalidRequest:
        return "", ""
