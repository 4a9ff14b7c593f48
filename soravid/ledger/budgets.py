"""Budgets: what a scope may spend, and the account of each of its windows."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from soravid.errors import InvalidRequest
from soravid.ledger.accounts import Account, Kind, Scope
from soravid.ledger.database import Database
from soravid.ledger.prepared import Prepared
from soravid.ledger.schema import accounts, budgets, postings
from soravid.ledger.windows import checked, window

MOST = 10**18
"""Nano-USD that one amount may be: a billion USD, so that no sum of some of them leaves 64 bits."""


class Standing(NamedTuple):
    """A scope's account now.

    ``id`` is None where nothing has been written of it yet; ``current``: what is has the limit of now.
    """

    id: int | None
    account: Account
    current: bool


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
            insert = _insert(db, budgets).values(**key, **policy, anchor=int(now))
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
        with self._database.read() as db:
            return standing(db, [scope], time.time())[scope].account

    def all(self, kind: Kind | None = None) -> list[Account]:
        """The accounts of every scope that has a budget or has ever spent, in the windows of now."""
        of_kind = sa.true() if kind is None else accounts.c.kind == kind
        names = sa.select(accounts.c.kind, accounts.c.name).where(of_kind).distinct()
        with self._database.read() as db:
            scopes = sorted(Scope(*row) for row in db.execute(names))
            stands = standing(db, scopes, time.time())
            return [stands[scope].account for scope in scopes]


def standing(db: sa.Connection, scopes: Iterable[Scope], now: float) -> dict[Scope, Standing]:
    """How the scopes' accounts stand in the windows of ``now``, whether they are written down or not."""
    return {scope: _standing(db, scope, now) for scope in scopes}


def _standing(db: sa.Connection, scope: Scope, now: float) -> Standing:
    found = _ACCOUNTS.rows(db, {"of_kind": scope.kind, "of_name": scope.name, "now": int(now)})
    policy = found[0]
    starts_at, resets_at = window(policy["of_every"], policy["anchor"], now)
    here = [row for row in found if (row["every"], row["starts_at"]) == (policy["of_every"], starts_at)]
    row = here[0] if here else None
    account = Account(
        scope=scope,
        limit=policy["of_budget"],
        spent=row["spent"] if row else 0,
        held=row["held"] if row else 0,
        every=policy["of_every"] or None,
        starts_at=starts_at,
        resets_at=resets_at,
        default_hold=policy["default_hold"],
    )
    current = row is not None and row["max_budget"] == account.limit
    return Standing(row["id"] if row else None, account, current)


def opened(db: sa.Connection, scopes: Iterable[Scope], now: float) -> dict[Scope, Standing]:
    """As ``standing``, and every account is written down with the limit that is in force."""
    stands = standing(db, scopes, now)
    if all(stand.current for stand in stands.values()):
        return stands
    # Once more, and now no budget changes until we are done. All locks are taken in one order, of names and
    # then of ids: two processes then wait for each other, not in a circle.
    names = sorted(stands)
    db.execute(_KEPT, {"keys": [(scope.kind, scope.name) for scope in names]})
    for scope, stand in standing(db, names, now).items():
        if stand.id is None:
            _write_down(db, scope, stand.account)
    stands = standing(db, stands, now)
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
    insert = _insert(db, accounts).values(row).on_conflict_do_nothing().returning(accounts.c.id)
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


def _insert(db: sa.Connection, table: sa.Table) -> Any:
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
_ME = sa.select(
    sa.bindparam("of_kind", type_=sa.Text).label("kind"), sa.bindparam("of_name", type_=sa.Text).label("name")
).subquery()
_NOW = sa.bindparam("now", type_=sa.BigInteger)
_COLUMNS = (
    accounts.c.id,
    accounts.c.every,
    accounts.c.starts_at,
    accounts.c.max_budget,
    accounts.c.spent,
    accounts.c.held,
    sa.func.coalesce(budgets.c.every, "").label("of_every"),
    sa.func.coalesce(budgets.c.anchor, 0).label("anchor"),
    budgets.c.max_budget.label("of_budget"),
    budgets.c.default_hold,
)
_ACCOUNTS = Prepared(
    sa.select(*_COLUMNS).select_from(
        _ME.outerjoin(budgets, sa.and_(budgets.c.kind == _ME.c.kind, budgets.c.name == _ME.c.name)).outerjoin(
            accounts,
            sa.and_(
                accounts.c.kind == _ME.c.kind,
                accounts.c.name == _ME.c.name,
                accounts.c.starts_at <= _NOW,
                sa.or_(accounts.c.resets_at.is_(None), accounts.c.resets_at > _NOW),
            ),
        )
    ),
    _COLUMNS,
)
"""The budget of a scope, beside each of its accounts whose window is now; one row at least."""
