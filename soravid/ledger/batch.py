"""What one transaction does for everybody who waits: it asks once, decides, and writes once.

Locks are taken in one order: names, jobs, accounts, each of them sorted. Two processes then wait for each
other, and not in a circle.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from soravid.errors import SoravidError
from soravid.ledger import changes, holds, standings
from soravid.ledger.accounts import Scope
from soravid.ledger.driver import Asked, Driver, Row
from soravid.ledger.holds import Books
from soravid.ledger.limits import Takes
from soravid.ledger.locks import lock_accounts, lock_names
from soravid.ledger.orders import Change, Opening, Order
from soravid.ledger.prepared import Prepared
from soravid.ledger.rows import JobRow
from soravid.ledger.schema import accounts, rates


class NotWrittenDown(Exception):
    """Accounts that have to be written down, or given their budgets' limits, before they are held on."""

    def __init__(self, scopes: list[Scope]) -> None:
        super().__init__()
        self.scopes = scopes


class Batch:
    """One transaction for some orders.

    Attributes:
        now: Unix seconds; windows are those of this moment.
        committing: whether its end has been asked for; from then on it may have been written.
    """

    def __init__(self, db: Driver, orders: Sequence[Order]) -> None:
        self.now = time.time()
        self.committing = False
        self._db = db
        self._orders = orders
        self._openings = [order for order in orders if isinstance(order, Opening)]
        changing = [order for order in orders if isinstance(order, Change)]
        self._changes = sorted(changing, key=lambda change: change.job_id)
        self._scopes = sorted({scope for opening in self._openings for scope in opening.scopes})
        self._results: dict[int, Any] = {}

    def carry_out(self) -> list[Any]:
        """Do what was ordered and commit; returns what came of each order, an error of its own included.

        Raises:
            NotWrittenDown: to be done first; nothing was written.
        """
        db = self._db
        with db.at_once():
            db.tell("BEGIN" if db.postgresql else "BEGIN IMMEDIATE")
            lock_names(db, (name for opening in self._openings for name in opening.names))
            changed = [(change, changes.changing(db, change)) for change in self._changes]
            if self._openings or any(change.posts for change in self._changes):
                self._move_money(changed)
            self.committing = True
            db.tell("COMMIT")
            for change, answer in changed:
                self._results[id(change)] = _changed(db, change, answer)
        return [self._results[id(order)] for order in self._orders]

    def _move_money(self, changed: Sequence[tuple[Change, Asked]]) -> None:
        """Settle what has ended, then let in what there is room for."""
        db = self._db
        lock_accounts(db, self._scopes, [change.job_id for change in self._changes], self.now)
        known = changes.Known(db, self._openings)
        books = self._books()
        known.read()
        jobs: list[Row] = []
        entries: list[Row] = []
        for change, answer in changed:
            found = answer.first() if change.posts else None
            row = JobRow(**found) if found else None
            if row and change.posts and (posting := change.posts(row)):
                books.post(row, posting)
                entries.append(changes.entry(row.id, posting.kind, posting.amount, row.session))
        for opening in self._openings:
            self._results[id(opening)] = _let_in(opening, known, books, jobs, entries)
        db.run(holds.MOVE, books.moves)
        db.run(changes.NEW, jobs)
        db.run(changes.ENTRY, entries)
        db.run(holds.LINE, books.lines)
        db.run(_KEEP_RATE[db.dialect.name], books.rates)

    def _books(self) -> Books:
        """The accounts that are held on, and what limits have to know, as they stand behind our locks."""
        db, scopes, now = self._db, self._scopes, self.now
        limits = [item for opening in self._openings for item in opening.limits.items()]
        asked = standings.ask(db, scopes, now)
        running = {scope: db.ask(_RUNNING, _names(scope)) for scope, each in limits if each.parallel_jobs}
        takes = {scope: db.ask(_TAKES, _names(scope)) for scope, each in limits if each.requests_per_minute}
        stands = standings.told(asked, scopes, now)
        if behind := [scope for scope, stand in stands.items() if not stand.current]:
            raise NotWrittenDown(behind)
        return Books(
            stands,
            {scope: {row["id"]: row["running"] for row in each.rows()} for scope, each in running.items()},
            {scope: _takes(each) for scope, each in takes.items()},
            now,
        )


def _let_in(
    opening: Opening, known: changes.Known, books: Books, jobs: list[Row], entries: list[Row]
) -> tuple[JobRow, bool] | SoravidError:
    """The job that there is, or a new one that holds its amount; or why there is none."""
    try:
        if there := known.of(opening):
            return there, False
        row = books.let_in(opening)
    except SoravidError as refused:
        return refused
    known.add(row)
    jobs.append(opening.row | {"held": row.held, "accounts": row.accounts})
    entries.append(changes.entry(row.id, "hold", row.held, row.session))
    return row, True


def _changed(db: Driver, change: Change, answer: Asked) -> tuple[JobRow, bool] | KeyError:
    """The job as the change left it, and whether it changed it."""
    if found := answer.first():
        return JobRow(**found), True
    try:
        return changes.by_id(db, change.job_id), False
    except KeyError as none:
        return none


def _names(scope: Scope) -> Row:
    return {"of_kind": scope.kind, "of_name": scope.name}


def _takes(asked: Asked) -> Takes:
    found = asked.first()
    return [(at, count) for at, count in found["takes"]] if found else []


def _of(table: sa.Table) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.kind == sa.bindparam("of_kind"), table.c.name == sa.bindparam("of_name"))


def _upsert(insert: Any) -> Prepared:
    keys = ["kind", "name"]
    statement = insert.on_conflict_do_update(index_elements=keys, set_={"takes": insert.excluded.takes})
    return Prepared(statement, sets=[*keys, "takes"])


_RUNNING = Prepared(
    sa.select(accounts.c.id, accounts.c.running).where(_of(accounts), accounts.c.running > sa.text("0")),
    [accounts.c.id, accounts.c.running],
)
_TAKES = Prepared(sa.select(rates.c.takes).where(_of(rates)), [rates.c.takes])
_KEEP_RATE = {
    "sqlite": _upsert(sqlite.insert(rates)),
    "postgresql": _upsert(postgresql.insert(rates).inline()),
}
