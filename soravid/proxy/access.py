"""Who asks: the master key, or a virtual key with its user and team. And what they may see and use."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable, Iterable
from fnmatch import fnmatchcase

from starlette.datastructures import Headers

from soravid import loop
from soravid.ledger import JobRow, Scope
from soravid.ledger.keys import Key, Keys, Known
from soravid.ledger.limits import Limit
from soravid.proxy import names
from soravid.proxy.envelope import Refusal

FRESH = 1.0
"""Seconds for which a key is taken for what it was: a revocation is in force everywhere after that."""
_MOST = 10_000
_ALL = {"*", "all-proxy-models", "all-team-models"}
_LOOPBACK = {"127.0.0.1", "localhost", "::1", "0.0.0.0"}  # noqa: S104 - as people type it, not a bind


class Caller:
    """Somebody who asks. ``key`` is None for the master key."""

    def __init__(self, known: Known | None) -> None:
        self.key = known.key if known else None
        self.team = known.team if known else None
        self.user = known.user if known else None
        own = self.key.scope if self.key else Scope("key", "master")
        self.name = f"The key {self.key.name}" if self.key else "The master key"
        self.scopes = (own, self.team.scope) if self.team else (own,)
        """Whose budgets its clips count on, beside the user's."""
        self.labels = {names.KEY: own.name} | ({names.TEAM: self.team.id} if self.team else {})
        self.holders = [each for each in (self.key, self.team, self.user) if each]
        """The key, and who holds it."""
        self.limits = {
            each.scope: Limit(each.rpm_limit, each.max_parallel_jobs)
            for each in self.holders
            if each.rpm_limit or each.max_parallel_jobs
        }
        """How many clips a minute, and how many at once."""
        self.budgeted = known.budgeted if known else ()
        """Those of its scopes, the user's too, whose budget has a limit."""
        self._models = [each.models for each in self.holders if each.models and not _ALL & {*each.models}]

    @property
    def id(self) -> str:
        """The key's public id."""
        return self.scopes[0].name

    @property
    def shares(self) -> bool:
        """Whether its team's members see each other's clips."""
        return self.team is not None and self.team.shares_clips

    @property
    def sees_of(self) -> tuple[Scope, ...] | None:
        """The scopes whose clips it sees; None: everybody's."""
        if self.key is None:
            return None
        return self.scopes if self.shares else self.scopes[:1]

    def sees(self, row: JobRow) -> bool:
        """Whether a job is its own, or its team's where that shares."""
        if self.key is None:
            return True
        labels = row.labels
        own = labels.get(names.KEY) == self.key.id
        return own or (self.shares and self.team is not None and labels.get(names.TEAM) == self.team.id)

    def may_use(self, name: str, models: Iterable[str]) -> bool:
        """Whether it may ask for a model group by that ``name``, which stands for those ``models``.

        A pattern such as ``gemini/*`` lets a group in if all that it stands for fits.
        """
        models = list(models)

        def fits(patterns: Iterable[str], text: str) -> bool:
            return any(fnmatchcase(text, pattern) for pattern in patterns)

        return all(
            fits(patterns, name) or (bool(models) and all(fits(patterns, model) for model in models))
            for patterns in self._models
        )


class Access:
    """Tells who asks, from memory for most requests. ``master`` is the master key; None: all may do all."""

    def __init__(self, keys: Keys, master: str | None) -> None:
        self._keys = keys
        self._master = None if master is None else _digest(master)
        self._everybody = Caller(None)
        self._known: dict[str, tuple[float, Caller | None]] = {}
        self._asking: dict[str, asyncio.Future[Caller | None]] = {}
        self.signed_in: Callable[[Headers], Awaitable[bool]] | None = None
        """Whether somebody who sends no key has said the master key to the admin page."""

    @property
    def is_open(self) -> bool:
        """Whether there is no master key."""
        return self._master is None

    def forget(self) -> None:
        """Have every key looked up anew: one has changed."""
        self._known = {}
        self._asking = {}

    async def caller(self, headers: Headers) -> Caller:
        """Who asks.

        Raises:
            Refusal: nobody whom the proxy knows, or somebody who may not come in any more.
        """
        secret = _secret(headers)
        if not secret:
            if self.signed_in and not self.is_open and await self.signed_in(headers):
                return self._everybody
            return self._nobody(headers)
        digest = _digest(secret)
        if self._master is not None and hmac.compare_digest(digest, self._master):
            return self._everybody
        at, caller = self._known.get(digest, (0.0, None))
        if at + FRESH < time.monotonic():
            caller = await self._look_up(digest)
        if caller is None:
            if self.is_open:
                return self._nobody(headers)
            raise _stranger("Incorrect API key provided.")
        key = caller.key
        # The digest decided which row was read; that it is the same is seen in constant time.
        if key is None or not hmac.compare_digest(key.digest, digest):
            raise _stranger("Incorrect API key provided.")
        _let_in(caller, key)
        return caller

    async def master(self, headers: Headers) -> Caller:
        """Who asks, where only the master key may.

        Raises:
            Refusal: anybody else.
        """
        caller = await self.caller(headers)
        if caller.key is not None:
            raise Refusal(403, "Only the master key may do this.", "master_key_needed")
        return caller

    async def _look_up(self, digest: str) -> Caller | None:
        """Read a key; many who ask at once share one look."""
        asking = self._asking.get(digest)
        if asking is None:
            asking = self._asking[digest] = asyncio.ensure_future(self._read(digest, self._known))
            pending = self._asking
            asking.add_done_callback(lambda _: pending.pop(digest, None))
        return await asyncio.shield(asking)

    async def _read(self, digest: str, into: dict[str, tuple[float, Caller | None]]) -> Caller | None:
        """Read a key. What was read before all was forgotten is remembered by nobody."""
        at = time.monotonic()
        known = await loop.in_thread(self._keys.look_up, digest)
        caller = Caller(known) if known else None
        into.pop(digest, None)
        into[digest] = at, caller
        while len(into) > _MOST:
            del into[next(iter(into))]
        return caller

    def _nobody(self, headers: Headers) -> Caller:
        if not self.is_open:
            raise _stranger("You didn't provide an API key: send Authorization: Bearer sk-...")
        # Without a key, a page in somebody's browser must not spend: it comes with its own origin, and by
        # a name of its own that leads here.
        if not _is_here(headers.get("host")) or not _is_here(_origin(headers.get("origin"))):
            raise Refusal(403, "Without a master key only this machine may ask.", "loopback_only")
        return self._everybody


def _let_in(caller: Caller, key: Key) -> None:
    if key.expires_at is not None and key.expires_at <= time.time():
        raise Refusal(401, f"{caller.name} has expired.", "key_expired")
    for each in (key, caller.team, caller.user):
        if each and each.blocked:
            raise Refusal(403, f"{caller.name} is blocked.", "key_blocked")


def _stranger(message: str) -> Refusal:
    return Refusal(401, message, "invalid_api_key", headers={"www-authenticate": "Bearer"})


def _secret(headers: Headers) -> str:
    text = headers.get("authorization") or headers.get("x-litellm-api-key") or ""
    kind, _, rest = text.partition(" ")
    return rest.strip() if kind.lower() == "bearer" else text.strip()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _origin(origin: str | None) -> str | None:
    return None if origin is None else origin.partition("://")[2] or origin


def _is_here(host: str | None) -> bool:
    """Whether a name and port are this machine's; also where none is said."""
    if host is None:
        return True
    name = host.partition("]")[0][1:] if host.startswith("[") else host.partition(":")[0]
    return name.lower() in _LOOPBACK
