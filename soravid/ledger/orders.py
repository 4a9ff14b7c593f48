"""What a caller wants written: a new job with its hold, or a change of a job and of its money."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import sqlalchemy as sa

from soravid.ledger.accounts import Scope
from soravid.ledger.limits import Limit
from soravid.ledger.rows import JobRow


class Posting(NamedTuple):
    """What moves a job's money: one entry of the job, and one line on each of its accounts.

    Attributes:
        kind: spend, void or adjust.
        amount: nano-USD of the entry; None: price unknown.
        held: added to what the accounts hold.
        spent: added to what they have spent.
        ends: whether the job has ended by it.
    """

    kind: str
    amount: int | None
    held: int
    spent: int
    ends: bool


@dataclass(slots=True)
class Opening:
    """A new job. Its result is the job's row and whether it is new: there may be one already.

    Attributes:
        row: the job's columns, but for ``held`` and ``accounts``.
        amount: nano-USD to hold on the account of each of the ``scopes``; None: price unknown.
        default_hold: held for an unknown price under a budget that has none of its own; None: refused.
        reuse: a job for the same clip will do.
        limits: what some of the scopes may have.
    """

    row: dict[str, Any]
    scopes: tuple[Scope, ...]
    amount: int | None
    default_hold: int | None = None
    reuse: bool = False
    limits: Mapping[Scope, Limit] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """What nobody else may open a job by until this is written."""
        key = self.row["idempotency_key"]
        return [f"key {key}"] * bool(key) + [f"clip {self.row['fingerprint']}"] * self.reuse


@dataclass(slots=True)
class Change:
    """New values of a job that is as ``where`` says. Its result is the row, and whether it was changed.

    ``posts`` says what that does to its money, once it is changed.
    """

    job_id: str
    values: Mapping[str, Any]
    where: sa.ColumnElement[bool]
    posts: Callable[[JobRow], Posting | None] | None = None


Order = Opening | Change
