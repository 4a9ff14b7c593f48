"""Where a request is sent and how: providers' profiles, accounts' deployments, and a call's own keywords."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypedDict


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One account's way to one model. The credential never shows in a repr and is never stored."""

    provider: str
    model: str
    api_base: str
    own_host: bool
    """Whether ``api_base`` is the provider's own address, not one that the user set."""
    api_key: str | None = field(default=None, repr=False)
    bearer: str | None = field(default=None, repr=False)
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
    seed: int | None
    negative_prompt: str | None
    metadata: dict[str, str] | None
    extra_body: dict[str, Any] | None
    fallbacks: list[str] | tuple[str, ...] | None
    max_cost: Decimal | str | float | None
    reuse: bool
    idempotency_key: str | None
