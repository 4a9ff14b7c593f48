"""What keeps other processes' transactions waiting on PostgreSQL, each kind of lock taken in one order.

SQLite has but one writer at a time, and needs none of them.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from soravid.ledger.accounts import Scope
from soravid.ledger.driver import Driver
from soravid.ledger.prepared import Prepared


def lock_names(db: Driver, names: Iterable[str]) -> None:
    """Keep out transactions with one of these names until this one ends."""
    if db.postgresql:
        db.run(_NAME, ({"name": f"soravid {name}"} for name in sorted(set(names))))


def lock_accounts(db: Driver, scopes: Iterable[Scope], jobs: list[str], now: float) -> None:
    """Lock the accounts of these scopes in the windows of ``now``, and those that these jobs hold on."""
    if db.postgresql:
        named = list(scopes)
        values = {"kinds": [scope.kind for scope in named], "names": [scope.name for scope in named]}
        db.run(_ACCOUNTS, [{**values, "jobs": jobs, "now": int(now)}])


_NAME = Prepared(sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"))
_ACCOUNTS = Prepared(
    sa.text(
        "SELECT id FROM accounts WHERE id IN ("
        "SELECT accounts.id FROM accounts "
        "JOIN unnest(CAST(:kinds AS text[]), CAST(:names AS text[])) AS here (kind, name) USING (kind, name) "
        "WHERE starts_at <= :now AND (resets_at IS NULL OR resets_at > :now) "
        "UNION SELECT CAST(json_array_elements_text("
        "CASE json_typeof(accounts) WHEN 'array' THEN accounts ELSE '[]' END) AS integer) "
        "FROM jobs WHERE id = ANY (CAST(:jobs AS text[]))"
        ") ORDER BY id FOR NO KEY UPDATE"
    )
)
