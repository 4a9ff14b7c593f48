"""Who is let in, and what that and every end of a job does to the accounts, one transaction at a time.

A job's hold and its end are on each account that it counts on, in the window in which it was let in.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import sqlalchemy as sa

from soravid.errors import BudgetExceeded, InvalidRequest
from soravid.ledger.accounts import Account, Scope
from soravid.ledger.budgets import MOST
from soravid.ledger.driver import Row
from soravid.ledger.limits import Takes, check_rate, check_running, lately, taken
from soravid.ledger.orders import Opening, Posting
from soravid.ledger.prepared import Prepared
from soravid.ledger.rows import JobRow
from soravid.ledger.schema import accounts, postings
from soravid.ledger.standings import Standing
from soravid.money import show


class Books:
    """The accounts as they stand in one transaction, with what it has done so far.

    Args:
        stands: the account of each scope that is held on; they are locked.
        running: for each scope that is limited by it, its accounts with jobs at work, and how many each has.
        takes: for each scope that is limited by them, its creates of the last minute.
        now: Unix seconds.
    """

    def __init__(
        self,
        stands: Mapping[Scope, Standing],
        running: Mapping[Scope, dict[int, int]],
        takes: Mapping[Scope, Takes],
        now: float,
    ) -> None:
        self._stands = stands
        self._running = running
        self._takes = {scope: lately(known, now) for scope, known in takes.items()}
        self._now = now
        self._moves: dict[int, list[int]] = {}
        self._touched: set[Scope] = set()
        self.lines: list[Row] = []
        """The postings, in the order in which they count."""

    @property
    def moves(self) -> list[Row]:
        """What is added to each account, by its id: no two transactions wait for each other in a circle."""
        return [
            {"leg": leg, "of_hold": held, "of_cost": spent, "of_jobs": jobs}
            for leg, (held, spent, jobs) in sorted(self._moves.items())
        ]

    @property
    def rates(self) -> list[Row]:
        """The creates of the last minute, of the scopes that had one now."""
        return [
            {"kind": scope.kind, "name": scope.name, "takes": self._takes[scope]}
            for scope in sorted(self._touched)
        ]

    def post(self, row: JobRow, posting: Posting) -> None:
        """Move the money of a job that there is, on the accounts that it holds on."""
        for leg in row.accounts or []:
            self._move(leg, row.id, posting)

    def let_in(self, opening: Opening) -> JobRow:
        """Hold a new job's amount on every scope's account, or on none; returns the job.

        Raises:
            LimitReached: a scope has as many jobs as it may have.
            BudgetExceeded: an account has no room for it, or it is unknown and there is no default.
        """
        amount = opening.amount
        if amount is not None and not 0 <= amount <= MOST:
            raise InvalidRequest(f"A clip cannot cost {amount} nano-USD.", param="seconds")
        for scope, limit in opening.limits.items():
            if limit.parallel_jobs is not None:
                check_running(scope, limit.parallel_jobs, self._at_work(scope))
            if limit.requests_per_minute is not None:
                check_rate(scope, limit.requests_per_minute, self._takes[scope], self._now)
        stands = {scope: self._stands[scope] for scope in opening.scopes}
        amount = _known(amount, stands, opening.default_hold)
        legs = {stand.id: stand.account for stand in stands.values() if stand.id is not None}
        ids = sorted(legs)
        limited = [leg for leg in ids if legs[leg].limit is not None]
        for leg in limited:
            _check_room(self._stand_of(leg, legs[leg]), amount or 0)
        for scope, limit in opening.limits.items():
            if limit.requests_per_minute is not None:
                self._takes[scope] = taken(self._takes[scope], self._now)
                self._touched.add(scope)
        for leg in ids:
            self._move(leg, opening.row["id"], Posting("hold", amount, amount or 0, 0, False))
        stand = tuple(self._stand_of(leg, legs[leg]) for leg in limited)
        return JobRow(**opening.row | {"held": amount, "accounts": ids}, stands=stand)

    def _at_work(self, scope: Scope) -> int:
        known = self._running[scope]
        here = self._stands[scope].id
        legs = {*known, *([] if here is None else [here])}
        return sum(known.get(leg, 0) + self._moves.get(leg, (0, 0, 0))[2] for leg in legs)

    def _stand_of(self, leg: int, account: Account) -> Account:
        """An account with what this transaction has moved."""
        held, spent, _ = self._moves.get(leg, (0, 0, 0))
        return replace(account, held=account.held + held, spent=account.spent + spent)

    def _move(self, leg: int, job_id: str, posting: Posting) -> None:
        kind, _, held, spent, ends = posting
        move = self._moves.setdefault(leg, [0, 0, 0])
        move[0] += held
        move[1] += spent
        move[2] += (kind == "hold") - ends
        self.lines.append(
            {
                "account_id": leg,
                "job_id": job_id,
                "kind": kind,
                "held": held,
                "spent": spent,
                "max_budget": None,
                "over": kind != "hold" and held + spent > 0,
                "at": time.time(),
            }
        )


def _check_room(account: Account, amount: int) -> None:
    # What is free is let in, also where an overrun has passed the limit.
    if amount and account.limit is not None and account.spent + account.held + amount > account.limit:
        raise _refused(account, amount)


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


def _refused(account: Account, amount: int) -> BudgetExceeded:
    scope = account.scope
    return _exceeded(
        f"The {scope}'s budget of {show(account.limit)} would be exceeded: {show(account.spent)} spent, "
        f"{show(account.held)} held, {show(account.remaining)} left; this clip may cost {show(amount)}.",
        _advice(scope, account),
        account,
    )


def _unpriced(scope: Scope, account: Account) -> BudgetExceeded:
    return _exceeded(
        f"The clip's price is unknown, so it cannot be kept under the {scope}'s budget of "
        f"{show(account.limit)}.",
        "Choose a model with a known price, or give the budget a default_hold.",
        account,
    )


def _exceeded(message: str, hint: str, account: Account) -> BudgetExceeded:
    return BudgetExceeded(
        message,
        param="max_budget",
        hint=hint,
        scope=account.scope,
        limit=account.limit,
        spent=account.spent,
        held=account.held,
        remaining=account.remaining,
        resets_at=account.resets_at,
    )


def _advice(scope: Scope, account: Account) -> str:
    if account.resets_at is not None:
        return f"It resets on {datetime.fromtimestamp(account.resets_at, UTC):%Y-%m-%d at %H:%M:%S} UTC."
    return "%video budget USD raises it." if scope.kind == "session" else "Whoever set it can raise it."


MOVE = Prepared(
    accounts.update()
    .where(accounts.c.id == sa.bindparam("leg"))
    .values(
        held=accounts.c.held + sa.bindparam("of_hold", type_=sa.BigInteger),
        spent=accounts.c.spent + sa.bindparam("of_cost", type_=sa.BigInteger),
        running=accounts.c.running + sa.bindparam("of_jobs", type_=sa.Integer),
    ),
    sets=(),
)
LINE = Prepared(
    postings.insert().inline(), sets=[column.name for column in postings.c if column.name != "id"]
)
