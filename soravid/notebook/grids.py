"""Several clips as HTML that lasts: each plays without a kernel. Styles are plain, as in ``card_parts``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path

from soravid import cards
from soravid.card_parts import MUTED, PADDED, card, titled
from soravid.card_text import SHAPES, TONES, amount, one_line, problem, saved
from soravid.clips import Clip
from soravid.media.links import notebook_src
from soravid.notebook.priced import Wanted
from soravid.views import JobView, spoken

_TITLE = "margin-top:12px;font-weight:600;overflow-wrap:break-word"


def money(view: JobView) -> str:
    """What a clip cost, and how long it took: ``$0.80 spent · 1 min 12 s``."""
    if view.reused_from is not None:
        return saved(view)
    return " · ".join([amount(view), *([spoken(view.elapsed)] if view.done else [])])


def cell_html(name: str, wanted: Wanted, mark: str = "") -> str:
    """One clip under its name, or its state, or why there is none."""
    clip, view = wanted.clip, wanted.job.view if wanted.job else None
    src = notebook_src(clip.path) if clip else None
    if clip and src:
        body = cards.video_html(clip.view, src, *cards.ratio(clip.size))
    elif clip:
        body = f'<div style="overflow-wrap:break-word">{escape(str(clip))}</div>'
    elif wanted.problem or (view and view.done):
        title, advice = _why(wanted, view)
        body = f'<div>{titled("■", "bad", title)}</div><div style="{MUTED}">{escape(advice)}</div>'
    else:
        status, label = (view.status, view.label) if view else ("queued", "Not made")
        body = titled(SHAPES.get(status, "●"), TONES.get(status, "busy") if view else "quiet", label)
    under = " · ".join(filter(None, [money(view) if view else "", mark]))
    return (
        f'<div style="flex:1 1 200px;min-width:0;max-width:480px">'
        f'<div style="{MUTED};overflow-wrap:break-word">{escape(name)}</div>{body}'
        f'<div style="{MUTED}">{escape(under)}</div></div>'
    )


def grid_html(heading: str, line: str, rows: Iterable[tuple[str, Sequence[str]]], before: str = "") -> str:
    """Rows of cells, each under its title, in one card."""
    parts = [
        f'<div dir="auto" style="{_TITLE}">{escape(title)}</div>'
        f'<div style="display:flex;flex-wrap:wrap;gap:12px">{"".join(cells)}</div>'
        for title, cells in rows
    ]
    head = f'<div style="font-weight:600">{escape(heading)}</div><div style="{MUTED}">{escape(line)}</div>'
    return card(f"{head}{before}{''.join(parts)}", f"{PADDED};max-width:1200px")


def film_html(film: Path, clips: Sequence[Clip]) -> str:
    """The plain player of a joined film."""
    src = notebook_src(film)
    if not src:
        return f'<div style="overflow-wrap:break-word">{escape(str(film))}</div>'
    view = replace(clips[0].view, job_id="", prompt="The film")
    return f'<div style="margin-top:8px">{cards.video_html(view, src, *cards.ratio(view.size))}</div>'


def _why(wanted: Wanted, view: JobView | None) -> tuple[str, str]:
    if wanted.problem:
        return wanted.problem.title, one_line(str(wanted.problem))
    assert view is not None  # noqa: S101 - it has a problem or a job that has ended
    why = problem(view)
    return one_line(why.title), one_line(why.advice)
