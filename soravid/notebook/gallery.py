"""``soravid.gallery()``: every clip of the journal, to be searched, looked at, compared and used again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, get_args

from soravid.card_text import amount, day, shortened
from soravid.clips import shown_path
from soravid.errors import InvalidRequest, MissingExtra, nearest, one_of
from soravid.from_row import view_of
from soravid.loop import checked
from soravid.media.links import notebook_dir
from soravid.money import show, to_nano
from soravid.planning import current
from soravid.tables import Table

if TYPE_CHECKING:
    from soravid.ledger.browsing import Search
    from soravid.notebook.widgets.gallery import GalleryWidget

_IN_TEXT = 20
"""Clips that a terminal shows."""


@checked
def gallery(
    query: str = "",
    *,
    model: str | None = None,
    tag: str | None = None,
    since: date | str | None = None,
    until: date | str | None = None,
    min_cost: Decimal | str | float | None = None,
    max_cost: Decimal | str | float | None = None,
    here: bool = False,
    sort: str = "newest",
) -> GalleryWidget | Table:
    """Show the clips of the journal as posters: search, open, compare, use again, tag, delete files.

        soravid.gallery("kite", max_cost=0.50)

    Args:
        query: words that have to be in the prompt.
        model: ``provider/model`` that made them.
        tag: one that they have been given.
        since: the first day, such as ``"2026-11-01"``, or a moment.
        until: the last day, or a moment.
        min_cost: USD that each cost at least; a clip of unknown price is left out.
        max_cost: USD that each cost at most; likewise.
        here: only clips that lie in this notebook's folder.
        sort: newest, oldest, dearest, cheapest or prompt.

    Returns:
        A widget in a notebook; in a terminal a table of the first 20.

    Raises:
        InvalidRequest: a value that cannot be.
        MissingExtra: this is a notebook and its packages are not installed.
    """
    given = {
        "words": query,
        "model": model,
        "tag": tag,
        "since": since,
        "until": until,
        "min_cost": min_cost,
        "max_cost": max_cost,
        "place": "here" if here else None,
        "sort": sort,
    }
    values = {name: "" if value is None else str(value) for name, value in given.items()}
    search = search_of(values)
    try:
        from soravid.notebook.display import rich_front
    except ImportError:
        return _table(search)
    if not rich_front():
        return _table(search)
    try:
        from soravid.notebook.widgets.gallery import GalleryWidget
    except ModuleNotFoundError:
        raise MissingExtra("The gallery", "notebook") from None
    return GalleryWidget(values)


def search_of(values: Mapping[str, str]) -> Search:
    """What the gallery's fields say, each as text; an empty one says nothing.

    Raises:
        InvalidRequest: one that cannot be read, by its name.
    """
    from soravid.ledger.browsing import Search, Sort

    known: dict[str, Any] = {
        "words": values.get("words", ""),
        "model": values.get("model") or None,
        "tag": values.get("tag") or None,
        "folder": f"{notebook_dir().resolve()}/" if values.get("place") == "here" else None,
        "since": _moment(values.get("since"), "since"),
        "until": _moment(values.get("until"), "until", whole_day=True),
        "at_least": _money(values.get("min_cost"), "min_cost"),
        "at_most": _money(values.get("max_cost"), "max_cost"),
        "sort": values.get("sort") or "newest",
    }
    if known["sort"] not in get_args(Sort):
        near = nearest(known["sort"], get_args(Sort)) or get_args(Sort)
        raise InvalidRequest(
            f"sort cannot be {known['sort']!r}.", param="sort", hint=f"Did you mean {one_of(near)}?"
        )
    return Search(**known)


def _moment(text: str | None, param: str, *, whole_day: bool = False) -> float | None:
    """Unix seconds of a local day's beginning, or of its end, or of a moment."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(
            f"{param} must be a day such as 2026-11-01, not {text!r}.", param=param
        ) from None
    if whole_day and len(text) <= len("2026-11-01"):
        at += timedelta(days=1)
    return at.timestamp()


def _money(text: str | None, param: str) -> int | None:
    return to_nano(text, param=param) if text else None


def _table(search: Search) -> Table:
    from soravid.ledger.browsing import Browsing

    browsing = Browsing(current().journal)
    ids, cost = browsing.ids(search)
    rows = []
    for row in browsing.rows(ids[:_IN_TEXT]):
        where = shown_path(row.path) if row.path else "the file is missing"
        rows.append((day(row.created_at), shortened(row.prompt, 40), row.model, amount(view_of(row)), where))
    return Table(("When", "Prompt", "Model", "Money", "Clip"), rows, caption(len(rows), len(ids), cost))


def caption(shown: int, count: int, cost: int) -> str:
    """``2,000 clips · $160.00``, or ``20 of 2,000 clips · $160.00``."""
    some = f"{shown:,} of " if shown < count else ""
    return f"{some}{count:,} clip{'s' * (count != 1)} · {show(cost)}"
