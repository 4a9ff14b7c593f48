"""Proof that the money adds up: every job by its entries, every account by its postings."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from soravid.ledger.schema import accounts, entries, jobs, postings
from soravid.money import show
from soravid.types import FINAL

_ENDS = ("spend", "void")


def problems(db: sa.Connection) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong; nothing when all is well."""
    yield from _jobs(db)
    yield from _legs(db)
    yield from _listed(db)
    yield from _accounts(db)


def _jobs(db: sa.Connection) -> Iterator[str]:
    """Each job has one hold; when it is final, one end, and what was spent is what it cost."""
    query = (
        sa.select(
            jobs.c.id,
            jobs.c.status,
            jobs.c.held,
            jobs.c.cost,
            jobs.c.over,
            _count(entries, "hold").label("holds"),
            _count(entries, *_ENDS).label("ends"),
            _count(entries, "spend").label("spends"),
            _sum(entries, entries.c.amount, "hold").label("of_holds"),
            _sum(entries, entries.c.amount, "spend", "adjust").label("of_spends"),
            _sum(entries, entries.c.amount, "void").label("of_voids"),
            _count(entries, "adjust").label("adjusts"),
        )
        .select_from(jobs.outerjoin(entries))
        .group_by(jobs.c.id)
        .order_by(jobs.c.id)
    )
    for row in db.execute(query):
        final = row.status in FINAL
        if row.holds != 1:
            yield f"{row.id} has {row.holds} holds, not 1."
        elif row.of_holds != (row.held or 0):
            yield f"{row.id} says that it held {show(row.held)}; its entry says {_usd(row.of_holds)}."
        if row.ends != final:
            yield f"{row.id} is {row.status} and has {row.ends} ends, not {int(final)}."
        elif final and row.of_spends != (row.cost or 0):
            yield f"{row.id} cost {show(row.cost)}; its entries spent {_usd(row.of_spends)}."
        elif final and not row.spends and row.of_voids != (row.held or 0):
            yield f"{row.id} held {show(row.held)} and got {_usd(row.of_voids)} back."
        if row.adjusts and not row.ends:
            yield f"{row.id} was corrected before it ended."
        over = row.held is not None and row.cost is not None and row.cost > row.held
        if row.over != over:
            yield f"{row.id} is {'' if row.over else 'not '}marked as over and should{' not' * row.over} be."


def _legs(db: sa.Connection) -> Iterator[str]:
    """On each account that a job holds on, one hold and one end, as the job's own entries have them."""
    query = (
        sa.select(
            postings.c.account_id,
            jobs.c.id,
            jobs.c.status,
            jobs.c.held,
            jobs.c.cost,
            _count(postings, "hold").label("holds"),
            _count(postings, *_ENDS).label("ends"),
            _sum(postings, postings.c.held, "hold").label("of_holds"),
            sa.func.sum(postings.c.held).label("left"),
            sa.func.sum(postings.c.spent).label("of_spends"),
        )
        .select_from(postings.join(jobs))
        .group_by(postings.c.account_id, jobs.c.id)
        .order_by(jobs.c.id, postings.c.account_id)
    )
    for row in db.execute(query):
        final = row.status in FINAL
        leg = f"{row.id} on account {row.account_id}"
        if row.holds != 1:
            yield f"{leg} has {row.holds} holds, not 1."
        elif row.of_holds != (row.held or 0):
            yield f"{leg} holds {_usd(row.of_holds)}, not {show(row.held)}."
        if row.ends != final:
            yield f"{leg} is {row.status} and has {row.ends} ends, not {int(final)}."
        elif row.left != (0 if final else row.held or 0):
            yield f"{leg} is {row.status} and still holds {_usd(row.left)}."
        if row.of_spends != (row.cost or 0) * final:
            yield f"{leg} spent {_usd(row.of_spends)}; the job cost {show(row.cost)}."


def _listed(db: sa.Connection) -> Iterator[str]:
    """The accounts that a job names are those that it holds on."""
    holds = sa.select(postings.c.job_id, postings.c.account_id).where(postings.c.kind == "hold")
    held: dict[str, list[int]] = {}
    for job_id, account_id in db.execute(holds.order_by(postings.c.account_id)):
        held.setdefault(job_id, []).append(account_id)
    for job_id, named in db.execute(sa.select(jobs.c.id, jobs.c.accounts)):
        if sorted(named or []) != held.get(job_id, []):
            yield f"{job_id} names the accounts {named} and holds on {held.get(job_id, [])}."


def _accounts(db: sa.Connection) -> Iterator[str]:
    """Each account is the sum of its postings, and no hold was let in where there was no room.

    Its postings are gone through in their order, with the limit that was in force at each: only what cost
    more than it held, and says so, may pass it.
    """
    told = {row.id: row for row in db.execute(sa.select(accounts).order_by(accounts.c.id))}
    spent = dict.fromkeys(told, 0)
    held = dict.fromkeys(told, 0)
    running = dict.fromkeys(told, 0)
    limits: dict[int, int | None] = dict.fromkeys(told)
    lines = sa.select(postings).order_by(postings.c.account_id, postings.c.id)
    for line in db.execution_options(yield_per=1000).execute(lines):
        number = line.account_id
        spent[number] += line.spent
        held[number] += line.held
        running[number] += (line.kind == "hold") - (line.kind in _ENDS)
        if line.kind == "limit":
            limits[number] = line.max_budget
            continue
        limit, total, more = limits[number], spent[number] + held[number], line.held + line.spent
        if line.over != (line.kind != "hold" and more > 0):
            yield f"Posting {line.id} is {'' if line.over else 'not '}marked as over and moved {_usd(more)}."
        if limit is not None and total > limit and more > 0 and not line.over:
            yield f"Posting {line.id} took {_name(told[number])} to {_usd(total)}, above {show(limit)}."
    for number, row in told.items():
        for what, sums in (("spent", spent), ("held", held)):
            if getattr(row, what) != sums[number]:
                says, has = _usd(getattr(row, what)), _usd(sums[number])
                yield f"{_name(row)} says {says} {what}; its postings make {has}."
        if row.running != running[number]:
            yield f"{_name(row)} says {row.running} jobs running; its postings make {running[number]}."
        if row.held < 0:
            yield f"{_name(row)} holds {_usd(row.held)}."
        if row.max_budget != limits[number]:
            yield f"{_name(row)} has a limit of {_usd(row.max_budget)} that was never posted."


def _count(table: sa.Table, *kinds: str) -> sa.ColumnElement[int]:
    return sa.func.count(sa.case((table.c.kind.in_(kinds), 1)))


def _sum(table: sa.Table, amount: sa.ColumnElement[int], *kinds: str) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sa.case((table.c.kind.in_(kinds), amount))), 0)


def _name(row: sa.Row[tuple[object, ...]]) -> str:
    window = f" ({row.every} from {row.starts_at})" if row.every else ""
    return f"Account {row.id} of {row.kind} {row.name}{window}"


def _usd(nano: int | None) -> str:
    """Money with its sign; a sum of PostgreSQL's is a Decimal."""
    if nano is None:
        return "none"
    return f"-{show(-int(nano))}" if nano < 0 else show(int(nano))
