"""A job as HTML that lasts: it stays in a saved notebook, plays without a kernel, and needs no script.

The same in plain text is in ``soravid.card_text`` and can be had from here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape

from soravid.card_parts import (
    CODE,
    COLOURS,
    KEYS,
    MUTED,
    PADDED,
    card,
    fact_line,
    fold,
    head,
    paragraph,
    titled,
)
from soravid.card_text import (
    amount,
    day,
    facts,
    failed_text,
    finished_text,
    moment,
    number_columns,
    one_line,
    problem,
    running_facts,
    running_text,
    saved,
    shortened,
    since,
    table_text,
)
from soravid.errors import SoravidError
from soravid.views import JobView, spoken

__all__ = [
    "error_html",
    "error_text",
    "failed_html",
    "failed_text",
    "finished_html",
    "finished_text",
    "notice_html",
    "running_html",
    "running_text",
    "table_html",
    "table_text",
]

_NOTICE_SHAPES = {"info": "●", "good": "✓", "warn": "▲", "bad": "■", "quiet": "◇"}
_PORTRAIT_HEIGHT = 480
_TABLE = (
    "margin:0;border:0;border-collapse:collapse;table-layout:auto;width:100%;color:inherit;font:inherit;"
    "font-size:13px;font-variant-numeric:tabular-nums"
)


def finished_html(view: JobView, src: str) -> str:
    """The player card of a finished job.

    Args:
        view: the job.
        src: where the clip is: a relative URL, percent-encoded, or a ``data:`` URL.
    """
    width, height = ratio(view.size)
    video = video_html(view, src, width, height)
    words = "".join(
        [
            '<div dir="auto" style="font-weight:600;overflow-wrap:break-word">',
            f"{escape(shortened(view.prompt, 160))}</div>",
            fact_line(finished_facts(view)),
            _reused_line(view),
            _file_line(view, src),
            fold(details(view), lift=view.path is not None),
        ]
    )
    if height <= width:
        return card(
            f'{video}<div style="{PADDED}">{words}</div>', f"max-width:{680 if width > height else 480}px"
        )
    # A tall clip stands beside its words, and above them where there is no room.
    return card(
        f'<div style="flex:1 0 auto;max-width:100%;background:#000">{video}</div>'
        f'<div style="flex:1000 1 200px;min-width:0;{PADDED}">{words}</div>',
        f"display:flex;flex-wrap:wrap;max-width:{_PORTRAIT_HEIGHT * width // height + 340}px",
    )


def failed_html(view: JobView) -> str:
    """The card of a job that has no clip: what happened, what to do next, what it cost."""
    why = problem(view)
    short = len(why.detail) <= 80
    aside = (
        f' <span style="color:var(--m)">({escape(one_line(why.detail))})</span>'
        if why.detail and short
        else ""
    )
    return card(
        head(view.status, one_line(why.title), amount(view))
        + paragraph(escape(one_line(why.advice)) + aside)
        + fold(details(view, "" if short else why.detail))
    )


def running_html(view: JobView) -> str:
    """The still card of a job that is under way, where nothing live can be shown."""
    bar = ""
    if view.progress is not None:
        bar = (
            f'<div role="progressbar" aria-label="Progress" aria-valuemin="0" aria-valuemax="100" '
            f'aria-valuenow="{view.progress}" style="height:4px;margin:8px 0;border-radius:2px;'
            f'overflow:hidden;background:rgba(128,128,128,0.3)">'
            f'<div style="height:4px;width:{view.progress}%;'
            f'background:rgb(128,128,128);background:{COLOURS["busy"]}"></div></div>'
        )
    return card(
        head(view.status, view.label, since(view.started_at), view.aside)
        + bar
        + fact_line(running_facts(view))
        + hint_line(f"%video cancel {view.job_id}")
    )


def unfinished(view: JobView) -> dict[str, str]:
    """A job that has no clip, or none yet, as a notebook's output."""
    if view.problem:
        return {"text/plain": failed_text(view), "text/html": failed_html(view)}
    return {"text/plain": running_text(view), "text/html": running_html(view)}


def hint_line(cancel: str = "") -> str:
    """What can be done where a card stands still: the lines that cancel what runs, and take it up again."""
    resume = f'If its kernel has ended: <code style="{CODE}">%video resume</code>'
    stop = f'To cancel: <code style="{CODE}">{escape(cancel)}</code>. ' if cancel else ""
    return f'<div style="{MUTED};overflow-wrap:break-word">{stop}{resume}</div>'


def notice_html(title: str, body: str = "", tone: str = "info", more: Mapping[str, str] | None = None) -> str:
    """A small card with a title and a text.

    Args:
        title: one sentence or less.
        body: plain text; its line breaks stay.
        tone: ``info``, ``good``, ``warn``, ``bad`` or ``quiet``.
        more: what is folded away, label to text.
    """
    text = paragraph(f'<span style="white-space:pre-line">{escape(body)}</span>') if body else ""
    return card(titled(_NOTICE_SHAPES[tone], tone, one_line(title)) + text + (fold(more) if more else ""))


def error_html(error: SoravidError, line: str = "", view: JobView | None = None) -> str:
    """The card of an error: what happened, what to do next, what it cost, and the rest folded away.

    Args:
        error: what was raised.
        line: the line of the person's code that raised it.
        view: the job that it concerns, if it concerns one.
    """
    known = {
        "Line": line,
        "Argument": getattr(error, "param", None),
        "Error": f"{type(error).__name__} ({error.code})",
        "Provider's code": getattr(error, "provider_code", None),
        "HTTP status": getattr(error, "status_code", None),
        "Job": error.job_id,
    }
    more = {label: str(value) for label, value in known.items() if value}
    told = head("failed", one_line(error.title), amount(view) if view else "")
    words = "\n".join(filter(None, [error.message, error.hint]))
    return card(told + paragraph(f'<span style="white-space:pre-line">{escape(words)}</span>') + fold(more))


def error_text(error: SoravidError) -> str:
    """The same in one line."""
    return f"soravid: {error.title}. {one_line(str(error))}"


def table_html(columns: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    """A table that can be read aloud; columns of numbers stand right.

    Args:
        columns: the headings.
        rows: text, one cell for each heading.
        caption: what the table holds; it is shown.
    """
    cell = "padding:4px 8px;border:0;vertical-align:top"
    lined = f"{cell};border-top:1px solid rgba(128,128,128,0.25)"
    right = number_columns(rows) if rows else [False] * len(columns)
    sides = [f"text-align:{'right' if is_right else 'left'}" for is_right in right]
    headings = "".join(
        f'<th scope="col" style="{cell};font-weight:400;color:var(--m);{side}">{escape(name)}</th>'
        for name, side in zip(columns, sides, strict=True)
    )
    lines = [
        "".join(
            f'<td dir="auto" style="{lined};{side};white-space:{"nowrap" if len(text) <= 18 else "normal"}">'
            f"{escape(one_line(text))}</td>"
            for text, side in zip(row, sides, strict=True)
        )
        for row in rows
    ] or [f'<td colspan="{len(columns)}" style="{lined};text-align:left;color:var(--m)">None yet.</td>']
    body = "".join(f'<tr style="background:none">{line}</tr>' for line in lines)
    return card(
        # A wide table is scrolled by the keyboard as well.
        f'<div role="group" tabindex="0" aria-label="{escape(caption)}" {KEYS} '
        f'style="overflow-x:auto;padding:8px"><table style="{_TABLE}">'
        f'<caption style="{cell};font-weight:600;text-align:left;color:var(--t)">{escape(caption)}</caption>'
        f'<thead style="border:0"><tr style="background:none">{headings}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>",
        "max-width:960px",
    )


# --- parts of the finished card -----------------------------------------------------------------------


def video_html(view: JobView, src: str, width: int, height: int) -> str:
    """A clip's plain player, which a saved notebook keeps."""
    poster = f' poster="{escape(view.poster)}"' if view.poster else ""
    if height > width:
        limit = f"height:{_PORTRAIT_HEIGHT}px;height:min(60vh,{_PORTRAIT_HEIGHT}px);width:auto;margin:0 auto"
    else:
        limit = "width:100%;height:auto"
    return (
        f'<video controls preload="metadata" playsinline {KEYS} data-job="{escape(view.job_id)}" '
        f'src="{escape(src)}"{poster} '
        f'width="{width}" height="{height}" aria-label="{escape("Video: " + shortened(view.prompt, 200))}" '
        f'style="display:block;max-width:100%;{limit};background:#000"></video>'
    )


def ratio(size: str | None) -> tuple[int, int]:
    """Width and height from ``1280x720`` or ``16:9``; 16:9 when it is neither."""
    found = re.fullmatch(r"\s*(\d+)\s*[x×:*]\s*(\d+)\s*", size or "")
    width, height = (int(found[1]), int(found[2])) if found else (16, 9)
    if not width or not height:
        return 1280, 720
    # As attributes they are pixels until the clip has loaded, so a bare ratio is scaled up.
    return (width, height) if width >= 100 else (width * 80, height * 80)


def finished_facts(view: JobView) -> list[str]:
    """What stands under a finished clip: length, size, model, money, time."""
    known = [*facts(view), view.model.rpartition("/")[2]]
    if view.reused_from is not None:
        return known
    return [*known, amount(view), spoken(view.elapsed)]


def _reused_line(view: JobView) -> str:
    if view.reused_from is None:
        return ""
    return (
        f'<div style="{MUTED}">Re-used from {day(view.reused_from)}, {saved(view)}. '
        f'<code style="{CODE}">%%video --again</code> makes a new one.</div>'
    )


def _file_line(view: JobView, src: str) -> str:
    if view.path is None:
        return ""
    name = escape(one_line(view.path))
    if not src.startswith("data:"):
        name = f'<a {KEYS} href="{escape(src)}" style="color:var(--a);position:relative">{name}</a>'
    return (
        f'<div style="margin-top:4px;padding-right:80px;overflow-wrap:break-word;'
        f'font-family:var(--f);font-size:12px">{name}</div>'
    )


def details(view: JobView, detail: str = "") -> dict[str, str]:
    """What is folded away: label to text."""
    rows = {"Model": view.model, "Job": view.job_id, "Started": moment(view.started_at)}
    if view.finished_at is not None:
        rows["Finished"] = f"{moment(view.finished_at)} ({spoken(view.elapsed)})"
    rows |= view.details
    if view.path is not None:
        rows["File"] = view.path
    if detail:
        rows["Provider's words"] = detail
    return rows | {"Prompt": view.prompt}
