"""Budgets: what a scope may spend, and the account of each of its windows."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from soravid.errors import InvalidRequest
from soravid.ledger.accounts import Account, Kind, Scope
from soravid.ledger.driver import Driver
from soravid.ledger.schema import accounts, budgets, postings
from soravid.ledger.standings import Standing, standing
from soravid.ledger.windows import checked

if TYPE_CHECKING:
    from soravid.ledger.database import Database

MOST = 10**18
"""Nano-USD that one amount may be: a billion USD, so that no sum of some of them leaves 64 bits."""


class Budgets:
    """The budgets of one journal, as ``journal.budgets``. All amounts are nano-USD."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def set(
        self, scope: Scope, limit: int | None, every: str | None = None, default_hold: int | None = None
    ) -> Account:
        """Give a scope a limit in each window, or change it; what was spent and held in the window counts.

        Args:
            scope: whose budget it is.
            limit: nano-USD in each window; None: spending is only counted.
            every: ``"30s"``, ``"30m"``, ``"24h"``, ``"30d"``, ``"2w"`` from the moment it is set first,
                ``"1mo"`` by calendar months in UTC; None: one window for ever. Another length begins anew.
            default_hold: what a job of unknown price holds; None: such a job is refused.

        Raises:
            InvalidRequest: an amount that is no whole number of nano-USD, or no such length.
        """
        every, now = checked(every), time.time()
        policy = {
            "max_budget": _amount(limit, "max_budget"),
            "every": every,
            "default_hold": _amount(default_hold, "default_hold"),
        }
        key = {"kind": scope.kind, "name": scope.name}

        def work(db: sa.Connection) -> Account:
            insert = insert_into(db, budgets).values(**key, **policy, anchor=int(now))
            anchor = sa.case((budgets.c.every == every, budgets.c.anchor), else_=int(now))
            db.execute(
                insert.on_conflict_do_update(
                    index_elements=["kind", "name"], set_={**policy, "anchor": anchor}
                )
            )
            return opened(db, [scope], now)[scope].account

        return self._database.write(work)

    def remove(self, scope: Scope) -> None:
        """Take a scope's limit away; its spending is still counted."""

        def work(db: sa.Connection) -> None:
            db.execute(budgets.delete().where(budgets.c.kind == scope.kind, budgets.c.name == scope.name))
            opened(db, [scope], time.time())

        self._database.write(work)

    def get(self, scope: Scope) -> Account:
        """How a scope's account stands in the window of now."""
        now = time.time()
        with self._database.read() as db:
            return standing(Driver.of(db), [scope], now)[scope].account

    def all(self, kind: Kind | None = None) -> list[Account]:
        """The accounts of every scope that has a budget or has ever spent, in the windows of now."""
        of_kind = sa.true() if kind is None else accounts.c.kind == kind
        names = sa.select(accounts.c.kind, accounts.c.name).where(of_kind).distinct()
        now = time.time()
        with self._database.read() as db:
            scopes = sorted(Scope(*row) for row in db.execute(names))
            stands = standing(Driver.of(db), scopes, now)
            return [stands[scope].account for scope in scopes]


def opened(db: sa.Connection, scopes: Iterable[Scope], now: float) -> dict[Scope, Standing]:
    """How the scopes' accounts stand; every one is written down with the limit that is in force."""
    # No budget changes until we are done. All locks are taken in one order, of names and then of ids: two
    # processes then wait for each other, not in a circle.
    names = sorted(set(scopes))
    db.execute(_KEPT, {"keys": [(scope.kind, scope.name) for scope in names]})
    driver = Driver.of(db)
    for scope, stand in standing(driver, names, now).items():
        if stand.id is None:
            _write_down(db, scope, stand.account)
    stands = standing(driver, names, now)
    if not all(stand.current for stand in stands.values()):
        db.execute(_IN_ORDER, {"ids": [stand.id for stand in stands.values()]})
        for stand in stands.values():
            if not stand.current:
                limit = {"max_budget": stand.account.limit}
                db.execute(accounts.update().where(accounts.c.id == stand.id).values(limit))
                db.execute(postings.insert(), _limit(stand.id, stand.account.limit))
    return stands


def _write_down(db: sa.Connection, scope: Scope, account: Account) -> None:
    row = {
        "kind": scope.kind,
        "name": scope.name,
        "every": account.every or "",
        "starts_at": account.starts_at,
        "resets_at": account.resets_at,
        "max_budget": account.limit,
        "spent": 0,
        "held": 0,
    }
    insert = insert_into(db, accounts).values(row).on_conflict_do_nothing().returning(accounts.c.id)
    new = db.execute(insert).scalar()
    if new is not None:
        db.execute(postings.insert(), _limit(new, account.limit))


def _limit(account_id: int | None, limit: int | None) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "job_id": None,
        "kind": "limit",
        "held": 0,
        "spent": 0,
        "max_budget": limit,
        "over": False,
        "at": time.time(),
    }


def insert_into(db: sa.Connection, table: sa.Table) -> Any:
    """An insert that knows ON CONFLICT, which each dialect has of its own."""
    return postgresql.insert(table) if db.dialect.name == "postgresql" else sqlite.insert(table)


def _amount(value: int | None, param: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
        raise InvalidRequest(
            f"{param} must be a whole number of nano-USD, from 0 to a billion USD, not {value!r}.",
            param=param,
        )
    return value


_KEYS: sa.BindParameter[Any] = sa.bindparam("keys", expanding=True)
_KEPT = (
    sa.select(budgets)
    .where(sa.tuple_(budgets.c.kind, budgets.c.name).in_(_KEYS))
    .order_by(budgets.c.kind, budgets.c.name)
    .with_for_update(read=True)
)
_IN_ORDER = (
    sa.select(accounts.c.id)
    .where(accounts.c.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(accounts.c.id)
    .with_for_update()
)
