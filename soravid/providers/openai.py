"""OpenAI's Videos API, the dialect that many servers speak (source: openai-openapi 2.3.0 of 2026-08-21).

OpenAI itself closed it on 2026-09-24. ``api_base`` points it at any server that still speaks it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import ValidationError

from soravid.deployments import ProviderProfile
from soravid.errors import BadRequest, Expired, NotFound, ProviderError, ServerError, UnsupportedOperation
from soravid.providers.base import Download, Flow, Part, Request, Response
from soravid.providers.wire import Wire, as_part, given, header_seconds, merged, path_part
from soravid.types import Reference, Variant, Video, VideoRequest

_LEAKS = ("file_path", "file_paths", "url", "urls")
"""Paths on the server's disk and links (SGLang) are nobody's business."""


class OpenAI(Wire):
    """The Videos API under ``{api_base}/videos`` with a bearer key."""

    profile: ClassVar[ProviderProfile] = ProviderProfile(
        name="openai",
        key_vars=("OPENAI_API_KEY",),
        base_vars=("OPENAI_BASE_URL", "OPENAI_API_BASE"),
        default_base="https://api.openai.com/v1",
        base_path="/v1",
        poll_seconds=10.0,
        variants=("video", "thumbnail", "spritesheet"),
        lists_status=True,
    )

    # --- what servers of this dialect say differently --------------------------------------------------

    paths: ClassVar[Mapping[str, str]] = {
        "create": "videos",
        "remix": "videos/{source}/remix",
        "edit": "videos/edits",
        "extend": "videos/extensions",
    }
    """Where each operation is posted; what is not named here, the server does not have."""

    def _base(self) -> str:
        return self.deployment.api_base

    def _params(self) -> dict[str, str]:
        return {}

    def _own_fields(self, request: VideoRequest) -> dict[str, Any]:
        """Fields of a create that OpenAI does not have, or that the server wants in another form."""
        return {}

    def _pictures(self, request: VideoRequest) -> list[tuple[str, Reference]]:
        """The file parts of a create, by name.

        Raises:
            UnsupportedOperation: pictures that would be left out without a word.
        """
        for name in ("last_frame", "references"):
            if getattr(request, name):
                words = name.replace("_", " ")
                raise UnsupportedOperation(f"{self.profile.name} takes no {words}.", param=name)
        return [("input_reference", request.input_reference)] if request.input_reference else []

    def _parse(self, body: Any) -> Video:
        """A job as the server tells it."""
        try:
            video = Video.model_validate(body)
        except ValidationError:
            raise ServerError("The server's answer is not a video object.") from None
        for leak in _LEAKS:
            (video.model_extra or {}).pop(leak, None)
        return video

    # --- operations ----------------------------------------------------------------------------------

    def create(self, request: VideoRequest, *, idempotency_key: str | None = None) -> Flow[Video]:
        """POST /videos, /videos/{id}/remix, /videos/edits or /videos/extensions."""
        if request.operation not in self.paths:
            yield from self._lacks(f"{request.operation} a video")
        path = self.paths[request.operation]
        if "{source}" in path:
            path = path.format(source=path_part(request.source_id or ""))
        headers = {"idempotency-key": idempotency_key} if idempotency_key else {}
        body = self._body(self._fields(request), self._pictures(request), request.operation == "create")
        return (yield from self._video("POST", path, headers=headers, **body))

    def retrieve(self, video_id: str) -> Flow[Video]:
        """GET /videos/{id}."""
        return (yield from self._video("GET", f"videos/{path_part(video_id)}"))

    def list(
        self, *, after: str | None = None, limit: int | None = None, order: str | None = None
    ) -> Flow[tuple[list[Video], bool]]:
        """GET /videos; pages are asked for with the last id of the page before."""
        wanted = {"after": after, "limit": limit, "order": order}
        page = {name: str(value) for name, value in wanted.items() if value is not None}
        body = yield from self._ask("GET", "videos", params=page)
        rows = body.get("data") if isinstance(body, dict) else None
        if not isinstance(rows, list):
            raise ServerError("The server's list of videos has no data.")
        return [self._parse(row) for row in rows], bool(body.get("has_more"))

    def content(self, video_id: str, variant: Variant) -> Flow[Download]:
        """GET /videos/{id}/content; no ``variant`` for the clip itself (SGLang takes an index there)."""
        if variant not in self.profile.variants:
            yield from self._lacks(f"hand out a {variant}")
        request = self._request("GET", f"videos/{path_part(video_id)}/content")
        params = dict(request.params) | ({} if variant == "video" else {"variant": variant})
        yield from ()  # nothing has to be asked: the address follows from the id
        return Download(request.url, params, request.headers, self._no_content)

    def delete(self, video_id: str) -> Flow[None]:
        """DELETE /videos/{id}."""
        response = yield self._request("DELETE", f"videos/{path_part(video_id)}")
        if response.status == 404 and response.attempt > 1:
            return  # an earlier try, whose answer was lost, has done it
        self._answer(response)

    def cancel(self, video_id: str) -> Flow[None]:
        """DELETE of a live job: the local engine stops it, OpenAI refused."""
        try:
            yield from self.delete(video_id)
        except (BadRequest, NotFound, ServerError) as refused:
            raise UnsupportedOperation(
                "This server does not stop a job that is running.",
                hint="It will be finished, and billed if the provider bills.",
            ) from refused

    # --- pieces --------------------------------------------------------------------------------------

    def _fields(self, request: VideoRequest) -> dict[str, Any]:
        """The text fields of a create. An edit and an extension name their source among them."""
        in_body = request.operation in {"edit", "extend"}
        fields = {
            "prompt": request.prompt,
            "model": self.deployment.model if request.operation == "create" else None,
            "video": {"id": request.source_id} if in_body else None,
            "seconds": request.seconds,
            "size": request.size,
            "seed": request.seed,
            "negative_prompt": request.negative_prompt,
        }
        return merged(given(fields | self._own_fields(request)), request.extra_body)

    def _body(
        self, fields: dict[str, Any], pictures: Sequence[tuple[str, Reference]], as_form: bool
    ) -> dict[str, Any]:
        if not (as_form or pictures):
            return {"json": fields}
        # A form as the official client sends it: vLLM-Omni takes no JSON here. It has no word for null.
        text: tuple[Part, ...] = tuple(
            (name, (None, as_part(value), None)) for name, value in fields.items() if value is not None
        )
        files: tuple[Part, ...] = tuple(
            (name, (picture.filename, picture.data, picture.media_type)) for name, picture in pictures
        )
        return {"files": text[:1] + files + text[1:]}

    def _request(self, method: str, path: str, **parts: Any) -> Request:
        # The path first, the query last: the other way round breaks Azure's calls.
        parts["params"] = self._params() | parts.pop("params", {})
        return super()._request(method, f"{self._base()}/{path}", billable=method == "POST", **parts)

    def _video(self, method: str, path: str, **parts: Any) -> Flow[Video]:
        response = yield self._request(method, path, **parts)
        body = response.json()
        tells = method == "GET" and isinstance(body, dict) and body.get("object") == "video"
        # vLLM-Omni answers for a failed job with the failure's own 4xx or 5xx and the whole object.
        if not (response.ok or tells):
            raise self._error(response)
        video = self._parse(body)
        advice = header_seconds(response.headers.get("openai-poll-after-ms"))
        video._poll_after = None if advice is None else advice / 1000
        return video

    def _no_content(self, response: Response) -> ProviderError:
        error = self._error(response)
        if type(error) is NotFound and "not ready" not in error.message and "progress" not in error.message:
            return Expired(error.message, status_code=error.status_code, provider_code=error.provider_code)
        return error
