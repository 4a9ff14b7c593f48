"""xAI's Grok Imagine: ``/videos/generations``, ``/videos/edits``, ``/videos/extensions`` (source: docs.x.ai).

Traps: the status answers 202 while a job runs, at times without a body; a clip that is refused at the end is
an error 400 of the poll, or is "done" with ``respect_moderation: false``, and it is billed; the link is
public and lives a day. There is no list, no delete and no cancel.
"""

from __future__ import annotations

from typing import Any, ClassVar

from soravid.deployments import ProviderProfile
from soravid.errors import NotFound, ProviderError, Refused
from soravid.providers.base import Download, Flow, Response
from soravid.providers.wire import Wire, given, merged, path_part, whole_seconds
from soravid.shapes import aspect_of, resolution_of
from soravid.types import Reference, Usage, Variant, Video, VideoError, VideoRequest

_PATHS = {"create": "videos/generations", "edit": "videos/edits", "extend": "videos/extensions"}
_MODERATED = "imagine:content-moderated"
_TICKS_PER_NANO = 10
"""``cost_in_usd_ticks`` counts 10,000,000,000 to the dollar."""


class XAI(Wire):
    """``{api_base}/videos/...`` with a bearer key."""

    profile: ClassVar[ProviderProfile] = ProviderProfile(
        name="xai",
        key_vars=("XAI_API_KEY",),
        default_base="https://api.x.ai/v1",
        base_path="/v1",
        poll_seconds=5.0,
        states_cost=True,
    )

    def create(self, request: VideoRequest, *, idempotency_key: str | None = None) -> Flow[Video]:
        """POST the operation's path. An edit or extension is of the source's present link."""
        if request.operation not in _PATHS:
            yield from self._lacks(f"{request.operation} a video")
        fields = given(
            {
                "model": self.deployment.model,
                "prompt": request.prompt,
                "duration": whole_seconds(request.seconds),
                "aspect_ratio": request.size and aspect_of(request.size),
                "resolution": request.size and resolution_of(request.size),
                "image": _url(request.input_reference),
                "reference_images": [_url(picture) for picture in request.references],
            }
        )
        if request.source_id:
            source = yield from self._ask("GET", f"videos/{path_part(request.source_id)}")
            fields["video"] = {"url": self._link(self._parse(request.source_id, source), source)}
        path, body = _PATHS[request.operation], merged(fields, request.extra_body)
        answer = yield from self._ask("POST", path, json=body, billable=True)
        return Video(id=self._object(answer, "request_id")["request_id"], model=self.deployment.model)

    def retrieve(self, video_id: str) -> Flow[Video]:
        """GET /videos/{id}: 202 while it runs."""
        response = yield self._request("GET", f"videos/{path_part(video_id)}")
        if response.status == 202 and not response.content:
            return Video(id=video_id, status="in_progress", model=self.deployment.model)
        if response.ok:
            return self._parse(video_id, response.json())
        error = self._error(response)
        if not isinstance(error, Refused):
            raise error
        return self._dressed(
            Video(
                id=video_id,
                status="failed",
                model=self.deployment.model,
                error=VideoError(code=error.provider_code, message=error.message),
            ),
            response.json(),
        )

    def content(self, video_id: str, variant: Variant) -> Flow[Download]:
        """The public link in the status."""
        body = yield from self._ask("GET", f"videos/{path_part(video_id)}")
        return self._public(self._link(self._parse(video_id, body), body))

    # --- pieces --------------------------------------------------------------------------------------

    def _parse(self, video_id: str, body: Any) -> Video:
        body = self._object(body, "status")
        clip, error, status = body.get("video") or {}, body.get("error"), body["status"]
        if clip.get("respect_moderation") is False:
            status, error = "failed", {"code": _MODERATED, "message": "The clip did not pass moderation."}
        return self._dressed(
            Video(
                id=video_id,
                status=status,
                model=body.get("model") or self.deployment.model,
                progress=body.get("progress"),
                seconds=clip.get("duration"),
                error=VideoError(**error) if isinstance(error, dict) else None,
            ),
            body,
        )

    def _dressed(self, video: Video, body: dict[str, Any]) -> Video:
        """The video with what was charged, if the answer says so."""
        ticks = (body.get("usage") or {}).get("cost_in_usd_ticks")
        video._bill = None if ticks is None else -(-int(ticks) // _TICKS_PER_NANO)
        if video.seconds:
            video.usage = Usage(duration_seconds=float(video.seconds))
        return video

    def _link(self, video: Video, body: dict[str, Any]) -> str:
        url = (body.get("video") or {}).get("url")
        if not url:
            raise self._no_clip(video)
        return str(url)

    def _kind_of(self, status: int, code: str | None, message: str) -> type[ProviderError] | None:
        # A malformed id is a 400 here, not a 404.
        return NotFound if status == 400 and code == "invalid-argument" and "request_id" in message else None

    def _read_error(self, response: Response) -> tuple[str, str | None, str | None]:
        body = response.json()
        if isinstance(body, dict) and isinstance(body.get("error"), str):
            return body["error"][:500], body.get("code"), None
        return super()._read_error(response)


def _url(picture: Reference | None) -> dict[str, str] | None:
    return {"url": picture.data_url} if picture else None
