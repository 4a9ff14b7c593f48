"""Several jobs on one card: a row each, and what they come to; as HTML that lasts and as text."""

from __future__ import annotations

import time
from collections.abc import Sequence
from html import escape

from soravid.boards import Board
from soravid.card_parts import CODE, KEYS, MUTED, PADDED, card, fact_line, fold, head, titled
from soravid.card_text import (
    SHAPES,
    TONES,
    bar_text,
    finished_text,
    one_line,
    problem,
    saved,
    shortened,
    since,
)
from soravid.cards import details, hint_line, ratio
from soravid.views import JobView, clock, spoken

MOST = 24
"""Rows that a lasting card has; what is beyond is counted."""
_PLAYER = 200
"""Pixels that a row's player is wide, and a tall one high."""
_ROW = "border-top:1px solid rgba(128,128,128,0.25);padding:12px 16px"


def board_html(board: Board, sources: Sequence[str | None]) -> str:
    """The lasting card of jobs that have ended.

    Args:
        board: the jobs.
        sources: for each row, where its clip is (a relative URL or a ``data:`` URL); None where it has none.
    """
    rows = list(zip(board.rows, sources, strict=True))
    more = board.tally.count - min(MOST, len(rows))
    last = f'<div style="{_ROW};{MUTED}">And {more} more.</div>' if more > 0 else ""
    body = "".join(_row(board, name, view, src) for (name, view), src in rows[:MOST])
    return card(f'<div style="{PADDED}">{_top(board)}</div>{body}{last}', "max-width:680px")


def board_running_html(board: Board) -> str:
    """The still card of jobs that are under way, where nothing live can be shown."""
    lines = "".join(
        f'<div style="overflow-wrap:break-word">{_state(view)}&ensp;{escape(name)}&ensp;'
        f'<span style="{MUTED}">{escape(view.aside)}</span></div>'
        for name, view in board.rows
    )
    return card(f'{_top(board)}<div style="margin:8px 0">{lines}</div>{hint_line()}')


def board_text(board: Board, width: int = 80) -> str:
    """One line while they run, at most ``width`` wide; then a line for each as well.

    ``soravid: 2 of 4 done [##########----------] 0:38 $1.60 spent $1.60 held``
    """
    tally = board.tally
    end = " ".join([clock(_took(board)), *tally.money])
    line = bar_text(f"soravid: {tally.label}", tally.progress, end, width)
    return line if not board.done else "\n".join([line, *(_line(name, view) for name, view in board.rows)])


# --- parts --------------------------------------------------------------------------------------------


def _took(board: Board) -> float:
    starts = [view.started_at for _, view in board.rows if view.reused_from is None]
    start = board.tally.started_at or min(starts, default=None)
    if start is None:
        return 0.0
    ends = [view.started_at + view.elapsed for _, view in board.rows if view.reused_from is None]
    return max(0.0, max([board.tally.finished_at or 0.0, *ends]) - start)


def _top(board: Board) -> str:
    """The headline, the prompt that all share, and what holds for all."""
    tally = board.tally
    prompt = (
        f'<div dir="auto" style="margin-top:4px;font-weight:600;overflow-wrap:break-word">'
        f"{escape(shortened(board.prompt, 160))}</div>"
        if board.prompt
        else ""
    )
    took = spoken(_took(board)) if board.done else since(board.tally.started_at or time.time())
    return head(tally.state, tally.label, " · ".join(tally.money)) + prompt + fact_line([*board.shared, took])


def _row(board: Board, name: str, view: JobView, src: str | None) -> str:
    if src is None and view.status == "completed":  # no page can have it; it is there all the same
        words = _name(name) + fact_line([*_finished(board, view), view.path or ""])
        return f'<div style="{_ROW}">{words}{fold(details(view))}</div>'
    if src is None:
        return f'<div style="{_ROW}">{_failed(board, name, view)}</div>'
    width, height = ratio(view.size)
    size = f"width:{_PLAYER}px;height:auto" if width >= height else f"height:{_PLAYER}px;width:auto"
    poster = f' poster="{escape(view.poster)}" preload="none"' if view.poster else ' preload="metadata"'
    video = (
        f'<video controls playsinline {KEYS} data-job="{escape(view.job_id)}" src="{escape(src)}"{poster} '
        f'width="{width}" height="{height}" '
        f'aria-label="{escape("Video: " + name)}" '
        f'style="display:block;max-width:100%;{size};background:#000;border-radius:4px"></video>'
    )
    words = _name(name) + fact_line(_finished(board, view)) + _file(view, src)
    words += fold(details(view), lift=view.path is not None)
    return (
        f'<div style="{_ROW};display:flex;flex-wrap:wrap;gap:8px 16px">'
        f'<div style="flex:0 0 auto;max-width:100%">{video}</div>'
        f'<div style="flex:1 1 200px;min-width:0">{words}</div></div>'
    )


def _name(name: str) -> str:
    return f'<div dir="auto" style="font-weight:600;overflow-wrap:break-word">{escape(name)}</div>'


def _finished(board: Board, view: JobView) -> list[str]:
    if view.reused_from is not None:
        return [*board.own(view)[:-1], f"re-used, {saved(view)}"]
    return [*board.own(view), spoken(view.elapsed)]


def _failed(board: Board, name: str, view: JobView) -> str:
    """A row without a clip: what happened, what to do next, what it cost."""
    why = problem(view)
    return (
        f"{_name(name)}<div>{_state(view, one_line(why.title))}</div>"
        f'<div style="overflow-wrap:break-word">{escape(one_line(why.advice))}</div>'
        f"{fact_line(board.own(view))}{fold(details(view, why.detail), lift=True)}"
    )


def _state(view: JobView, words: str = "") -> str:
    return titled(SHAPES.get(view.status, "●"), TONES.get(view.status, "busy"), words or view.label)


def _file(view: JobView, src: str) -> str:
    if view.path is None:
        return ""
    name = escape(one_line(view.path.rpartition("/")[2]))
    if not src.startswith("data:"):
        name = f'<a {KEYS} href="{escape(src)}" style="color:var(--a);position:relative">{name}</a>'
    return f'<div style="overflow-wrap:break-word;padding-right:80px;{CODE}">{name}</div>'


def _line(name: str, view: JobView) -> str:
    if view.status == "completed":
        return f"  {name}: {finished_text(view)}"
    why = problem(view)
    return f"  {name}: {one_line(why.title)}. {one_line(why.advice)}"
