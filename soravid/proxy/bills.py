"""What a bill is asked for: whose jobs, of which time, of which model; and how its lines look.

Fields have the names that LiteLLM's spend logs give them, where they are there.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from starlette.datastructures import QueryParams

from soravid.errors import nearest, one_of
from soravid.ledger import JobRow, Scope
from soravid.ledger.keys import Keys
from soravid.ledger.spending import Labels, Sum, Which
from soravid.money import to_usd
from soravid.proxy import names
from soravid.proxy.access import Caller
from soravid.proxy.envelope import Refusal
from soravid.routing import DEPLOYMENT, GROUP
from soravid.types import FINAL, normal_status

LABELS = Labels(key=names.KEY, model=GROUP)
"""Where a job has its key and its model group."""
TIMES = ("start_date", "end_date")
WHOSE = ("api_key", "user_id", "team_id", "model")
LOG = (
    *("request_id", "job_id", "call_type", "startTime", "endTime", "status", "api_key", "key_alias"),
    *("user", "team_id", "end_user", "model_group", "model", "custom_llm_provider", "model_id"),
    *("seconds", "size", "spend", "held", "prompt"),
)
"""The columns of the log."""
SUMS = ("spend", "held", "jobs", "failed_jobs", "unpriced_jobs")
_LONGEST = 3_660
"""Days that a bill by the day may have."""
_OWN = ("submitting", "unknown")
"""The journal's own states, beside those that everybody has."""
RUNNING = (*_OWN, "queued", "in_progress")
"""All of a job that has not ended."""


def which_jobs(query: QueryParams, caller: Caller, keys: Keys, also: tuple[str, ...] = ()) -> Which:
    """Which jobs are asked for; a virtual key's are its own, whatever it says. Blocking.

    Raises:
        Refusal: a filter that there is not (``also`` are further names), or that cannot be.
    """
    _check_names(query, (*TIMES, *WHOSE, "status", "format", *also))
    since, until = (_moment(query, name, ends=name == "end_date") for name in TIMES)
    if since is not None and until is not None and since >= until:
        raise _wrong("end_date", "end_date must not be before start_date.")
    scopes = [Scope("user", query["user_id"])] if query.get("user_id") else []
    if query.get("team_id"):
        scopes.append(Scope("team", query["team_id"]))
    key = _key_id(query["api_key"], keys) if query.get("api_key") else None
    if caller.key is not None:
        if key not in {None, caller.id}:
            raise Refusal(403, "A key may look at its own spending only.", "master_key_needed")
        key = caller.id
    if key is not None:
        scopes.append(Scope("key", key))
    status = query.get("status")
    return Which(
        since=since,
        until=until,
        scopes=tuple(scopes),
        model=query.get("model") or None,
        statuses=_statuses(status) if status else (),
    )


def days_of(which: Which) -> tuple[date, date]:
    """The first and the last day of a bill by the day, in UTC; without a beginning, the last 30 days.

    Raises:
        Refusal: too many days.
    """
    until = time.time() if which.until is None else which.until
    last = (_utc(until) - timedelta(microseconds=1 if which.until is not None else 0)).date()
    first = last - timedelta(days=29) if which.since is None else _utc(which.since).date()
    if (last - first).days >= _LONGEST:
        raise _wrong("start_date", "A bill by the day has ten years at most.")
    return first, last


def line(row: JobRow, aliases: Mapping[str, str]) -> dict[str, Any]:
    """One job on a bill; ``aliases`` are what people call the keys."""
    key = row.labels.get(names.KEY)
    alias = aliases.get(key or "")
    length = row.seconds or row.parameters.get("seconds")
    return {
        "request_id": names.public_id(row),
        "job_id": row.id,
        "call_type": row.operation,
        "startTime": iso_time(row.created_at),
        "endTime": iso_time(row.ended_at),
        "status": row.status,
        "api_key": key,
        "key_alias": None if alias == key else alias,
        "user": row.user,
        "team_id": row.labels.get(names.TEAM),
        "end_user": row.labels.get(names.END_USER),
        "model_group": names.model_of(row),
        "model": row.model,
        "custom_llm_provider": row.model.partition("/")[0],
        "model_id": row.labels.get(DEPLOYMENT),
        "seconds": None if length is None else Decimal(str(length)),
        "size": row.size or row.parameters.get("size"),
        "spend": _usd(row.cost if row.final else 0),
        "held": _usd(0 if row.final else row.held),
        "prompt": row.prompt,
    }


def summed(each: Sum) -> dict[str, Any]:
    """The money and the jobs of a sum."""
    return {
        "spend": to_usd(each.spent),
        "held": to_usd(each.held),
        "jobs": each.jobs,
        "failed_jobs": each.failed,
        "unpriced_jobs": each.unpriced,
    }


def whole(query: QueryParams, name: str, usual: int, most: int) -> int:
    """A whole number above 0.

    Raises:
        Refusal: it is none, or above ``most``.
    """
    text = query.get(name) or str(usual)
    if not re.fullmatch(r"[1-9][0-9]{0,8}", text) or int(text) > most:
        raise _wrong(name, f"{name} must be a whole number from 1 to {most}.")
    return int(text)


def is_csv(query: QueryParams) -> bool:
    """Whether CSV is wanted.

    Raises:
        Refusal: neither that nor JSON.
    """
    kind = query.get("format") or "json"
    if kind not in {"csv", "json"}:
        raise _wrong("format", f"format must be json or csv, not {kind[:20]!r}.")
    return kind == "csv"


def _check_names(query: QueryParams, known: tuple[str, ...]) -> None:
    for name in query.keys() - set(known):
        near = nearest(name, known, 1)
        hint = f"Did you mean {near[0]}?" if near else f"There are {one_of(known)}."
        raise _wrong(name[:40], f"There is no filter {name[:40]!r}. {hint}")


def _moment(query: QueryParams, name: str, *, ends: bool) -> float | None:
    text = query.get(name)
    if not text:
        return None
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            moment = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
            return (moment + timedelta(days=1 if ends else 0)).timestamp()
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise _wrong(
            name, f"{name} must be a day such as 2026-11-30, or a time such as 2026-11-30T12:00:00Z (UTC)."
        ) from None


def _key_id(text: str, keys: Keys) -> str:
    """The id of a key that is given by itself, its id or its alias; deleted ones have their id left."""
    if text == "master" or keys.names([text]):
        return text
    if found := keys.find(text):
        return found.id
    raise _wrong("api_key", "There is no such key. Give its id, its alias or the key itself.")


def _statuses(text: str) -> tuple[str, ...]:
    word = text.strip().lower()
    if word == "running":
        return RUNNING
    normal = normal_status(word)
    if word in _OWN:
        return (word,)
    if normal == "in_progress" and word not in {"in_progress", "processing"}:
        words = ("running", "queued", "in_progress", *sorted(FINAL), *_OWN)
        raise _wrong("status", f"status must be {one_of(words)}, not {word[:20]!r}.")
    return (normal,)


def _wrong(param: str, message: str) -> Refusal:
    return Refusal(400, message, "invalid_value", param=param)


def _usd(nano: int | None) -> Decimal | None:
    return None if nano is None else to_usd(nano)


def _utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def iso_time(at: float | None) -> str | None:
    """A time as ISO 8601, with milliseconds, in UTC."""
    return None if at is None else _utc(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")
