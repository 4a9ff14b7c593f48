"""A job's legs: what it holds and spends on every account that it counts on.

The hold and its limit are one conditional update; the end of a job is posted to the accounts that hold it, in
whichever windows they were.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime

import sqlalchemy as sa

from soravid.errors import BudgetExceeded, InvalidRequest
from soravid.ledger.accounts import Account, Scope
from soravid.ledger.budgets import MOST, Standing, opened
from soravid.ledger.prepared import Prepared, Row, Step
from soravid.ledger.rows import JobRow
from soravid.ledger.schema import accounts, postings
from soravid.money import show


def reserve(
    db: sa.Connection, scopes: Iterable[Scope], amount: int | None, default_hold: int | None, now: float
) -> tuple[int | None, list[int]]:
    """Hold an amount on every scope's account, or on none; returns it with the accounts' ids.

    An unknown ``amount`` is None; under a limit a default takes its place: the budget's, else
    ``default_hold``.

    Raises:
        BudgetExceeded: an account has no room for it, or it is unknown and there is no default.
    """
    if amount is not None and not 0 <= amount <= MOST:
        raise InvalidRequest(f"A clip cannot cost {amount} nano-USD.", param="seconds")
    stands = opened(db, scopes, now)
    amount = _known(amount, stands, default_hold)
    legs = {stand.id: stand.account for stand in stands.values() if stand.id is not None}
    ids = sorted(legs)  # in one order: no two jobs then wait for each other in a circle
    for each in ids:
        if not _HOLD.first(db, {"leg": each, "amount": amount or 0}):
            row = db.execute(sa.select(accounts).where(accounts.c.id == each)).one()
            raise _refused(legs[each], amount or 0, row.spent, row.held)
    return amount, ids


def hold(row: Row, amount: int | None) -> list[Step]:
    """The steps that write down a new job's hold on its accounts, from which ``reserve`` has taken it."""
    return _lines(row["id"], row["accounts"], "hold", amount or 0, 0)


def settle(db: sa.Connection, row: JobRow, cost: int | None, kind: str) -> list[Step]:
    """The steps that end a job's hold on its accounts; it has spent all of ``cost``, also above the hold.

    ``kind`` is ``spend`` or ``void``. Once for a job, by whoever ended it.
    """
    return _move(db, row, kind, -(row.held or 0), cost or 0)


def adjust(db: sa.Connection, row: JobRow, more: int) -> list[Step]:
    """The steps that correct the spending of a job that has ended; ``more`` is negative where it was less."""
    return _move(db, row, "adjust", 0, more)


def _move(db: sa.Connection, row: JobRow, kind: str, held: int, spent: int) -> list[Step]:
    ids = row.accounts or []
    moves: list[Step] = [(_MOVE, {"leg": each, "of_hold": held, "of_cost": spent}) for each in ids]
    lines = _lines(row.id, ids, kind, held, spent)
    if len(ids) < 2:
        return moves + lines
    for prepared, values in moves:  # in the order in which holds are taken
        prepared.run(db, values)
    return lines


def _lines(job_id: str, ids: list[int], kind: str, held: int, spent: int) -> list[Step]:
    line = {
        "job_id": job_id,
        "kind": kind,
        "held": held,
        "spent": spent,
        "max_budget": None,
        "over": kind != "hold" and held + spent > 0,
        "at": time.time(),
    }
    return [(_LINE, line | {"account_id": each}) for each in ids]


def _known(amount: int | None, stands: dict[Scope, Standing], default: int | None) -> int | None:
    """The amount to hold; None only where no account has a limit."""
    if amount is not None:
        return amount
    for scope, (_, account, _) in stands.items():
        if account.limit is None:
            continue
        own = default if account.default_hold is None else account.default_hold
        if own is None:
            raise _unpriced(scope, account)
        amount = max(amount or 0, own)
    return amount


def _refused(account: Account, amount: int, spent: int, held: int) -> BudgetExceeded:
    scope = account.scope
    left = max(0, (account.limit or 0) - spent - held)
    return _exceeded(
        f"The {scope}'s budget of {show(account.limit)} would be exceeded: {show(spent)} spent, "
        f"{show(held)} held, {show(left)} left; this clip may cost {show(amount)}.",
        _advice(scope, account),
        account,
        (spent, held, left),
    )


def _unpriced(scope: Scope, account: Account) -> BudgetExceeded:
    left = account.remaining or 0
    return _exceeded(
        f"The clip's price is unknown, so it cannot be kept under the {scope}'s budget of "
        f"{show(account.limit)}.",
        "Choose a model with a known price, or give the budget a default_hold.",
        account,
        (account.spent, account.held, left),
    )


def _exceeded(message: str, hint: str, account: Account, stand: tuple[int, int, int]) -> BudgetExceeded:
    spent, held, left = stand
    return BudgetExceeded(
        message,
        param="max_budget",
        hint=hint,
        scope=account.scope,
        limit=account.limit,
        spent=spent,
        held=held,
        remaining=left,
        resets_at=account.resets_at,
    )


def _advice(scope: Scope, account: Account) -> str:
    if account.resets_at is not None:
        return f"It resets on {datetime.fromtimestamp(account.resets_at, UTC):%Y-%m-%d at %H:%M:%S} UTC."
    return "%video budget USD raises it." if scope.kind == "session" else "Whoever set it can raise it."


_LEG = accounts.c.id == sa.bindparam("leg")
_AMOUNT = sa.bindparam("amount", type_=sa.BigInteger)
_ROOM = sa.or_(
    accounts.c.max_budget.is_(None),
    _AMOUNT == 0,  # what is free is let in, also where an overrun has passed the limit
    accounts.c.spent + accounts.c.held + _AMOUNT <= accounts.c.max_budget,
)
_HOLD = Prepared(
    accounts.update().where(_LEG, _ROOM).values(held=accounts.c.held + _AMOUNT).returning(accounts.c.id),
    [accounts.c.id],
    sets=(),
)
_MOVE = Prepared(
    accounts.update()
    .where(_LEG)
    .values(
        held=accounts.c.held + sa.bindparam("of_hold", type_=sa.BigInteger),
        spent=accounts.c.spent + sa.bindparam("of_cost", type_=sa.BigInteger),
    ),
    sets=(),
)
_LINE = Prepared(
    postings.insert().inline(), sets=[column.name for column in postings.c if column.name != "id"]
)
