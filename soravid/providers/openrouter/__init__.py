"""OpenRouter's video API: ``/videos``, one wire for the models of many makers (source: openrouter.ai/docs).

Traps: every model takes class and shape, only some a size to the pixel; references beside a first or last
frame are silently ignored, as unknown fields are; a job's error is a sentence without a code. An answer's
links need the key (``unsigned_urls``) or are secrets (``urls``): the clip is asked for by its id, at the
address that the key is for. There is no list, no delete and no cancel.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from soravid.deployments import ProviderProfile
from soravid.errors import InvalidRequest, NotFound, ProviderError
from soravid.money import to_nano
from soravid.providers.base import Download, Flow, Response
from soravid.providers.openrouter.listing import CLASSES, row
from soravid.providers.wire import Wire, given, merged, path_part, read_error, whole_seconds
from soravid.shapes import aspect_of, resolution_of, size_of
from soravid.types import Reference, Variant, Video, VideoError, VideoRequest, normal_status

_POLICY = "content_policy_violation"
"""OpenRouter's name (``error_type``) of a refusal by any filter."""
_REFUSED = re.compile(r"content policy|moderation|safety|filtered|sensitive|flagged", re.IGNORECASE)
"""What the sentence of a job's error says where a filter refused the clip."""


class OpenRouter(Wire):
    """``{api_base}/videos`` with a bearer key."""

    profile: ClassVar[ProviderProfile] = ProviderProfile(
        name="openrouter",
        key_vars=("OPENROUTER_API_KEY",),
        default_base="https://openrouter.ai/api/v1",
        base_path="/api/v1",
        poll_seconds=15.0,
        states_cost=True,
    )

    def create(self, request: VideoRequest, *, idempotency_key: str | None = None) -> Flow[Video]:
        """POST /videos. An edit or extension names the job that it goes on from; few models take one."""
        if request.operation == "remix":
            yield from self._lacks("remix a video")
        ends = {"first_frame": request.input_reference, "last_frame": request.last_frame}
        frames = [_picture(picture) | {"frame_type": end} for end, picture in ends.items() if picture]
        if frames and request.references:
            raise InvalidRequest(
                "OpenRouter ignores references beside a first or last frame: give one or the other.",
                param="references",
            )
        fields = {
            "model": self.deployment.model,
            "prompt": request.prompt,
            "duration": whole_seconds(request.seconds),
            "seed": request.seed,
            "generate_audio": request.audio,
            "frame_images": frames,
            "input_references": [_picture(picture) for picture in request.references],
            "previous_job_id": request.source_id,
            "user": request.user,
        }
        body = merged(given(fields | _shape(request.size)), request.extra_body)
        return self._parse((yield from self._ask("POST", "videos", json=body, billable=True)))

    def retrieve(self, video_id: str) -> Flow[Video]:
        """GET /videos/{id}."""
        return self._parse((yield from self._ask("GET", f"videos/{path_part(video_id)}")))

    def content(self, video_id: str, variant: Variant) -> Flow[Download]:
        """GET /videos/{id}/content, with the key."""
        request = self._request("GET", f"videos/{path_part(video_id)}/content", params={"index": "0"})
        yield from ()  # nothing has to be asked: the address follows from the id
        return Download(request.url, request.params, request.headers, self._no_content)

    def models(self) -> Flow[list[dict[str, Any]]]:
        """GET /videos/models."""
        body = self._object((yield from self._ask("GET", "videos/models")))
        listed = body.get("data")
        return [known for each in listed if (known := row(each))] if isinstance(listed, list) else []

    # --- pieces --------------------------------------------------------------------------------------

    def _parse(self, body: Any) -> Video:
        body = self._object(body, "id", "status")
        usage, expires = body.get("usage") or {}, body.get("expires_at")
        video = Video(
            id=body["id"],
            status=body["status"],
            model=self.deployment.model,
            expires_at=expires if isinstance(expires, int) else None,
            error=_failure(body),
        )
        # With a key of one's own at the maker, the maker charges, and this is OpenRouter's fee alone.
        if usage.get("cost") is not None and not usage.get("is_byok"):
            video._bill = to_nano(usage["cost"])
        return video

    def _no_content(self, response: Response) -> ProviderError:
        return self._gone(response) if response.status in {404, 410} else self._error(response)

    def _kind_of(self, status: int, code: str | None, message: str) -> type[ProviderError] | None:
        return NotFound if status == 409 else None  # the content of a job that has not ended

    def _read_error(self, response: Response) -> tuple[str, str | None, str | None]:
        message, code, param = read_error(response)
        body = response.json()
        error = body.get("error") if isinstance(body, dict) else None
        more = (error.get("metadata") if isinstance(error, dict) else None) or {}
        return message, more.get("error_type") or (_POLICY if more.get("reasons") else code), param


def _picture(picture: Reference) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": picture.data_url}}


def _shape(size: str | None) -> dict[str, str]:
    """A size as class and shape; to the pixel where it is not exactly one of those."""
    if size is None:
        return {}
    resolution, shape = resolution_of(size), aspect_of(size)
    if resolution in CLASSES and size_of(shape, resolution) == size:
        return {"resolution": CLASSES[resolution], "aspect_ratio": shape}
    return {"size": size}


def _failure(body: dict[str, Any]) -> VideoError | None:
    if normal_status(body["status"]) != "failed":
        return None
    message = str(body.get("error") or f"The job is {body['status']}.")[:500]
    return VideoError(code=_POLICY if _REFUSED.search(message) else body["status"], message=message)
