"""The gallery in the browser: it asks for what it shows, and is given that and no more."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets as t

from soravid import cards, loop, media, observe
from soravid.card_text import amount, day, facts, one_line, shortened
from soravid.errors import SoravidError
from soravid.from_row import view_of
from soravid.ledger import JobRow
from soravid.ledger.browsing import Browsing
from soravid.notebook.clip_files import checked_file, delete_files, shown_in
from soravid.notebook.gallery import caption, search_of
from soravid.notebook.lasting import LastingOutput
from soravid.notebook.reuse import same_request
from soravid.notebook.widgets import frames, front
from soravid.notebook.widgets.clips import serve, shown
from soravid.notebook.widgets.markup import select, tag
from soravid.observe import Event
from soravid.planning import current

PAGE = 60
"""Clips whose words travel at once."""
_AT_ONCE = 200
"""The most that one message may ask for."""
_SEARCHES = 8
"""So many are remembered: a gallery may be shown in several places."""
_FIRST_POSTERS = 12
Answer = dict[str, Any]


class GalleryWidget(anywidget.AnyWidget):
    """The clips of this process's journal.

    Args:
        values: what stands in each field, as text: ``words``, ``model``, ``tag``, ``since``, ``until``,
            ``min_cost``, ``max_cost``, ``place`` (``here``) and ``sort``.
    """

    _esm, _css = front("gallery")

    frame = t.Unicode().tag(sync=True)
    """Itself with its fields to search by, as HTML."""
    first = t.Dict().tag(sync=True)
    """What the first search has found, and when, so that it is painted with the widget."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._browsing = Browsing(current().journal)
        self._searches: dict[str, list[str]] = {}
        self._opened: set[str] = set()
        first = self._found({"values": values, "search": ""})
        posters = self._browsing.posters([row["id"] for row in first["rows"][:_FIRST_POSTERS]])
        first["posters"] = {job_id: poster for job_id, poster in posters.items() if poster}
        first["at"] = time.time()
        super().__init__(frame=frames.gallery(self._fields(values)), first=first)
        self.on_msg(self._receive)
        serve(self, self._file)
        observe.subscribe(self._heard)

    def close(self) -> None:
        """Hear no more, and remove the widget from the browser."""
        observe.unsubscribe(self._heard)
        super().close()

    def __repr__(self) -> str:
        return f"Gallery: {self.first['caption']}"

    def _ipython_display_(self) -> None:
        text = repr(self)
        LastingOutput(self, cards.notice_html(text, "Run the cell to look at them.", "quiet"), text)

    def _fields(self, values: Mapping[str, str]) -> str:
        def field(name: str, label: str, **more: Any) -> str:
            return tag("input", name=name, value=values.get(name, ""), aria_label=label, **more)

        def choice(name: str, label: str, options: Iterable[Sequence[str]]) -> str:
            return select(options, values.get(name, ""), name=name, aria_label=label)

        def any_of(name: str, options: Collection[str], anything: str) -> list[tuple[str, str]]:
            also = {values[name]} - {""} if values.get(name) else set()
            return [("", anything), *((each, each) for each in sorted({*options, *also}))]

        words = "Search prompts  /"
        often = [
            field("words", words, placeholder=words, type="search"),
            choice("model", "Model", any_of("model", self._browsing.models(), "Any model")),
            choice("tag", "Tag", any_of("tag", self._browsing.all_tags(), "Any tag")),
            choice("sort", "Order", _SORTS.items()),
        ]
        seldom = {
            "From": field("since", "From", type="date"),
            "To": field("until", "To", type="date"),
            "USD at least": field("min_cost", "USD at least", type="text"),
            "at most": field("max_cost", "at most", type="text"),
            "In": choice("place", "In", _PLACES),
        }
        labelled = [tag("label", f"{label} ", control, class_="muted") for label, control in seldom.items()]
        more = tag("summary", "More filters", class_="muted") + tag("div", *labelled, class_="row")
        used = any(values.get(name) for name in _SELDOM)
        return tag("div", *often, class_="row") + tag("details", more, open=used)

    # --- messages ------------------------------------------------------------------------------------

    def _receive(self, _widget: object, content: Answer, _buffers: object) -> None:
        work = getattr(self, f"_{content.get('type')}", None) if content.get("type") in _ASKED else None
        if work is not None:
            loop.submit(self._answer(work, content))

    async def _answer(self, work: Callable[[Answer], Answer], content: Answer) -> None:
        try:
            answer = await loop.in_thread(work, content)
        except SoravidError as wrong:
            answer = {"type": "problem", "text": str(wrong)}
        except Exception as fault:
            answer = {"type": "problem", "text": f"soravid has a fault ({type(fault).__name__})."}
        buffers = answer.pop("buffers", None)
        self.send(answer, buffers)

    def _heard(self, event: Event) -> None:
        if event.name == "job.stored":
            self.send({"type": "news"})

    def _found(self, asked: Answer) -> Answer:
        """How many clips are sought, and the first page of them."""
        ids, cost = self._browsing.ids(search_of(asked["values"]))
        self._searches[asked["search"]] = ids
        for old in list(self._searches)[:-_SEARCHES]:
            del self._searches[old]
        words = caption(len(ids), len(ids), cost)
        return self._rows(asked | {"start": 0}) | {"type": "found", "count": len(ids), "caption": words}

    def _rows(self, asked: Answer) -> Answer:
        """The page that begins at ``start``, of what that search has found."""
        start, ids = max(0, int(asked["start"])), self._searches.get(asked["search"], [])
        rows = self._described(ids[start : start + PAGE])
        return {"type": "rows", "search": asked["search"], "start": start, "rows": rows}

    def _posters(self, asked: Answer) -> Answer:
        """Posters as bytes, one made here and kept where a clip has none yet."""
        posters = self._browsing.posters(asked["ids"][:_AT_ONCE])
        for job_id in [job_id for job_id, poster in posters.items() if poster is None]:
            posters[job_id] = self._made(job_id)
        known = {job_id: poster for job_id, poster in posters.items() if poster}
        pictures = [base64.b64decode(poster.partition(",")[2]) for poster in known.values()]
        return {"type": "posters", "ids": list(known), "buffers": pictures}

    def _made(self, job_id: str) -> str | None:
        (row,) = self._browsing.rows([job_id])
        try:
            poster = media.poster_of(row.path) if row.path else None
        except SoravidError:
            return None
        if poster:
            self._browsing.keep_poster(job_id, poster)
        return poster

    def _open(self, asked: Answer) -> Answer:
        """One clip for the player, or two to compare."""
        rows = self._browsing.rows(asked["ids"][:2])
        posters = self._browsing.posters([row.id for row in rows])
        self._opened |= {row.id for row in rows}
        return {"type": "opened", "clips": [_playable(row, posters[row.id]) for row in rows]}

    def _file(self, job_id: str) -> Path | None:
        rows = self._browsing.rows([job_id]) if job_id in self._opened else []
        return rows[0].path if rows else None

    def _tag(self, asked: Answer) -> Answer:
        """Give clips the tags of a text with commas between; those that they all had and it lacks go."""
        ids = asked["ids"][:_AT_ONCE]
        wanted = {one_line(tag)[:40].strip() for tag in str(asked["tags"]).split(",")} - {""}
        has = self._browsing.tags_of(ids).values()
        common = set.intersection(*map(set, has)) if has else set()
        self._browsing.change_tags(ids, wanted, common - wanted)
        return {"type": "changed", "rows": self._described(ids), "tags": self._browsing.all_tags()}

    def _ask(self, asked: Answer) -> Answer:
        """What is asked before files are deleted."""
        rows = self._browsing.rows(asked["ids"][:_AT_ONCE])
        files = [checked_file(row) for row in rows]
        books = sorted({book.name for file in files for book in shown_in(file)})
        which = files[0].name if len(files) == 1 else f"{len(files)} files"
        size = sum(row.clip_bytes or 0 for row in rows)
        room = f"{size / 1e6:.1f} MB" if size > 1e5 else f"{size / 1e3:.0f} kB"
        text = f"{room}. Jobs and what they cost stay in the journal; a new clip may cost anew."
        many = f"{', '.join(books[:5])}{' and others' * (len(books) > 5)}"
        shows = f"Still shown by {many}." if books else "No saved notebook beside it shows it."
        ids = [row.id for row in rows]
        return {"type": "asks", "ids": ids, "title": f"Delete {which}?", "text": f"{text} {shows}"}

    def _delete(self, asked: Answer) -> Answer:
        """Delete the files that were asked about."""
        rows = self._browsing.rows(asked["ids"][:_AT_ONCE])
        names = [file.name for file in delete_files(rows)]
        said = f"{names[0]} was deleted." if len(names) == 1 else f"{len(names)} files were deleted."
        return {"type": "changed", "rows": self._described([row.id for row in rows]), "said": said}

    def _described(self, ids: list[str]) -> list[Answer]:
        tags = self._browsing.tags_of(ids)
        return [_words(row, tags[row.id]) for row in self._browsing.rows(ids)]


_ASKED = {"found", "rows", "posters", "open", "tag", "ask", "delete"}
_SELDOM = ("since", "until", "min_cost", "max_cost", "place")
_PLACES = [("", "every folder"), ("here", "this folder")]
_SORTS = {
    "newest": "Newest first",
    "oldest": "Oldest first",
    "dearest": "Dearest first",
    "cheapest": "Cheapest first",
    "prompt": "By prompt",
}


def _words(row: JobRow, tags: list[str]) -> Answer:
    """A clip as its card in the grid tells it."""
    view = view_of(row)
    known = [
        amount(view).removesuffix(" spent"),
        *facts(view)[:1],
        day(row.created_at),
        view.model.rpartition("/")[2],
    ]
    return {
        "id": row.id,
        "prompt": shortened(row.prompt, 160),
        "facts": " · ".join([*(f"#{tag}" for tag in tags), *["file missing"] * (row.path is None), *known]),
        "tags": tags,
        "missing": row.path is None,
    }


def _playable(row: JobRow, poster: str | None) -> Answer:
    """A clip as the player shows it; where its file is missing, what there is."""
    view = view_of(row, path=row.path)
    clip = shown(view) | {"poster": poster, "missing": row.path is None}
    clip["cells"] = {"Re-use": same_request(row)} | clip["cells"]
    if row.path is None:
        clip["where"] = f"The file is missing: {row.clip}"
    return clip
