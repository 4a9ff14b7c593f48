"""The stored clips as a gallery asks for them: searched, sorted, by the page; their tags; money by label."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from soravid.ledger.rows import JobRow
from soravid.ledger.schema import entries, jobs, postings, tags
from soravid.types import FINAL

if TYPE_CHECKING:
    from soravid.ledger.reading import Reading

Sort = Literal["newest", "oldest", "dearest", "cheapest", "prompt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which clips, and in which order.

    Attributes:
        words: each has to be in the prompt, in either case.
        folder: absolute; the clip's file lies under it.
        since: Unix seconds; made then or later. ``until``: made before.
        at_least: nano-USD that it cost. ``at_most`` likewise; a clip of unknown price is in neither.
    """

    words: str = ""
    model: str | None = None
    tag: str | None = None
    folder: str | None = None
    since: float | None = None
    until: float | None = None
    at_least: int | None = None
    at_most: int | None = None
    sort: Sort = "newest"


class LabelSpend(NamedTuple):
    """What the jobs with one value of a label have spent and hold, in nano-USD; and the newest one's id."""

    value: str | None
    jobs: int
    settled: int
    held: int
    newest: str


class Browsing:
    """Reads one journal for whoever wants to look at its clips, and keeps their tags."""

    def __init__(self, journal: Reading) -> None:
        self._database = journal._database

    # --- clips ---------------------------------------------------------------------------------------

    def ids(self, search: Search) -> tuple[list[str], int]:
        """The jobs of all clips that are sought, in order, and what they cost together (nano-USD)."""
        query = sa.select(jobs.c.id, jobs.c.cost).where(*_conditions(search)).order_by(*_ORDERS[search.sort])
        with self._database.read() as db:
            found = db.execute(query).all()
        return [job_id for job_id, _ in found], sum(cost or 0 for _, cost in found)

    def rows(self, ids: Sequence[str]) -> list[JobRow]:
        """These jobs, in this order, without their posters; one that is not there is left out."""
        with self._database.read() as db:
            found = db.execute(_PLAIN.where(jobs.c.id.in_(ids))).mappings()
            rows = {row["id"]: JobRow(**row, poster=None) for row in found}
        return [rows[job_id] for job_id in ids if job_id in rows]

    def posters(self, ids: Collection[str]) -> dict[str, str | None]:
        """The posters of these jobs as ``data:`` URLs; None for one that has none yet."""
        query = sa.select(jobs.c.id, jobs.c.poster).where(jobs.c.id.in_(ids))
        with self._database.read() as db:
            return {row.id: row.poster for row in db.execute(query)}

    def keep_poster(self, job_id: str, poster: str) -> None:
        """Write down a poster that was made later than its clip, so that it is made once."""
        change = jobs.update().where(jobs.c.id == job_id, jobs.c.poster.is_(None)).values(poster=poster)
        self._database.write(lambda db: db.execute(change))

    def models(self) -> list[str]:
        """The models that made the clips, by name."""
        query = sa.select(jobs.c.model).where(_STORED).distinct().order_by(jobs.c.model)
        with self._database.read() as db:
            return list(db.scalars(query))

    # --- tags ----------------------------------------------------------------------------------------

    def all_tags(self) -> list[str]:
        """Every tag, by name."""
        with self._database.read() as db:
            return list(db.scalars(sa.select(tags.c.tag).distinct().order_by(tags.c.tag)))

    def tags_of(self, ids: Collection[str]) -> dict[str, list[str]]:
        """The tags of each of these jobs, by name."""
        query = sa.select(tags.c.job_id, tags.c.tag).where(tags.c.job_id.in_(ids)).order_by(tags.c.tag)
        found: dict[str, list[str]] = {job_id: [] for job_id in ids}
        with self._database.read() as db:
            for job_id, tag in db.execute(query):
                found[job_id].append(tag)
        return found

    def change_tags(self, ids: Collection[str], add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
        """Give tags to these jobs, and take tags from them; a job that has one keeps it."""
        now = time.time()
        new = [{"job_id": job_id, "tag": tag, "at": now} for job_id in ids for tag in set(add)]
        gone = sa.delete(tags).where(tags.c.job_id.in_(ids), tags.c.tag.in_(set(remove)))

        def work(db: sa.Connection) -> None:
            db.execute(gone)
            if new:
                insert = postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert
                db.execute(insert(tags).on_conflict_do_nothing(), new)

        self._database.write(work)

    # --- money ---------------------------------------------------------------------------------------

    def spend_by_label(self, label: str, session: str) -> list[LabelSpend]:
        """A session's money for each value of one of its jobs' labels, the dearest first."""
        value = jobs.c.labels[label].as_string()
        age = sa.func.row_number().over(partition_by=value, order_by=(jobs.c.created_at.desc(), jobs.c.id))
        each = (
            sa.select(jobs, value.label("value"), age.label("age"))
            .where(jobs.c.session == session)
            .subquery()
        )
        running = each.c.status.not_in(FINAL)
        query = sa.select(
            each.c.value,
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(sa.case((~running, each.c.cost), else_=0)), 0),
            sa.func.coalesce(sa.func.sum(sa.case((running, each.c.held), else_=0)), 0),
            sa.func.max(sa.case((each.c.age == 1, each.c.id))),
        ).group_by(each.c.value)
        with self._database.read() as db:
            found = [
                LabelSpend(value, int(n), int(a), int(b), id_) for value, n, a, b, id_ in db.execute(query)
            ]
        return sorted(found, key=lambda each: (-each.settled - each.held, each.newest))

    def money_mark(self) -> tuple[int, ...]:
        """Another one as soon as anything was held, spent, given back or limited, by whichever process."""
        newest = (sa.select(sa.func.max(table.c.id)).scalar_subquery() for table in (entries, postings))
        with self._database.read() as db:
            return tuple(number or 0 for number in db.execute(sa.select(*newest)).one())


_STORED = jobs.c.clip.is_not(None)
_PLAIN = sa.select(*(column for column in jobs.c if column.name != "poster"))
_ORDERS: Mapping[Sort, tuple[sa.ColumnElement[Any], ...]] = {
    "newest": (jobs.c.created_at.desc(), jobs.c.id),
    "oldest": (jobs.c.created_at, jobs.c.id),
    "dearest": (jobs.c.cost.desc().nulls_last(), jobs.c.created_at.desc()),
    "cheapest": (jobs.c.cost.nulls_last(), jobs.c.created_at.desc()),
    "prompt": (sa.func.lower(jobs.c.prompt), jobs.c.created_at.desc()),
}


def _conditions(search: Search) -> list[sa.ColumnElement[bool]]:
    conditions = [_STORED, *(_has(word) for word in search.words.split())]
    if search.model:
        conditions.append(jobs.c.model == search.model)
    if search.tag:
        conditions.append(jobs.c.id.in_(sa.select(tags.c.job_id).where(tags.c.tag == search.tag)))
    if search.folder:
        conditions.append(jobs.c.clip.startswith(search.folder, autoescape=True))
    if search.since is not None:
        conditions.append(jobs.c.created_at >= search.since)
    if search.until is not None:
        conditions.append(jobs.c.created_at < search.until)
    if search.at_least is not None:
        conditions.append(jobs.c.cost >= search.at_least)
    if search.at_most is not None:
        conditions.append(jobs.c.cost <= search.at_most)
    return conditions


def _has(word: str) -> sa.ColumnElement[bool]:
    """Whether a prompt has a word. SQLite folds ASCII alone, so others are sought in each spelling."""
    spellings = {word, word.lower(), word.upper(), word.capitalize()}
    return sa.or_(*(jobs.c.prompt.icontains(each, autoescape=True) for each in sorted(spellings)))
