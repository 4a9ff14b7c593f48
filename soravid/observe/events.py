"""One change of a job or of its money, as a plain value and as a line of JSON."""
# ruff: noqa: D102 - the attributes of ``Job`` are those of the journal's row

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from soravid.money import to_usd

EventName = Literal[
    "job.held",
    "job.submitted",
    "job.refused",
    "job.unknown",
    "job.status",
    "job.completed",
    "job.failed",
    "job.cancelled",
    "job.stored",
    "job.reused",
    "money.spend",
    "money.void",
    "money.adjust",
    "guard.blocked",
    "guard.flagged",
]

DROPPABLE = frozenset({"job.status"})
"""What may be left out where more happens than can be written: a later one says more."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_MONEY = ("held", "cost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What changed, and all that is known of the job at that moment. Never holds a credential.

    Attributes:
        name: what happened.
        at: Unix seconds.
        key: the id or name of the virtual key that asked, never the key.
        deployment: ``provider/model@host``, with the port where it is not 443.
        attempt: 1 for the first choice, 2 for the first fallback, and so on.
        video_id: the provider's id of the job.
        progress: 0 to 100; None where the provider reports none.
        parameters: what was asked for beside model and prompt.
        held: nano-USD that the job holds; of ``money.void`` what it gave back. None: price unknown.
        cost: nano-USD; of a ``money`` event the amount of its entry, which is below 0 where an
            adjustment gives back.
        elapsed: seconds since the job was written down.
        trace_id: of OpenTelemetry, 32 hex digits; ``span_id`` has 16.
        labels: the caller's own metadata.
    """

    name: EventName
    at: float
    job_id: str | None = None
    session: str | None = None
    key: str | None = None
    user: str | None = None
    model: str | None = None
    deployment: str | None = None
    attempt: int | None = None
    status: str | None = None
    progress: int | None = None
    video_id: str | None = None
    prompt: str | None = None
    parameters: Mapping[str, Any] | None = None
    held: int | None = None
    cost: int | None = None
    error_code: str | None = None
    error_message: str | None = None
    elapsed: float | None = None
    trace_id: str | None = None
    span_id: str | None = None
    labels: Mapping[str, str] | None = None

    def as_dict(self) -> dict[str, Any]:
        """The fields that are set."""
        return {name: value for name in _FIELDS if (value := getattr(self, name)) is not None}


_FIELDS = tuple(each.name for each in fields(Event))


def to_line(values: dict[str, Any]) -> bytes:
    """An event's fields as one line of JSON; money stands in nano-USD and, beside it, in USD as text."""
    for name in _MONEY:
        if name in values:
            values = values | {f"{name}_usd": format(to_usd(values[name]).normalize(), "f")}
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # A lone surrogate cannot be encoded; its escape is JSON as well.
    return text.encode("utf-8", "backslashreplace") + b"\n"


def from_line(line: bytes) -> Event:
    """An event from its line; fields that are not known here are left out.

    Raises:
        ValueError: the line is not an event.
    """
    values = json.loads(line)
    if not isinstance(values, dict) or not isinstance(values.get("name"), str) or "at" not in values:
        raise ValueError("The line is not an event.")
    return Event(**{name: values[name] for name in _FIELDS if name in values})


class Job(Protocol):
    """What ``about`` reads; a journal's row is one."""

    @property
    def id(self) -> str: ...
    @property
    def session(self) -> str: ...
    @property
    def user(self) -> str | None: ...
    @property
    def model(self) -> str: ...
    @property
    def api_base(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def progress(self) -> int | None: ...
    @property
    def video_id(self) -> str | None: ...
    @property
    def prompt(self) -> str: ...
    @property
    def parameters(self) -> dict[str, Any]: ...
    @property
    def held(self) -> int | None: ...
    @property
    def cost(self) -> int | None: ...
    @property
    def error(self) -> dict[str, Any] | None: ...
    @property
    def labels(self) -> dict[str, str]: ...
    @property
    def created_at(self) -> float: ...


def about(name: EventName, job: Job, at: float | None = None, **more: Any) -> Event:
    """The event of a job as it stands, ``at`` Unix seconds, now if left out.

    ``more`` are fields of ``Event`` that say otherwise.
    """
    now = time.time() if at is None else at
    error = job.error or {}
    known: dict[str, Any] = {
        "at": now,
        "job_id": job.id,
        "session": job.session,
        "user": job.user,
        "model": job.model,
        "deployment": f"{job.model}@{_host(job.api_base)}",
        "status": job.status,
        "progress": job.progress,
        "video_id": job.video_id,
        "prompt": job.prompt,
        "parameters": job.parameters,
        "held": job.held,
        "cost": job.cost,
        "error_code": error.get("code"),
        "error_message": error.get("message"),
        "elapsed": round(now - job.created_at, 3),
        "labels": job.labels or None,
    }
    return Event(name=name, **(known | more))


@lru_cache
def _host(api_base: str) -> str:
    parts = urlsplit(api_base)
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 443)
    return (parts.hostname or "") + ("" if port == 443 else f":{port}")
