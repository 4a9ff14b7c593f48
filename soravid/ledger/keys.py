"""Virtual keys: who may ask a proxy for clips. What a key may spend is a budget like any other.

A key is 256 random bits, and its SHA-256 is all that is stored. A password would need a slow, salted hash,
because people choose few of all that are possible; of random bits nothing can be guessed, however quickly.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from soravid.errors import InvalidRequest
from soravid.ledger.accounts import Scope
from soravid.ledger.database import Database, lock
from soravid.ledger.holders import Holder, holder_of
from soravid.ledger.schema import budgets, virtual_keys

if TYPE_CHECKING:
    from soravid.ledger.journal import Journal

PREFIX = "sk-"
"""Begins every key, as LiteLLM's clients expect."""
_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A virtual key, without the key itself; see ``schema.virtual_keys`` for the columns."""

    id: str
    digest: str = field(repr=False)
    hint: str
    alias: str | None = None
    team_id: str | None = None
    user_id: str | None = None
    models: tuple[str, ...] = ()
    rpm_limit: int | None = None
    max_parallel_jobs: int | None = None
    blocked: bool = False
    labels: dict[str, Any] = field(default_factory=dict)
    expires_at: float | None = None
    created_at: float = 0.0
    updated_at: float = 0.0
    deleted_at: float | None = None

    @property
    def scope(self) -> Scope:
        """Whose account its clips are counted on."""
        return Scope("key", self.id)

    @property
    def name(self) -> str:
        """What people call it: the alias, else the id."""
        return self.alias or self.id


@dataclass(frozen=True, slots=True)
class Known:
    """A key that opens, who holds it, and whose budgets have a limit."""

    key: Key
    team: Holder | None
    user: Holder | None
    budgeted: tuple[Scope, ...] = ()


def digest_of(secret: str) -> str:
    """What is stored of a key."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Keys:
    """The virtual keys of one journal's database. Blocking: call it from a thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def of(cls, journal: Journal) -> Keys:
        """The keys beside a journal, in its transactions."""
        return cls(journal._database)

    # --- asking --------------------------------------------------------------------------------------

    def look_up(self, digest: str) -> Known | None:
        """The living key with that digest and its holders, as they stand now."""
        with self._database.read() as db:
            key = _first(db, virtual_keys.c.digest == digest, _LIVING)
            if key is None:
                return None
            team = holder_of(db, "team", key.team_id) if key.team_id else None
            user = holder_of(db, "user", key.user_id) if key.user_id else None
            scopes = [each.scope for each in (key, team, user) if each]
            limited = {(row.kind, row.name) for row in db.execute(_limited(scopes))}
        budgeted = tuple(scope for scope in scopes if (scope.kind, scope.name) in limited)
        return Known(key, team, user, budgeted)

    def find(self, text: str) -> Key | None:
        """The living key with that id or alias, or the key itself."""
        names = (virtual_keys.c.id == text, virtual_keys.c.alias == text)
        same = sa.or_(*names, virtual_keys.c.digest == digest_of(text))
        with self._database.read() as db:
            return _first(db, same, _LIVING)

    def get(self, text: str) -> Key:
        """As ``find``.

        Raises:
            InvalidRequest: there is none.
        """
        key = self.find(text)
        if key is None:
            raise InvalidRequest(
                "There is no such key.", param="key", hint="Give its id, its alias or the key itself."
            )
        return key

    def all(self, *, team_id: str | None = None, user_id: str | None = None) -> list[Key]:
        """The living keys, newest first: all, or those of a team or a user."""
        wanted = {"team_id": team_id, "user_id": user_id}
        where = [virtual_keys.c[name] == value for name, value in wanted.items() if value is not None]
        query = sa.select(virtual_keys).where(_LIVING, *where).order_by(virtual_keys.c.created_at.desc())
        with self._database.read() as db:
            return [_key(row) for row in db.execute(query).mappings()]

    def names(self, ids: Iterable[str]) -> dict[str, str]:
        """What people call the keys of those ids, deleted ones too."""
        query = sa.select(virtual_keys.c.id, virtual_keys.c.alias).where(virtual_keys.c.id.in_(list(ids)))
        with self._database.read() as db:
            return {key_id: alias or key_id for key_id, alias in db.execute(query)}

    # --- changing ------------------------------------------------------------------------------------

    def create(self, draft: Key) -> tuple[Key, str]:
        """Write a key down; returns it with the key itself, which is nowhere to be had again.

        Raises:
            InvalidRequest: another key has that alias.
        """
        now = time.time()
        secret = new_secret()
        key = replace(draft, digest=digest_of(secret), hint=_hint(secret), created_at=now, updated_at=now)

        def work(db: sa.Connection) -> None:
            _keep_alias(db, key)
            db.execute(virtual_keys.insert(), _row(key))

        self._database.write(work)
        return key, secret

    def rotate(self, key_id: str) -> tuple[Key, str]:
        """Give a key a new secret. The old one opens nothing from now on; all else stays, its clips too.

        Raises:
            InvalidRequest: there is no such key.
        """
        secret = new_secret()
        return self._change(key_id, {"digest": digest_of(secret), "hint": _hint(secret)}), secret

    def update(self, key_id: str, **news: Any) -> Key:
        """Change what a key may do.

        Raises:
            InvalidRequest: there is no such key, or another one has that alias.
        """
        return self._change(key_id, news)

    def delete(self, key_id: str) -> Key:
        """Have a key open nothing any more. Its jobs, its clips and its account stay.

        Raises:
            InvalidRequest: there is no such key.
        """
        return self._change(key_id, {"deleted_at": time.time()})

    def _change(self, key_id: str, news: dict[str, Any]) -> Key:
        def work(db: sa.Connection) -> Key:
            key = _first(db, virtual_keys.c.id == key_id, _LIVING)
            if key is None:
                raise InvalidRequest(f"There is no key {key_id!r}.", param="key")
            changed = replace(key, **news, updated_at=time.time())
            if changed.alias != key.alias:
                _keep_alias(db, changed)
            db.execute(virtual_keys.update().where(virtual_keys.c.id == key_id).values(_row(changed)))
            return changed

        return self._database.write(work)


def new_id() -> str:
    """A new key's public id."""
    return f"key_{secrets.token_hex(8)}"


def new_secret() -> str:
    """A key that nobody can guess."""
    return PREFIX + secrets.token_urlsafe(_BYTES)


def _hint(secret: str) -> str:
    """By which a person tells keys apart; of 256 bits it gives away 24."""
    return f"{PREFIX}...{secret[-4:]}"


def _keep_alias(db: sa.Connection, key: Key) -> None:
    if key.alias is None:
        return
    lock(db, f"alias {key.alias}")
    if _first(db, virtual_keys.c.alias == key.alias, virtual_keys.c.id != key.id, _LIVING):
        raise InvalidRequest(f"There is a key {key.alias!r} already.", param="key_alias")


def _first(db: sa.Connection, *where: sa.ColumnElement[bool]) -> Key | None:
    found = db.execute(sa.select(virtual_keys).where(*where).limit(1)).mappings().first()
    return _key(found) if found else None


def _key(row: Any) -> Key:
    return Key(**{**row, "models": tuple(row["models"])})


def _row(key: Key) -> dict[str, Any]:
    row = {column.name: getattr(key, column.name) for column in virtual_keys.c}
    return row | {"models": list(key.models)}


def _limited(scopes: Iterable[Scope]) -> sa.Select[tuple[str, str]]:
    """Those of some scopes whose budget has a limit."""
    names = [(scope.kind, scope.name) for scope in scopes]
    return sa.select(budgets.c.kind, budgets.c.name).where(
        sa.tuple_(budgets.c.kind, budgets.c.name).in_(names), budgets.c.max_budget.is_not(None)
    )


_LIVING = virtual_keys.c.deleted_at.is_(None)
