"""One tree of exceptions. Each says what was wrong, and in ``hint`` what to do next.

``InvalidRequest`` and its children are raised before anything is sent or spent, and are ``ValueError``s.
Nothing in an exception ever holds a key, a signed URL or media.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class SoravidError(Exception):
    """Anything that soravid raises on purpose.

    Attributes:
        message: what happened, in one sentence.
        hint: what to do next, or an empty string.
        code: a short stable name for the case, for programs.
        job_id: the journal's job that it concerns, when there is one.
    """

    code = "error"
    title = "Something went wrong"

    def __init__(self, message: str, *, hint: str = "", job_id: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.job_id = job_id

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


# --- before anything is sent -------------------------------------------------------------------------


class InvalidRequest(SoravidError, ValueError):
    """An argument that cannot work; ``param`` names it."""

    code = "invalid_request"
    title = "Nothing was sent"

    def __init__(self, message: str, *, param: str | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.param = param


class UnknownModel(InvalidRequest):
    """No such model or provider; the hint names the nearest ones."""

    code = "unknown_model"


class ModelRetired(InvalidRequest):
    """The provider has shut the model down; the hint names living ones."""

    code = "model_retired"


class UnknownKeyword(InvalidRequest, TypeError):
    """A keyword argument that does not exist; the hint names the nearest ones."""

    code = "unknown_keyword"


class MissingKey(InvalidRequest):
    """No credential for the provider; the message names the environment variable."""

    code = "missing_key"


class MissingExtra(SoravidError, ImportError):
    """An optional part is not installed; the hint is the ``pip install`` line."""

    code = "missing_extra"
    title = "A part is not installed"

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(
            f"{what} needs an optional part.", hint=f'Install it: pip install "soravid[{extra}]"'
        )


class UnsupportedOperation(InvalidRequest):
    """The provider's wire or the model has no such operation."""

    code = "unsupported_operation"


class BudgetExceeded(InvalidRequest):
    """The estimate is above the limit that was set.

    Where a budget of the ledger refused it, the attributes tell its account; else they are None.

    Attributes:
        scope: whose budget it is, a ``ledger.Scope``.
        limit: nano-USD, as are ``spent``, ``held`` and ``remaining``.
        resets_at: Unix seconds; None: never.
    """

    code = "budget_exceeded"

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        hint: str = "",
        scope: Any = None,
        limit: int | None = None,
        spent: int | None = None,
        held: int | None = None,
        remaining: int | None = None,
        resets_at: int | None = None,
    ) -> None:
        super().__init__(message, param=param, hint=hint)
        self.scope, self.limit, self.spent, self.held = scope, limit, spent, held
        self.remaining, self.resets_at = remaining, resets_at


class JournalError(SoravidError):
    """The journal cannot be read or written: nothing is sent without it."""

    code = "journal_error"
    title = "The journal cannot be used"


# --- from the provider -------------------------------------------------------------------------------


class ProviderError(SoravidError):
    """The provider answered with an error.

    Attributes:
        status_code: HTTP status, or None when the error came inside a job.
        provider_code: the provider's own code, unchanged.
        param: the field that it complains about, when it says so.
    """

    code = "provider_error"
    title = "The provider answered with an error"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        status_code: int | None = None,
        provider_code: str | None = None,
        param: str | None = None,
        job_id: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, job_id=job_id)
        self.status_code = status_code
        self.provider_code = provider_code
        self.param = param


class BadRequest(ProviderError):
    """The provider refused the arguments."""

    code = "bad_request"
    title = "The provider did not accept the request"


class AuthenticationFailed(ProviderError):
    """The key was not accepted, or may not do this."""

    code = "authentication_failed"
    title = "The provider did not accept the key"


class InsufficientCredits(ProviderError):
    """The account at the provider is empty."""

    code = "insufficient_credits"
    title = "The account at the provider has no credit left"


class NotFound(ProviderError):
    """No such video (any more), or no such model at that server."""

    code = "not_found"
    title = "The provider does not have it"


class Expired(NotFound):
    """The clip was there and has been removed: providers keep clips for an hour to some days."""

    code = "content_expired"
    title = "The clip is no longer at the provider"


class RateLimited(ProviderError):
    """Too many requests; ``retry_after`` is the wait in seconds that the provider asks for, if it says."""

    code = "rate_limited"
    title = "The provider asks to wait"
    retry_after: float | None = None


class Refused(ProviderError):
    """The provider's safety check refused the prompt, the picture or the finished clip."""

    code = "moderation_blocked"
    title = "Refused by the provider's safety check"


class ServerError(ProviderError):
    """The provider failed (5xx)."""

    code = "server_error"
    title = "The provider had a fault"


# --- on the way --------------------------------------------------------------------------------------


class ConnectionFailed(SoravidError, ConnectionError):
    """The server could not be reached: nothing was sent."""

    code = "connection_failed"
    title = "The server could not be reached"


class NoProxy(ConnectionFailed):
    """What answers at an address is no soravid proxy."""

    code = "no_proxy"
    title = "There is no proxy there"


class ConnectionLost(SoravidError, ConnectionError):
    """The connection broke, or the answer did not come in time, after the request had left."""

    code = "connection_lost"
    title = "The connection broke"


class OutcomeUnknown(SoravidError):
    """A create was sent and its answer is not known. It is never sent again by itself.

    The job stays in the journal with its money held; ``job_id`` finds it.
    """

    code = "outcome_unknown"
    title = "It is not known whether the provider took the job"


class DeadlineExceeded(SoravidError, TimeoutError):
    """A wait ended before the job did. The job goes on and can be waited for again."""

    code = "deadline_exceeded"
    title = "Still running"


class DownloadFailed(SoravidError):
    """The finished clip did not arrive whole, or was not a video."""

    code = "download_failed"
    title = "The clip did not arrive"


class GenerationFailed(ProviderError):
    """The job ended without a clip."""

    code = "generation_failed"
    title = "The provider could not make the clip"


class Cancelled(SoravidError):
    """The job was cancelled."""

    code = "cancelled"
    title = "Cancelled"


# --- helpers -----------------------------------------------------------------------------------------


def nearest(name: str, names: Iterable[str], count: int = 3) -> list[str]:
    """The names most like ``name``, best first; empty when none is near."""
    return difflib.get_close_matches(name, list(names), n=count, cutoff=0.5)


def one_of(names: Iterable[str]) -> str:
    """A list as people write it: ``a, b or c``."""
    *most, last = list(names)
    return f"{', '.join(most)} or {last}" if most else last
