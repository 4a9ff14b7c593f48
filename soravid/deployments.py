"""Where a request is sent and how: providers' profiles, accounts' deployments, and a call's own keywords."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, TypedDict

Bearer = str | Callable[[], str]
"""A bearer token, or what gives one that is still valid (and may ask a server for it)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderProfile:
    """What must be known of a provider before it is called; each adapter carries its own.

    Attributes:
        key_vars: environment variables that may hold the credential, first wins; empty: no credential.
        token_vars: variables that hold a bearer token used where there is no key (Azure's Entra).
        base_vars: variables that may hold the base URL, first wins.
        default_base: the provider's own base URL; empty where each account has its own.
        poll_seconds: how often the provider wants to be asked.
        replays_creates: whether a create with the same ``Idempotency-Key`` gives the same job.
        base_path: the path that people leave out when they give a bare host, such as ``/v1``.
        variants: what it hands out beside the clip itself; the rest is made here from the clip.
        states_cost: whether its answers say what was charged.
        base_fields: for each ``{name}`` in ``default_base``, the variables that may hold it; a last one that
            begins with ``=`` is the value where none does.
        bills_stopped_runs: whether a job that is stopped while it runs is charged as if it had ended.
        stops_only_queued: whether a job can be stopped only before it has begun to run.
        lists_status: whether its list tells of each job what its status tells, for the price of one request:
            then a page of it stands for many of them.
        credentials: ``"google"``: where no token is set, Google's application default credentials.
    """

    name: str
    key_vars: tuple[str, ...] = ()
    key_required: bool = True
    token_vars: tuple[str, ...] = ()
    base_vars: tuple[str, ...] = ()
    version_vars: tuple[str, ...] = ()
    default_base: str = ""
    poll_seconds: float = 10.0
    replays_creates: bool = False
    base_path: str = ""
    variants: tuple[str, ...] = ("video",)
    states_cost: bool = False
    bills_stopped_runs: bool = False
    stops_only_queued: bool = False
    lists_status: bool = False
    base_fields: tuple[tuple[str, tuple[str, ...]], ...] = ()
    credentials: Literal["", "google"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One account's way to one model. The credential never shows in a repr and is never stored."""

    provider: str
    model: str
    api_base: str
    own_host: bool
    """Whether ``api_base`` is the provider's own address, not one that the user set."""
    api_key: str | None = field(default=None, repr=False)
    bearer: Bearer | None = field(default=None, repr=False)
    api_version: str | None = None
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    timeout: float = 60.0

    @property
    def name(self) -> str:
        """``provider/model``."""
        return f"{self.provider}/{self.model}"


class Connection(TypedDict, total=False):
    """Keywords of every call that say how to reach the provider."""

    api_key: str | None
    api_base: str | None
    api_version: str | None
    timeout: float | None
    extra_headers: dict[str, str] | None


class Options(Connection, total=False):
    """Keywords of every call that makes a clip."""

    user: str | None
    aspect_ratio: str | None
    resolution: str | None
    seed: int | None
    negative_prompt: str | None
    audio: bool | None
    last_frame: Any
    references: Any
    fit: str | None
    guardrails: list[str] | tuple[str, ...] | None
    metadata: dict[str, str] | None
    extra_body: dict[str, Any] | None
    fallbacks: list[str] | tuple[str, ...] | None
    max_cost: Decimal | str | float | None
    reuse: bool
    idempotency_key: str | None
