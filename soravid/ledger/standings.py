"""How accounts stand in the windows of a moment: all of them asked for in one statement."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

import sqlalchemy as sa

from soravid.ledger.accounts import Account, Scope
from soravid.ledger.driver import Asked, Driver, Row
from soravid.ledger.prepared import Prepared
from soravid.ledger.schema import accounts, budgets
from soravid.ledger.windows import window


class Standing(NamedTuple):
    """A scope's account now.

    ``id`` is None where nothing has been written of it yet; ``current``: what is has the limit of now.
    """

    id: int | None
    account: Account
    current: bool


def standing(db: Driver, scopes: Collection[Scope], now: float) -> dict[Scope, Standing]:
    """How the scopes' accounts stand in the windows of ``now``, whether they are written down or not."""
    return told(ask(db, scopes, now), scopes, now)


def ask(db: Driver, scopes: Iterable[Scope], now: float) -> Asked:
    """Ask for the scopes' accounts; ``told`` takes the answer."""
    names = [{"kind": scope.kind, "name": scope.name} for scope in scopes]
    return db.ask(_ACCOUNTS[db.dialect.name], {"scopes": json.dumps(names), "now": int(now)})


def told(asked: Asked, scopes: Iterable[Scope], now: float) -> dict[Scope, Standing]:
    """How the accounts stand that were asked for."""
    found: dict[Any, list[Row]] = {}
    for row in asked.rows():
        found.setdefault((row["of_kind"], row["of_name"]), []).append(row)
    return {scope: _standing(scope, found[scope.kind, scope.name], now) for scope in scopes}


def _standing(scope: Scope, found: list[Row], now: float) -> Standing:
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


def _statement(named: sa.FromClause, kind: sa.ColumnElement[str], name: sa.ColumnElement[str]) -> Prepared:
    """The budget of each scope, beside each of its accounts whose window is now; one row at least."""
    gives = (
        kind.label("of_kind"),
        name.label("of_name"),
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
    now = sa.bindparam("now", type_=sa.BigInteger)
    is_now = sa.and_(
        accounts.c.starts_at <= now, sa.or_(accounts.c.resets_at.is_(None), accounts.c.resets_at > now)
    )
    of_budget = sa.and_(budgets.c.kind == kind, budgets.c.name == name)
    of_account = sa.and_(accounts.c.kind == kind, accounts.c.name == name, is_now)
    tables = named.outerjoin(budgets, of_budget).outerjoin(accounts, of_account)
    return Prepared(sa.select(*gives).select_from(tables), gives)


def _on_sqlite() -> Prepared:
    named = sa.func.json_each(sa.bindparam("scopes", type_=sa.Text)).table_valued("value", name="named")
    kind, name = (sa.func.json_extract(named.c.value, f"$.{part}") for part in ("kind", "name"))
    return _statement(named, kind, name)


def _on_postgresql() -> Prepared:
    scopes = sa.cast(sa.bindparam("scopes", type_=sa.Text), sa.JSON)
    columns = sa.column("kind", sa.Text), sa.column("name", sa.Text)
    named = (
        sa.func.json_to_recordset(scopes).table_valued(*columns, name="named").render_derived(with_types=True)
    )
    return _statement(named, named.c.kind, named.c.name)


_ACCOUNTS = {"sqlite": _on_sqlite(), "postgresql": _on_postgresql()}
