"""OpenAI's Videos API, the dialect that many servers speak (source: openai-openapi 2.3.0 of 2026-08-21).

OpenAI itself closed it on 2026-09-24. ``api_base`` points it at any server that still speaks it.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar
from urllib.parse import quote

from pydantic import ValidationError

from soravid.deployments import Deployment, ProviderProfile
from soravid.errors import (
    REFUSALS,
    AuthenticationFailed,
    BadRequest,
    InsufficientCredits,
    InvalidRequest,
    NotFound,
    ProviderError,
    RateLimited,
    Refused,
    ServerError,
    UnsupportedOperation,
)
from soravid.providers.base import Download, Flow, Part, Request, Response
from soravid.types import Variant, Video, VideoRequest

_BY_STATUS: dict[int, type[ProviderError]] = {
    400: BadRequest,
    401: AuthenticationFailed,
    402: InsufficientCredits,
    408: ServerError,
    403: AuthenticationFailed,
    404: NotFound,
    410: NotFound,
    413: BadRequest,
    422: BadRequest,
    429: RateLimited,
}
# Where the parent's id is named in the body rather than in the path.
_BODY_SOURCE = {"edit": "edits", "extend": "extensions"}


class OpenAI:
    """The Videos API under ``{api_base}/videos`` with a bearer key."""

    profile: ClassVar[ProviderProfile] = ProviderProfile(
        name="openai",
        key_vars=("OPENAI_API_KEY",),
        base_vars=("OPENAI_BASE_URL", "OPENAI_API_BASE"),
        default_base="https://api.openai.com/v1",
        poll_seconds=10.0,
    )

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment

    # --- what Azure says differently -----------------------------------------------------------------

    def _credentials(self) -> dict[str, str]:
        key = self.deployment.api_key or self.deployment.bearer
        return {"authorization": f"Bearer {key}"} if key else {}

    def _base(self) -> str:
        return self.deployment.api_base

    def _params(self) -> dict[str, str]:
        return {}

    # --- operations ----------------------------------------------------------------------------------

    def create(self, request: VideoRequest, *, idempotency_key: str | None = None) -> Flow[Video]:
        """POST /videos, /videos/{id}/remix, /videos/edits or /videos/extensions."""
        picture = request.input_reference
        fields = self._fields(request)
        headers = {"idempotency-key": idempotency_key} if idempotency_key else {}
        if request.operation == "create" or (picture and request.operation == "remix"):
            # Multipart, as the official client sends it: vLLM-Omni takes no JSON here.
            parts: list[Part] = [(name, (None, _as_part(value), None)) for name, value in fields.items()]
            if picture:
                parts.insert(1, ("input_reference", (picture.filename, picture.data, picture.media_type)))
            return (yield from self._video("POST", self._path_of(request), headers, files=tuple(parts)))
        return (yield from self._video("POST", self._path_of(request), headers, json=fields))

    def retrieve(self, video_id: str) -> Flow[Video]:
        """GET /videos/{id}."""
        return (yield from self._video("GET", _path(video_id)))

    def list(
        self, *, after: str | None = None, limit: int | None = None, order: str | None = None
    ) -> Flow[tuple[list[Video], bool]]:
        """GET /videos; pages are asked for with the last id of the page before."""
        wanted = {"after": after, "limit": limit, "order": order}
        page = {name: str(value) for name, value in wanted.items() if value is not None}
        body = self._json((yield self._request("GET", "videos", params=page)))
        rows = body.get("data") if isinstance(body, dict) else None
        if not isinstance(rows, list):
            raise ServerError("The server's list of videos has no data.")
        return [_parse(row) for row in rows], bool(body.get("has_more"))

    def content(self, video_id: str, variant: Variant) -> Flow[Download]:
        """GET /videos/{id}/content; no ``variant`` for the clip itself (SGLang takes an index there)."""
        request = self._request("GET", f"{_path(video_id)}/content")
        params = dict(request.params) | ({} if variant == "video" else {"variant": variant})
        yield from ()  # nothing has to be asked: the address follows from the id
        return Download(request.url, params, request.headers, self._error)

    def delete(self, video_id: str) -> Flow[None]:
        """DELETE /videos/{id}."""
        response = yield self._request("DELETE", _path(video_id))
        if response.status == 404 and response.attempt > 1:
            return  # an earlier try, whose answer was lost, has done it
        self._json(response)

    def cancel(self, video_id: str) -> Flow[None]:
        """DELETE of a live job: vLLM-Omni and the local engine stop it, OpenAI refused."""
        try:
            yield from self.delete(video_id)
        except (BadRequest, NotFound, ServerError) as refused:
            raise UnsupportedOperation(
                "This server does not stop a job that is running.",
                hint="It will be finished, and billed if the provider bills.",
            ) from refused

    # --- pieces --------------------------------------------------------------------------------------

    def _fields(self, request: VideoRequest) -> dict[str, Any]:
        fields: dict[str, Any] = {"prompt": request.prompt}
        if request.operation == "create":
            fields["model"] = self.deployment.model
        if request.operation in _BODY_SOURCE:
            fields["video"] = {"id": request.source_id}
        for name in ("seconds", "size", "seed", "negative_prompt"):
            value = getattr(request, name)
            if value is not None:
                fields[name] = value
        return fields | request.extra_body

    def _path_of(self, request: VideoRequest) -> str:
        if request.operation == "remix":
            return f"{_path(request.source_id or '')}/remix"
        if request.operation in _BODY_SOURCE:
            return f"videos/{_BODY_SOURCE[request.operation]}"
        return "videos"

    def _request(
        self, method: str, path: str, headers: dict[str, str] | None = None, **parts: Any
    ) -> Request:
        # The path first, the query last: the other way round breaks Azure's calls.
        params = self._params() | parts.pop("params", {})
        return Request(
            method,
            f"{self._base()}/{path}",
            params,
            self._credentials() | self.deployment.headers | (headers or {}),
            billable=method == "POST",
            **parts,
        )

    def _video(
        self, method: str, path: str, headers: dict[str, str] | None = None, **parts: Any
    ) -> Flow[Video]:
        response = yield self._request(method, path, headers, **parts)
        body = response.json()
        if method == "GET" and isinstance(body, dict) and body.get("object") == "video":
            # vLLM-Omni answers for a failed job with the failure's own 4xx or 5xx and the whole object.
            video = _parse(body)
        else:
            video = _parse(self._json(response))
        advice = _seconds(response.headers.get("openai-poll-after-ms"))
        video._poll_after = None if advice is None else advice / 1000
        return video

    def _json(self, response: Response) -> Any:
        if not response.ok:
            raise self._error(response)
        return response.json()

    def _error(self, response: Response) -> ProviderError:
        """OpenAI's envelope, FastAPI's ``detail`` or plain text, as one of our exceptions."""
        message, code, param = _read_error(response)
        kind = _BY_STATUS.get(response.status, ServerError if response.status >= 500 else BadRequest)
        if code and code.lower() in REFUSALS:
            kind = Refused
        elif code == "insufficient_quota":
            kind = InsufficientCredits
        for secret in (self.deployment.api_key, self.deployment.bearer):
            message = message.replace(secret, "***") if secret else message
        error = kind(
            message or f"HTTP {response.status} without a message.",
            status_code=response.status,
            provider_code=code,
            param=param,
            hint=self._hint(kind),
        )
        if isinstance(error, RateLimited):
            error.retry_after = _seconds(response.headers.get("retry-after"))
        return error

    def _hint(self, kind: type[ProviderError]) -> str:
        if kind is AuthenticationFailed:
            return f"Check {' or '.join(self.profile.key_vars + self.profile.token_vars)}."
        if kind is Refused:
            return "Rephrase the prompt and run it again."
        return ""


def _path(video_id: str) -> str:
    """The path of a video; an id cannot lead out of it."""
    if not video_id.strip("."):
        raise InvalidRequest(f"{video_id!r} is no video's id.", param="video_id")
    return f"videos/{quote(video_id, safe='')}"


def _as_part(value: Any) -> str:
    """A form part is text; a nested value goes as JSON, which is what vLLM-Omni reads."""
    return value if isinstance(value, str) else json.dumps(value)


def _parse(body: Any) -> Video:
    try:
        video = Video.model_validate(body)
    except ValidationError:
        raise ServerError("The server's answer is not a video object.") from None
    if video.model_extra:
        # Paths on the server's disk and links (SGLang) are nobody's business.
        for leak in ("file_path", "file_paths", "url", "urls"):
            video.model_extra.pop(leak, None)
    return video


def _read_error(response: Response) -> tuple[str, str | None, str | None]:
    body = response.json()
    error = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(error, dict):
        detail = error.get("message") or error.get("detail") or ""
        if isinstance(detail, list):
            detail = "; ".join(
                str(row.get("msg", row)) if isinstance(row, dict) else str(row) for row in detail
            )
        code = error.get("code") or error.get("type")
        return str(detail)[:500], None if code is None else str(code), error.get("param")
    if isinstance(error, str):
        return error[:500], None, None
    text = response.content[:300].decode("utf-8", "replace").strip()
    return ("" if body is not None or text.startswith("<") else text), None, None


def _seconds(header: str | None) -> float | None:
    try:
        return None if header is None else max(0.0, float(header))
    except ValueError:
        return None
