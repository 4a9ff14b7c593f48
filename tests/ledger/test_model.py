"""The ledger beside a plain model of it, through any order of steps that Hypothesis thinks of."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from soravid import observe
from soravid.errors import BudgetExceeded, RateLimited
from soravid.ledger import Scope
from soravid.ledger.journal import Journal
from soravid.ledger.windows import window
from tests.ledger.helpers import CLOCKED, HERE, KITE, Clock, told
from tests.ledger.postgresql import Server

SCOPES = [Scope("key", "a"), Scope("key", "b"), Scope("team", "a")]
AMOUNTS = st.integers(0, 1000)
ENDED = {"completed", "failed", "cancelled"}


@dataclasses.dataclass
class Budget:
    limit: int | None = None
    every: str | None = None
    anchor: int = 0
    default: int | None = None
    is_set: bool = False


@dataclasses.dataclass
class Job:
    id: str
    hold: int | None
    legs: list[Any]
    cost: int = 0
    ended: bool = False
    take: int = 0
    keyed: bool = False
    gone: bool = False


class Ledger(RuleBasedStateMachine):
    """Money in the model is two dictionaries, by window."""

    jobs = Bundle("jobs")
    url: str | None = None

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.clock = Clock(1_795_348_800.0)
        for module in CLOCKED:
            self.patch.setattr(f"soravid.ledger.{module}.time", self.clock)
        self.folder = tempfile.TemporaryDirectory()
        home = Path(self.folder.name)
        self.journals = [Journal(home, url=self.url), Journal(home, url=self.url)]
        # Examples on PostgreSQL share a database: each has names of its own.
        self.prefix = self.folder.name
        self.scopes = [dataclasses.replace(scope, name=f"{scope.name} {self.prefix}") for scope in SCOPES]
        self.budgets = {scope: Budget() for scope in self.scopes}
        self.spent: dict[Any, int] = {}
        self.held: dict[Any, int] = {}
        self.known: list[Job] = []
        self.take = 0

    def teardown(self) -> None:
        problems = self.journals[0].verify()
        for journal in self.journals:
            journal.close()
        self.patch.undo()
        observe.flush()  # the log is written in the same folder
        self.folder.cleanup()
        assert problems == []

    @initialize(limit=AMOUNTS)
    def begin(self, limit: int) -> None:
        self.set_budget(0, limit, None, None)

    def now(self, scope: Scope) -> tuple[Scope, str | None, int]:
        budget = self.budgets[scope]
        return scope, budget.every, window(budget.every or "", budget.anchor, self.clock.now)[0]

    @rule(
        who=st.integers(0, 2),
        limit=st.none() | AMOUNTS,
        every=st.sampled_from([None, "1h", "1d", "1mo"]),
        default=st.none() | AMOUNTS,
    )
    def set_budget(self, who: int, limit: int | None, every: str | None, default: int | None) -> None:
        scope = self.scopes[who]
        old = self.budgets[scope]
        anchor = old.anchor if old.is_set and old.every == every else int(self.clock.now)
        self.budgets[scope] = Budget(limit, every, anchor, default, is_set=True)
        self.journals[0].budgets.set(scope, limit, every, default)

    @rule(who=st.integers(0, 2))
    def remove_budget(self, who: int) -> None:
        self.budgets[self.scopes[who]] = Budget()
        self.journals[1].budgets.remove(self.scopes[who])

    @rule(seconds=st.sampled_from([1, 1800, 3600, 86_400, 32 * 86_400, -3600, -86_400]))
    def clock_jumps(self, seconds: int) -> None:
        self.clock.now += seconds

    @rule(
        target=jobs,
        who=st.integers(0, 1),
        amount=st.none() | AMOUNTS,
        legs=st.sets(st.integers(0, 2)),
        again=st.integers(0, 5),
        key=st.booleans(),
    )
    def open(self, who: int, amount: int | None, legs: set[int], again: int, key: bool) -> Job | None:
        """A job; with ``again``, one that may have been asked for before, by its clip or by its key."""
        scopes = [self.scopes[leg] for leg in legs]
        take = again or 1000 + self.take
        self.take += 1
        request = dataclasses.replace(KITE, take=take, user=self.prefix, prompt=self.prefix)
        limited = [self.budgets[scope] for scope in scopes if self.budgets[scope].limit is not None]
        hold = amount
        if amount is None and limited:
            defaults = [budget.default for budget in limited if budget.default is not None]
            hold = max(defaults) if len(defaults) == len(limited) else -1
        fits = hold != -1 and all(
            (limit := self.budgets[scope].limit) is None
            or not hold
            or self.spent.get(self.now(scope), 0) + self.held.get(self.now(scope), 0) + (hold or 0) <= limit
            for scope in scopes
        )
        options: dict[str, Any] = {"idempotency_key": f"{self.prefix} {again}"} if key else {"reuse": True}
        options = options if again else {}
        same = [
            job.id
            for job in self.known
            if again and job.take == again and (job.keyed if key else not job.gone)
        ]
        try:
            row, new = self.journals[who].open(request, HERE, amount, scopes=scopes, **options)
        except BudgetExceeded:
            assert not fits
            assert not same
            return None
        assert new == (not same)
        known = next((job for job in self.known if job.id == row.id), None)
        if known:
            assert row.id in same
            return known
        assert fits
        assert row.held == hold
        job = Job(row.id, hold, [self.now(scope) for scope in scopes], take=take, keyed=bool(again and key))
        for leg in job.legs:
            self.held[leg] = self.held.get(leg, 0) + (hold or 0)
        self.known.append(job)
        return job

    @rule(
        job=jobs,
        who=st.integers(0, 1),
        status=st.sampled_from(["queued", "in_progress", *sorted(ENDED)]),
        cost=st.none() | AMOUNTS,
    )
    def observe(self, job: Job | None, who: int, status: str, cost: int | None) -> None:
        if job:
            self.journals[who].observe(job.id, told(status), cost)
            if status in ENDED:
                self.end(job, cost or 0, gone=status != "completed")

    @rule(job=jobs, who=st.integers(0, 1), how=st.sampled_from(["refused", "voided", "unknown"]))
    def given_up(self, job: Job | None, who: int, how: str) -> None:
        if job:
            getattr(self.journals[who], how)(job.id, RateLimited("wait"))
            if how != "unknown":
                job.keyed &= job.ended
                self.end(job, 0, gone=True)

    @rule(job=jobs, who=st.integers(0, 1), cost=AMOUNTS)
    def stored(self, job: Job | None, who: int, cost: int) -> None:
        """What the file says corrects a job that has ended, once."""
        if job is None:
            return
        clip = Path(self.folder.name, "clip.mp4")
        clip.write_bytes(b"a clip")
        before = self.journals[who].get(job.id)
        self.journals[who].stored(job.id, clip, None, ("3", "640x360", cost))
        if before.final and not (before.seconds and before.size):
            for leg in job.legs:
                self.spent[leg] += cost - job.cost
            job.cost = cost

    def end(self, job: Job, cost: int, *, gone: bool) -> None:
        if job.ended:
            return
        job.ended, job.cost, job.gone = True, cost, gone
        for leg in job.legs:
            self.held[leg] -= job.hold or 0
            self.spent[leg] = self.spent.get(leg, 0) + cost

    @invariant()
    def accounts_agree(self) -> None:
        for scope in self.scopes:
            account = self.journals[1].budgets.get(scope)
            here = self.now(scope)
            assert (account.limit, account.starts_at) == (self.budgets[scope].limit, here[2])
            assert (account.spent, account.held) == (self.spent.get(here, 0), self.held.get(here, 0))

    @invariant()
    def jobs_agree(self) -> None:
        for job in self.known:
            row = self.journals[0].get(job.id)
            assert (row.final, row.cost or 0) == (job.ended, job.cost)
            assert row.over == (job.ended and job.hold is not None and job.cost > job.hold)


def test_the_ledger_is_its_model_on_sqlite() -> None:
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=30,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_ledger_is_its_model_on_postgresql(postgresql: Server) -> None:
    class Shared(Ledger):
        url = postgresql.new()

    run_state_machine_as_test(
        Shared,
        settings=settings(
            max_examples=10,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
