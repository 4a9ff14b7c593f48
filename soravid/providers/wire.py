"""What most wires have in common: a key in a header, JSON both ways, and errors that mean the same.

An adapter derives from ``Wire``, says what is its own, and inherits the rest: the credential, the error
table, and a clear refusal of every operation that its wire does not have.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import quote

from soravid.deployments import Deployment, ProviderProfile
from soravid.errors import (
    AuthenticationFailed,
    BadRequest,
    Expired,
    InsufficientCredits,
    InvalidRequest,
    NotFound,
    ProviderError,
    RateLimited,
    Refused,
    ServerError,
    UnsupportedOperation,
)
from soravid.providers.base import Download, Flow, Request, Response
from soravid.refusals import is_refusal
from soravid.types import Variant, Video, VideoRequest

_BY_STATUS: dict[int, type[ProviderError]] = {
    401: AuthenticationFailed,
    402: InsufficientCredits,
    403: AuthenticationFailed,
    404: NotFound,
    408: ServerError,
    410: NotFound,
    429: RateLimited,
}
_NO_CREDIT = frozenset(
    {"insufficient_quota", "insufficient_credits", "insufficient_balance", "payment_required"}
)


class Wire:
    """A provider's adapter without its operations. ``profile`` and three operations make it whole."""

    profile: ClassVar[ProviderProfile]

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment

    # --- what an adapter says of its wire ------------------------------------------------------------

    def create(self, request: VideoRequest, *, idempotency_key: str | None = None) -> Flow[Video]:
        """Start a job; exactly one request in it is ``billable``."""
        raise NotImplementedError

    def retrieve(self, video_id: str) -> Flow[Video]:
        """Ask for a job's state."""
        raise NotImplementedError

    def content(self, video_id: str, variant: Variant) -> Flow[Download]:
        """Say where the bytes are; asked anew for each download, so that a link is never an old one."""
        raise NotImplementedError

    def _credentials(self) -> dict[str, str]:
        """The headers that hold the key: ``Authorization: Bearer`` unless an adapter says otherwise."""
        key = self.deployment.api_key or self.deployment.bearer
        return {"authorization": f"Bearer {key}"} if isinstance(key, str) else {}

    def _read_error(self, response: Response) -> tuple[str, str | None, str | None]:
        """Message, the provider's own code, and the field that it complains about."""
        return read_error(response)

    def _kind_of(self, status: int, code: str | None, message: str) -> type[ProviderError] | None:
        """Which of our exceptions an error is, where the wire has a way of its own to say it."""
        return None

    # --- what a wire may lack ------------------------------------------------------------------------

    def list(
        self, *, after: str | None, limit: int | None, order: str | None
    ) -> Flow[tuple[list[Video], bool]]:
        """Refused: this wire cannot list an account's videos."""
        return self._lacks("list the videos of an account")

    def delete(self, video_id: str) -> Flow[None]:
        """Refused: this wire cannot delete a video."""
        return self._lacks("delete a video")

    def cancel(self, video_id: str) -> Flow[None]:
        """Refused: this wire cannot stop a job."""
        return self._lacks("stop a job that is running", "It will be finished, and billed.")

    def models(self) -> Flow[Sequence[dict[str, Any]]]:
        """The models of the account as rows of the catalogue, where the wire tells: elsewhere none."""
        yield from ()
        return []

    def _lacks(self, what: str, hint: str = "") -> Flow[Any]:
        yield from ()
        raise UnsupportedOperation(f"{self.profile.name} cannot {what}.", hint=hint)

    # --- what adapters are written with --------------------------------------------------------------

    def _request(self, method: str, path: str, **parts: Any) -> Request:
        """A request to ``path`` under the base URL, with the key. ``billable=True`` for what is paid for."""
        url = path if "://" in path else f"{self.deployment.api_base}/{path.lstrip('/')}"
        own = parts.pop("headers", None) or {}
        headers = self._credentials() | self.deployment.headers | own
        return Request(method, url, headers=headers, bearer=self._renewed(), **parts)

    def _ask(self, method: str, path: str, **parts: Any) -> Flow[Any]:
        """Send a request and read the answer as JSON; an error is raised as one of ours."""
        response = yield self._request(method, path, **parts)
        return self._answer(response)

    def _answer(self, response: Response) -> Any:
        if not response.ok:
            raise self._error(response)
        return response.json()

    def _object(self, body: Any, *names: str) -> dict[str, Any]:
        """The answer, if it is an object that has each of ``names``."""
        if not isinstance(body, dict) or any(not body.get(name) for name in names):
            missing = f" with {' and '.join(names)}" if names else ""
            raise ServerError(f"The answer of {self.profile.name} is no object{missing}.")
        return body

    def _public(self, url: str) -> Download:
        """A clip at an address that needs no key, such as a signed one."""
        if not url.startswith(("https://", "http://")):
            raise ServerError(f"{self.profile.name} names no address for the clip.")
        return Download(url, explain=self._gone)

    def _gone(self, response: Response) -> ProviderError:
        """What an error answer of a content address means: links end, and clips are removed."""
        if response.status in {401, 403, 404, 410}:
            return Expired(
                f"{self.profile.name} has removed the clip, or its link has ended.",
                status_code=response.status,
                hint="Clips are kept there for a limited time; --again makes, and pays for, a new one.",
            )
        return self._error(response)

    def _no_clip(self, video: Video) -> ProviderError:
        """Why a job that was asked for its content has none."""
        if video.status == "completed":
            return Expired(f"{self.profile.name} has removed the clip.")
        return NotFound(f"The job is {video.status.replace('_', ' ')}: there is no clip.")

    def _error(self, response: Response) -> ProviderError:
        """An error answer as one of our exceptions. The key, should the server repeat it, is taken out."""
        message, code, param = self._read_error(response)
        status = response.status
        kind = self._kind_of(status, code, message)
        if kind is None:
            kind = _BY_STATUS.get(status, ServerError if status >= 500 else BadRequest)
            if is_refusal(code):
                kind = Refused
            elif code and code.lower() in _NO_CREDIT:
                kind = InsufficientCredits
        for secret in (self.deployment.api_key, self.deployment.bearer):
            message = message.replace(secret, "***") if isinstance(secret, str) and secret else message
        error = kind(
            message or f"HTTP {status} without a message.",
            status_code=status,
            provider_code=code,
            param=param,
            hint=self._hint(kind),
        )
        if isinstance(error, RateLimited):
            error.retry_after = header_seconds(response.headers.get("retry-after"))
        return error

    def _hint(self, kind: type[ProviderError]) -> str:
        if kind is AuthenticationFailed:
            return f"Check {' or '.join(self.profile.key_vars + self.profile.token_vars)}."
        if kind is InsufficientCredits:
            return f"Top up the account at {self.profile.name}; nothing was made."
        if kind is Refused:
            return "Rephrase the prompt and run it again."
        return ""

    def _renewed(self) -> Any:
        bearer = self.deployment.bearer
        return bearer if callable(bearer) and not self.deployment.api_key else None


def path_part(video_id: str) -> str:
    """An id as one part of a path; it cannot lead out of it.

    Raises:
        InvalidRequest: it is no id.
    """
    if not video_id.strip("."):
        raise InvalidRequest(f"{video_id!r} is no video's id.", param="video_id")
    return quote(video_id, safe="")


def whole_seconds(seconds: str | None) -> int | None:
    """A duration as the whole number that many wires want.

    Raises:
        InvalidRequest: it has a fraction.
    """
    if seconds is None:
        return None
    if not float(seconds).is_integer():
        raise InvalidRequest(f"This provider takes whole seconds only, not {seconds}.", param="seconds")
    return int(float(seconds))


def given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that have a value: what is None or empty is not sent."""
    return {name: value for name, value in fields.items() if value is not None and value != []}


def merged(fields: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """``extra`` laid over ``fields``, object by object, so that one nested field can be added."""
    for name, value in extra.items():
        mine = fields.get(name)
        fields[name] = (
            merged(dict(mine), value) if isinstance(mine, dict) and isinstance(value, Mapping) else value
        )
    return fields


def read_error(response: Response) -> tuple[str, str | None, str | None]:
    """Message, code and field of an error body: OpenAI's envelope, FastAPI's ``detail``, or plain text."""
    body = response.json()
    if isinstance(body, list) and body:
        body = body[0]
    error = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(error, dict):
        detail = error.get("message") or error.get("detail") or ""
        param = error.get("param")
        if isinstance(detail, list):
            place = detail[0].get("loc") if detail and isinstance(detail[0], dict) else None
            param = param or (str(place[-1]) if isinstance(place, list) and place else None)
            detail = "; ".join(
                str(row.get("msg", row)) if isinstance(row, dict) else str(row) for row in detail
            )
        code = error.get("code") or error.get("type")
        return str(detail)[:500], None if code is None else str(code), param
    if isinstance(error, str):
        code = body.get("code") if isinstance(body, dict) else None
        return error[:500], None if code is None else str(code), None
    text = response.content[:300].decode("utf-8", "replace").strip()
    return ("" if body is not None or text.startswith("<") else text), None, None


def header_seconds(header: str | None) -> float | None:
    """A header that holds a number of seconds; None where it does not."""
    try:
        return None if header is None else max(0.0, float(header))
    except ValueError:
        return None


def as_part(value: Any) -> str:
    """A form part is text; a nested value goes as JSON."""
    return value if isinstance(value, str) else json.dumps(value)
