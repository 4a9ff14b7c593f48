"""From a request to a job: who may, what it costs, what is sent. Nothing else in a proxy makes any."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from soravid import loop
from soravid.deployments import Options
from soravid.errors import BudgetExceeded, InvalidRequest, OutcomeUnknown, SoravidError
from soravid.ledger import Account, JobRow, Scope
from soravid.ledger.limits import LimitReached
from soravid.money import to_usd
from soravid.pipeline import Pipeline
from soravid.planning import make_plan
from soravid.plans import Plan
from soravid.proxy import names, served
from soravid.proxy.access import Caller
from soravid.proxy.envelope import Refusal, unknown_outcome
from soravid.proxy.finding import Finder
from soravid.proxy.guarded import Pictures
from soravid.proxy.keeper import Keeper
from soravid.proxy.wanted import Wanted
from soravid.types import Operation

_LONGEST_KEY = 255


@dataclass(frozen=True, slots=True)
class Made:
    """A job, and the account with a limit that has the least left."""

    row: JobRow
    tightest: Account | None


class Maker:
    """Makes jobs for callers, on the one pipeline."""

    def __init__(self, line: Pipeline, keeper: Keeper, finder: Finder, pictures: Pictures) -> None:
        self._line, self._keeper, self._finder, self._pictures = line, keeper, finder, pictures

    async def make(
        self, caller: Caller, wanted: Wanted, operation: Operation, idempotency_key: str | None
    ) -> Made:
        """Hold the money and send the create; the answer is there as soon as the provider's is.

        The same ``idempotency_key`` of the same caller gives the same job.

        Raises:
            Refusal, SoravidError: it cannot be; see ``envelope`` for how each is told.
        """
        asked_at = time.time()
        plan = await self._plan(caller, wanted, operation, idempotency_key)
        watching: list[asyncio.Task[Account | None]] = []

        def held(_: JobRow) -> None:
            if caller.budgeted and not watching:  # while the provider is being asked
                watching.append(asyncio.create_task(loop.in_thread(self._tightest, caller.budgeted)))

        try:
            row = await self._line.submit(plan, held)
            if row.video_id is None and not row.final:
                row = await self._line.recover(row)  # asked for again while its outcome is not known
                await self._keeper.adopt(row)
        except OutcomeUnknown as unknown:
            raise unknown_outcome(unknown, await self._id_of(unknown)) from None
        except (BudgetExceeded, LimitReached) as refused:
            _name(refused, caller)
            raise
        if row.session == self._line.journal.session and row.created_at >= asked_at:
            self._keeper.keep(row, plan if _may_go_on(plan) else None)
        else:  # there already; a replica goes on with it
            row = await self._finder.find(names.public_id(row), caller)  # 404 for one that has been deleted
        return Made(row, await watching[0] if watching else None)

    async def _plan(
        self, caller: Caller, wanted: Wanted, operation: Operation, idempotency_key: str | None
    ) -> Plan:
        source = await self._finder.find(wanted.source, caller) if wanted.source is not None else None
        model = self._model(caller, wanted, source)
        await wanted.read(self._pictures)
        options: dict[str, Any] = {**wanted.options}
        if "fallbacks" in options:
            options["fallbacks"] = served.all_admitted(caller, options["fallbacks"])
        options |= {name: value for name, value in wanted.pictures.items() if name != "input_reference"}
        if caller.user:
            options["user"] = caller.user.id
        if idempotency_key is not None:
            options["idempotency_key"] = _key(caller, idempotency_key)
        plan = await make_plan(
            self._line,
            wanted.prompt,
            model,
            operation=operation,
            source_id=source.id if source else None,
            seconds=wanted.seconds,
            size=wanted.size,
            input_reference=wanted.pictures.get("input_reference"),
            options=Options(**options),  # type: ignore[typeddict-item]
        )
        labels = _labels(caller, wanted, plan, source)
        return replace(plan, scopes=caller.scopes, limits=caller.limits, labels=labels)

    def _model(self, caller: Caller, wanted: Wanted, source: JobRow | None) -> str | None:
        """The model to make it with; None: the account that made the source."""
        if source is None:
            return served.admitted(caller, wanted.model)
        if source.status != "completed":
            message = (
                f"The video is {source.status.replace('_', ' ')}: only a completed one can be gone on from."
            )
            raise Refusal(409, message, "invalid_state", param="video")
        named = names.model_of(source)
        admitted = served.admitted(caller, named if wanted.model is None else wanted.model)
        return None if admitted == named else admitted

    def _tightest(self, scopes: Iterable[Scope]) -> Account | None:
        """The account with a limit that has the least left. Blocking."""
        accounts = [self._line.journal.budgets.get(scope) for scope in scopes]
        limited = [account for account in accounts if account.remaining is not None]
        return min(limited, key=lambda account: account.remaining or 0, default=None)

    async def _id_of(self, unknown: OutcomeUnknown) -> str | None:
        if unknown.job_id is None:
            return None
        with suppress(SoravidError, KeyError):
            return names.public_id(await loop.in_thread(self._line.journal.get, unknown.job_id))
        return None


def made_headers(made: Made) -> Mapping[str, str]:
    """What is left of the tightest budget that the job counts on, in USD."""
    account = made.tightest
    if account is None or account.limit is None:
        return {}
    headers = {
        "x-soravid-remaining-usd": f"{to_usd(account.remaining or 0):f}",
        "x-soravid-budget-usd": f"{to_usd(account.limit):f}",
        "x-soravid-budget-scope": account.scope.kind,
    }
    if account.scope.kind == "key":
        headers["x-litellm-key-spend"] = f"{to_usd(account.spent):f}"
        headers["x-litellm-key-max-budget"] = headers["x-soravid-budget-usd"]
    if account.resets_at is not None:
        headers["x-soravid-budget-resets-at"] = str(account.resets_at)
    return headers


def _may_go_on(plan: Plan) -> bool:
    """Whether a failed job is made elsewhere. Else the plan is not kept: it holds the pictures."""
    return any(step.route and step.route.policy.on_failed_job for step in plan.steps)


def _labels(caller: Caller, wanted: Wanted, plan: Plan, source: JobRow | None) -> dict[str, str]:
    labels = {**plan.labels, **caller.labels, names.MARK: names.new_mark()}
    if wanted.user:
        labels[names.END_USER] = wanted.user
    if source:
        labels[names.SOURCE] = names.public_id(source)
    return labels


def _key(caller: Caller, given: str) -> str:
    if not 0 < len(given) <= _LONGEST_KEY:
        message = f"An Idempotency-Key has 1 to {_LONGEST_KEY} characters."
        raise InvalidRequest(message, param="idempotency_key")
    return names.idempotency_key(caller.id, given)


def _name(refused: BudgetExceeded | LimitReached, caller: Caller) -> None:
    """Put the names that people know in place of ids."""
    for holder in caller.holders:
        refused.message = refused.message.replace(str(holder.scope), f"{holder.scope.kind} {holder.name}")
