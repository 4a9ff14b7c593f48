"""Every refusal in OpenAI's envelope: a status, a sentence, a code, and the provider's own code beside it."""

from __future__ import annotations

import logging
import math
import time
import traceback
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from soravid import errors
from soravid.ledger.limits import LimitReached
from soravid.money import to_usd
from soravid.observe.redact import redact
from soravid.routing import NoDeployment

_log = logging.getLogger("soravid.proxy")
_NO_RETRY = {"x-should-retry": "false"}
"""OpenAI's client repeats what failed with 429 or 5xx; of a create that may be a second clip."""
_TYPES = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    404: "invalid_request_error",
    429: "rate_limit_error",
}


class Refusal(Exception):
    """An answer that is not what was asked for."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str,
        *,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.param = status, message, code, param
        self.headers = dict(headers or {})
        self.more = more

    def answer(self) -> Response:
        """The envelope."""
        kind = _TYPES.get(self.status, "server_error" if self.status >= 500 else "invalid_request_error")
        error = {"message": self.message, "type": kind, "param": self.param, "code": self.code, **self.more}
        return JSONResponse({"error": error}, self.status, headers=self.headers)


def not_found(video_id: object) -> Refusal:
    """The answer to an id that is nobody's, and to one that is somebody else's: the same."""
    return Refusal(404, f"Video with id {str(video_id)[:80]!r} not found.", "not_found", param="id")


def refusal_of(wrong: BaseException) -> Refusal:
    """What a caller is told of an exception."""
    if isinstance(wrong, Refusal):
        return wrong
    if isinstance(wrong, errors.BudgetExceeded):
        return _over_budget(wrong)
    if isinstance(wrong, errors.ProviderError):
        return _of_provider(wrong)
    for kind, status in _STATUS.items():
        if isinstance(wrong, kind):
            return _plain(wrong, status)
    return _fault(wrong)


_STATUS: dict[type[errors.SoravidError], int] = {
    errors.UnknownModel: 404,
    errors.ModelRetired: 404,
    errors.MissingKey: 503,
    errors.MissingExtra: 501,
    errors.InvalidRequest: 400,
    errors.ConnectionFailed: 502,
    errors.ConnectionLost: 502,
    errors.DownloadFailed: 502,
    errors.DeadlineExceeded: 504,
    errors.Cancelled: 409,
}
"""The first kind that an exception is of decides."""
_CODES = {"unknown_model": "model_not_found", "invalid_request": "invalid_value"}
"""Where OpenAI has another word."""


def _plain(wrong: errors.SoravidError, status: int) -> Refusal:
    param = getattr(wrong, "param", None)
    code = _CODES.get(wrong.code, wrong.code)
    if param == "idempotency_key" and "belongs" in wrong.message:
        status, code = 409, "idempotency_conflict"
    hint = wrong.hint if isinstance(wrong, errors.InvalidRequest) else ""
    rule = getattr(wrong, "guardrail", None)
    more = {"guardrail": rule} if rule else {}
    return Refusal(status, f"{wrong.message} {hint}".strip(), code, param=param, **more)


def _over_budget(wrong: errors.BudgetExceeded) -> Refusal:
    """402, or 429 with the time to wait where the budget begins anew by itself."""
    if wrong.scope is None:  # the call's own max_cost
        return Refusal(400, wrong.message, wrong.code, param=wrong.param)
    stand = {name: getattr(wrong, name) for name in ("limit", "spent", "held", "remaining")}
    budget: dict[str, Any] = {"scope": wrong.scope.kind, "name": wrong.scope.name}
    for name, nano in stand.items():
        budget[f"{name}_usd"] = None if nano is None else f"{to_usd(nano):f}"
    budget["resets_at"] = wrong.resets_at
    headers = dict(_NO_RETRY)
    if wrong.resets_at is not None:
        headers |= _retry_after(wrong.resets_at - time.time())
    status = 402 if wrong.resets_at is None else 429
    advice = wrong.hint if wrong.resets_at is not None else "Ask whoever runs the proxy for more."
    message = f"{wrong.message} {advice}"
    return Refusal(status, message, wrong.code, param=wrong.param, headers=headers, budget=budget)


def _of_provider(wrong: errors.ProviderError) -> Refusal:
    """The provider's own status, in our words."""
    status, code, headers, message = wrong.status_code, wrong.code, {}, wrong.message
    if isinstance(wrong, errors.RateLimited):
        own = isinstance(wrong, (LimitReached, NoDeployment))
        status = 503 if isinstance(wrong, NoDeployment) else 429
        code = code if isinstance(wrong, NoDeployment) else "rate_limit_exceeded"
        headers = {} if wrong.retry_after is None else _retry_after(wrong.retry_after)
        message = str(wrong) if own else message
    if isinstance(wrong, errors.AuthenticationFailed):
        message = f"The provider did not accept the proxy's key: {message}"
    if status is None or not 400 <= status <= 599:
        status = 400 if isinstance(wrong, (errors.Refused, errors.BadRequest)) else 502
    more = {"provider_code": wrong.provider_code} if wrong.provider_code else {}
    return Refusal(status, message, code, param=wrong.param, headers=headers, **more)


def unknown_outcome(wrong: errors.OutcomeUnknown, video_id: str | None) -> Refusal:
    """The create was sent and its answer is lost: the provider's status, and the id to ask by later."""
    cause = wrong.__cause__
    status = getattr(cause, "status_code", None)
    if status is None or status < 500:
        status = 504 if isinstance(cause, errors.ConnectionLost) else 502
    advice = "It is not sent again; its money stays held until that is known."
    more = {"video_id": video_id} if video_id else {}
    return Refusal(status, f"{wrong.message} {advice}", wrong.code, headers=_NO_RETRY, **more)


def _fault(wrong: BaseException) -> Refusal:
    """Something that should not be. The operator gets the whole story, the caller none of its insides."""
    if isinstance(wrong, errors.JournalError):
        _log.error("%s", redact(str(wrong)))
        message = "The proxy's journal cannot be used; nothing was sent."
        return Refusal(503, message, wrong.code, headers=_retry_after(5))
    _log.error("%s", redact("".join(traceback.format_exception(wrong))))
    return Refusal(500, f"The proxy has a fault ({type(wrong).__name__}).", "server_error", headers=_NO_RETRY)


def _retry_after(seconds: float) -> dict[str, str]:
    return {"retry-after": str(max(1, math.ceil(seconds)))}
