"""Users and teams: what holds for all the keys of one of them."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa

from soravid.errors import InvalidRequest
from soravid.ledger.accounts import Scope
from soravid.ledger.database import Database, lock
from soravid.ledger.schema import key_holders, virtual_keys

if TYPE_CHECKING:
    from soravid.ledger.journal import Journal

HolderKind = Literal["user", "team"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A user or a team; see ``schema.key_holders`` for the columns."""

    kind: HolderKind
    id: str
    alias: str | None = None
    models: tuple[str, ...] = ()
    rpm_limit: int | None = None
    max_parallel_jobs: int | None = None
    shares_clips: bool = False
    blocked: bool = False
    labels: dict[str, Any] = field(default_factory=dict)
    created_at: float = 0.0
    updated_at: float = 0.0

    @property
    def scope(self) -> Scope:
        """Whose account its clips are counted on."""
        return Scope(self.kind, self.id)

    @property
    def name(self) -> str:
        """What people call it: the alias, else the id."""
        return self.alias or self.id


class Holders:
    """The users and teams of one journal's database. Blocking: call it from a thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def of(cls, journal: Journal) -> Holders:
        """The users and teams beside a journal, in its transactions."""
        return cls(journal._database)

    def find(self, kind: HolderKind, holder_id: str) -> Holder | None:
        """The user or team of that id."""
        with self._database.read() as db:
            return holder_of(db, kind, holder_id)

    def get(self, kind: HolderKind, holder_id: str) -> Holder:
        """As ``find``.

        Raises:
            InvalidRequest: there is none.
        """
        return self.find(kind, holder_id) or _missing(kind, holder_id)

    def all(self, kind: HolderKind) -> list[Holder]:
        """All users, or all teams, newest first."""
        query = sa.select(key_holders).where(key_holders.c.kind == kind)
        with self._database.read() as db:
            rows = db.execute(query.order_by(key_holders.c.created_at.desc())).mappings()
            return [_holder(row) for row in rows]

    def create(self, draft: Holder) -> Holder:
        """Write a user or a team down.

        Raises:
            InvalidRequest: there is one of that id.
        """
        now = time.time()
        holder = replace(draft, created_at=now, updated_at=now)

        def work(db: sa.Connection) -> None:
            lock(db, f"{holder.kind} {holder.id}")
            if holder_of(db, holder.kind, holder.id):
                raise InvalidRequest(
                    f"There is a {holder.kind} {holder.id!r} already.", param=f"{holder.kind}_id"
                )
            db.execute(key_holders.insert(), _row(holder))

        self._database.write(work)
        return holder

    def update(self, kind: HolderKind, holder_id: str, **news: Any) -> Holder:
        """Change what holds for the keys of a user or a team.

        Raises:
            InvalidRequest: there is none of that id.
        """

        def work(db: sa.Connection) -> Holder:
            holder = holder_of(db, kind, holder_id) or _missing(kind, holder_id)
            changed = replace(holder, **news, updated_at=time.time())
            db.execute(key_holders.update().where(*_is(kind, holder_id)).values(_row(changed)))
            return changed

        return self._database.write(work)

    def delete(self, kind: HolderKind, holder_id: str) -> None:
        """Remove a user or a team, and have its keys open nothing any more. Their accounts stay.

        Raises:
            InvalidRequest: there is none of that id.
        """
        column = virtual_keys.c.team_id if kind == "team" else virtual_keys.c.user_id

        def work(db: sa.Connection) -> None:
            if not db.execute(key_holders.delete().where(*_is(kind, holder_id))).rowcount:
                _missing(kind, holder_id)
            living = sa.and_(column == holder_id, virtual_keys.c.deleted_at.is_(None))
            db.execute(virtual_keys.update().where(living).values(deleted_at=time.time()))

        self._database.write(work)


def new_id(kind: HolderKind) -> str:
    """A new user's or team's id, where none was chosen."""
    return f"{kind}_{secrets.token_hex(8)}"


def holder_of(db: sa.Connection, kind: HolderKind, holder_id: str) -> Holder | None:
    """The user or team of that id, as a transaction sees it."""
    row = db.execute(sa.select(key_holders).where(*_is(kind, holder_id))).mappings().first()
    return _holder(row) if row else None


def _missing(kind: HolderKind, holder_id: str) -> Holder:
    raise InvalidRequest(f"There is no {kind} {holder_id!r}.", param=f"{kind}_id")


def _is(kind: HolderKind, holder_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return key_holders.c.kind == kind, key_holders.c.id == holder_id


def _holder(row: Any) -> Holder:
    return Holder(**{**row, "models": tuple(row["models"])})


def _row(holder: Holder) -> dict[str, Any]:
    row = {column.name: getattr(holder, column.name) for column in key_holders.c}
    return row | {"models": list(holder.models)}
