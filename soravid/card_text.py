"""A job in plain text: for terminals, ``text/plain`` beside a card, and the words that cards share."""

from __future__ import annotations

import datetime as dt
import re
import textwrap
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from soravid import money
from soravid.views import JobView, Problem, clock

SHAPES = {
    "submitting": "○",
    "queued": "○",
    "in_progress": "●",
    "downloading": "▼",
    "completed": "✓",
    "failed": "■",
    "cancelled": "◇",
    "unknown": "▲",
}
"""The shape beside each state's word, so that no state is told by colour alone."""

TONES = {"completed": "good", "failed": "bad", "unknown": "warn", "cancelled": "quiet"}
"""The tone of each state; any other is ``busy``."""

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

_BAR = 20
_NUMBER = re.compile(r"[-+]?\$?\d[\d,.\s]*(%|s|x\d+| (held|spent|left))?")
_ENDINGS = {
    "failed": Problem("The job ended without a clip", "Run the cell again, or try another model."),
    "cancelled": Problem("Cancelled", "Run the cell again to make the clip."),
    "unknown": Problem(
        "Outcome unknown",
        "The provider may or may not have taken the job, so it is not sent again and its money stays held. "
        "%video resume asks the provider.",
    ),
}


# --- words that every surface uses --------------------------------------------------------------------


def one_line(text: str) -> str:
    """Text on one line: runs of white space become one space, control characters go."""
    return "".join(c for c in " ".join(text.split()) if unicodedata.category(c) not in {"Cc", "Cs"})


def shortened(text: str, length: int) -> str:
    """One line of at most ``length`` characters, cut between words where that loses little."""
    line = one_line(text)
    if len(line) <= length:
        return line
    cut = line[: length - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > length * 2 // 3 else cut).rstrip(" ,.;:") + "…"


def day(stamp: float, *, today: dt.date | None = None) -> str:
    """A day as people write it: ``21 Nov``, with the year when it is not this one."""
    date = dt.datetime.fromtimestamp(stamp).date()
    year = "" if date.year == (today or dt.date.today()).year else f" {date.year}"
    return f"{date.day} {MONTHS[date.month - 1]}{year}"


def since(stamp: float) -> str:
    """A time of the local clock that stays true in a saved notebook: ``since 14:02``."""
    return f"since {dt.datetime.fromtimestamp(stamp):%H:%M}"


def minute(stamp: float) -> str:
    """When something will be, by the local clock: ``1 Dec, 00:00``."""
    return f"{day(stamp)}, {dt.datetime.fromtimestamp(stamp):%H:%M}"


def moment(stamp: float) -> str:
    """A moment of the local clock: ``21 Nov 2026, 14:02:11``."""
    at = dt.datetime.fromtimestamp(stamp)
    return f"{at.day} {MONTHS[at.month - 1]} {at.year}, {at:%H:%M:%S}"


def amount(view: JobView) -> str:
    """The job's money with its state: ``$0.80 held``, ``$0.62 spent``, ``price unknown``."""
    if view.cost is not None:
        return f"{money.show(view.cost)} spent"
    if view.held is not None:
        return f"{money.show(view.held)} held"
    return "price unknown"


def saved(view: JobView) -> str:
    """What a re-run cost: ``$0.00 (saved $0.80)``."""
    return f"$0.00 (saved {money.show(view.cost)})" if view.cost else "$0.00"


def facts(view: JobView) -> list[str]:
    """Length and size of the clip, as far as they are known."""
    return [*([f"{view.seconds} s"] if view.seconds else []), *([view.size] if view.size else [])]


def running_facts(view: JobView) -> list[str]:
    """What stands under the status of a job that runs: model, length, size, money, the usual time."""
    return [view.model, *facts(view), amount(view), *([str(view.usual)] if view.usual else [])]


def problem(view: JobView) -> Problem:
    """What happened and what to do next; never empty."""
    return view.problem or _ENDINGS.get(view.status, _ENDINGS["failed"])


# --- text ---------------------------------------------------------------------------------------------


def finished_text(view: JobView) -> str:
    """One line: ``soravid_media/red-kite-7f3c.mp4  8 s 1280x720 $0.80``."""
    cost = saved(view) if view.reused_from is not None else amount(view).removesuffix(" spent")
    return f"{one_line(view.path or view.job_id)}  {' '.join([*facts(view), cost])}"


def running_text(view: JobView, width: int = 80) -> str:
    """One line, at most ``width`` wide; a bar only where the provider reports progress.

    ``soravid: in progress 43% [#########-----------] 0:38 $0.80 held``
    """
    label = view.label[:1].lower() + view.label[1:]
    left = view.usual.left(view.elapsed) if view.usual else ""
    end = " ".join(filter(None, [clock(view.elapsed), amount(view), left]))
    head = f"soravid: {label}"
    if view.progress is None:
        return " ".join(filter(None, [head, view.aside, end]))[:width]
    return bar_text(f"{head} {view.progress}%", view.progress, end, width)


def bar_text(head: str, progress: int | None, end: str, width: int) -> str:
    """A line with a bar in its middle, where ``progress`` (of 100) is known and there is room for one."""
    room = min(_BAR, width - len(head) - len(end) - 4)
    if progress is None or room < 4:
        return f"{head} {end}"[:width]
    done = int(room * progress / 100 + 0.5)
    return f"{head} [{'#' * done}{'-' * (room - done)}] {end}"


def failed_text(view: JobView) -> str:
    """Two or three lines: what happened and what it cost, what to do next, the provider's words."""
    why = problem(view)
    lines = [f"soravid: {one_line(why.title)}. {amount(view)}", f"  {one_line(why.advice)}"]
    if why.detail:
        lines.append(f"  {shortened(why.detail, 300)}")
    return "\n".join(lines)


def table_text(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None) -> str:
    """A table for terminals; columns of numbers stand right.

    In more than ``width`` characters the widest columns give way, and their cells go over several lines.
    """
    cells = [[one_line(cell) for cell in row] for row in rows]
    if not cells:
        return "None yet."
    right = number_columns(cells)
    widths = [max(len(row[i]) for row in [list(columns), *cells]) for i in range(len(columns))]
    while width and sum(widths) + 2 * len(widths) - 2 > width and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1

    def lines(row: Sequence[str]) -> Iterator[str]:
        wrapped = [textwrap.wrap(cell, w) or [""] for cell, w in zip(row, widths, strict=True)]
        for parts in zip_longest(*wrapped, fillvalue=""):
            padded = (p.rjust(w) if r else p.ljust(w) for p, w, r in zip(parts, widths, right, strict=True))
            yield "  ".join(padded).rstrip()

    rule = ["-" * width for width in widths]
    return "\n".join(line for row in (columns, rule, *cells) for line in lines(row))


_NARROWEST = 10
"""Characters of a column that has given way."""


def number_columns(rows: Sequence[Sequence[str]]) -> list[bool]:
    """For each column, whether everything in it is a number or an amount (or nothing)."""
    return [
        any(column) and all(not cell or _NUMBER.fullmatch(cell) for cell in column)
        for column in zip(*rows, strict=True)
    ]
