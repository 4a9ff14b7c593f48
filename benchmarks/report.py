"""One measured line, the table of them, and the same as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row:
    """One line: less is better, unless it has no target or says ``more``.

    Attributes:
        peer: name and figure of what stands beside ours, in the same unit.
        below: the target for ours.
        times: the target for ours / the peer's.
        more: more is better, and the targets are what it must reach.
        note: told under the table.
    """

    what: str
    ours: float | None
    unit: str
    peer: tuple[str, float] | None = None
    below: float | None = None
    times: float | None = None
    more: bool = False
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours / the peer's."""
        return self.ours / self.peer[1] if self.ours is not None and self.peer and self.peer[1] else None

    @property
    def met(self) -> bool | None:
        """Whether the targets are met; None where there is none, or nothing to hold against it."""
        held = [(self.ours, self.below), (self.ratio, self.times)]
        both = [(figure, limit) for figure, limit in held if figure is not None and limit is not None]
        return (
            all(figure >= limit if self.more else figure <= limit for figure, limit in both) if both else None
        )

    def cells(self) -> tuple[str, ...]:
        """The line as text."""
        peer = f"{self.peer[0]} {figure(self.peer[1])}" if self.peer else ""
        sign, targets = "≥" if self.more else "≤", []
        if self.below is not None:
            targets.append(f"{sign} {figure(self.below)} {self.unit}")
        if self.times is not None:
            targets.append(f"{sign} {self.times:g} x")
        ratio = "" if self.ratio is None else f"{self.ratio:.3g} x"
        met = {True: "yes", False: "NO", None: "not measured" if targets else ""}[self.met]
        ours = "-" if self.ours is None else f"{figure(self.ours)} {self.unit}"
        return self.what, ours, peer, ratio, " and ".join(targets), met


HEADINGS = ("what", "ours", "peer", "ratio", "target", "met")


@dataclass(slots=True)
class Report:
    """What a benchmark found."""

    title: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def missed(self) -> list[Row]:
        """The lines whose target is missed."""
        return [row for row in self.rows if row.met is False]

    def text(self) -> str:
        """The table."""
        lines = [HEADINGS, *(row.cells() for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        printed = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
        ]
        rule = "-" * (sum(widths) + 2 * len(widths) - 2)
        notes = [*self.notes, *(row.note for row in self.rows if row.note)]
        table = [printed[0], rule, *printed[1:], *(f"  {note}" for note in dict.fromkeys(notes))]
        return "\n".join([self.title, *(line.rstrip() for line in table)])

    def as_json(self) -> dict[str, Any]:
        """The table for programs."""
        rows = [asdict(row) | {"ratio": row.ratio, "met": row.met} for row in self.rows]
        return {"title": self.title, "rows": rows, "notes": self.notes}


def figure(number: float) -> str:
    """Three digits that count, without an exponent."""
    return f"{number:.0f}" if abs(number) >= 100 else f"{number:.3g}"


def in_turns(sides: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, list[T]]:
    """Let all sides do their round before anyone does the next, each second time in the other order."""
    results: dict[str, list[T]] = {name: [] for name in sides}
    for number in range(rounds):
        for name in list(sides)[:: -1 if number % 2 else 1]:
            results[name].append(sides[name]())
    return results


def medians(samples: Sequence[Sequence[float]]) -> list[float]:
    """The median of each column."""
    return [median(column) for column in zip(*samples, strict=True)]
