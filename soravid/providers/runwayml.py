"""Runway's task API (sources: the types of runwayml 5.24.0, docs.dev.runwayml.com).

Traps: every model has fields of its own and refuses all others; THROTTLED waits and starts by itself; what
the safety check refuses is charged like any other clip; links end after a day or two, and the task gives new
ones; one DELETE stops a live task and removes a finished one. There is no list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

from soravid.deployments import ProviderProfile
from soravid.errors import InsufficientCredits, InvalidRequest, ProviderError
from soravid.providers.base import Download, Flow, Request, Response
from soravid.providers.wire import Wire, given, merged, path_part, whole_seconds
from soravid.refusals import is_refusal
from soravid.shapes import aspect_of, resolution_of
from soravid.types import Variant, Video, VideoError, VideoRequest

_NANO_PER_CREDIT = 10_000_000  # a credit is 0.01 USD
_LARGEST = 5 * 1024 * 1024 * 3 // 4  # bytes of a picture: as a data URL it may have 5 MB
_Shape = Mapping[str, Callable[[str], str]]  # the fields by which a size is asked for, and how
_PIXELS: _Shape = {"ratio": lambda size: size.replace("x", ":")}
_NAMED: _Shape = {"ratio": aspect_of, "resolution": resolution_of}
_CLASS: _Shape = {"resolution": resolution_of}
_AUTO: _Shape = {"ratio": lambda size: f"auto_{resolution_of(size)}"}
_NONE: _Shape = {}


class _Family(NamedTuple):
    """What a family of models wants, where models differ; first the size in each operation."""

    text_to_video: _Shape = _PIXELS
    image_to_video: _Shape = _PIXELS
    video_to_video: _Shape = _NONE
    source: str = "promptVideo"  # the field of video_to_video's clip
    retimes: bool = False  # video_to_video takes a duration
    modes: bool = False  # video_to_video tells an edit from an extension
    mixes: bool = False  # references may come with a first or a last frame
    has_audio: bool = True  # sound is a field; where it is none, there always is sound
    size: str = "1280x720"
    seconds: int = 5


_FAMILIES = {
    "": _Family(video_to_video=_PIXELS, retimes=True),
    "aleph2": _Family(video_to_video={"targetAspectRatio": aspect_of}, source="videoUri"),
    "gemini_omni_flash": _Family(source="videoUri", has_audio=False),
    "gemini_omni_flash_1.1": _Family(
        video_to_video=_PIXELS, source="videoUri", retimes=True, modes=True, has_audio=False
    ),
    "grok_imagine_1_5": _Family(_NAMED, _CLASS, has_audio=False),
    "grok_imagine_1_5_lite": _Family(_PIXELS, _AUTO, has_audio=False),
    "h3_max": _Family(_CLASS, _CLASS, size="1366x768"),
    "hailuo3": _Family(_NAMED, _NAMED, _NAMED, size="1366x768", retimes=True),
    "happyhorse": _Family(image_to_video=_CLASS),
    "kling2.5": _Family(image_to_video=_NONE),
    "kling_4": _Family(_PIXELS, _AUTO, _AUTO, source="videoUri", mixes=True),
    "klingO3": _Family(mixes=True),
    "seedance2_5": _Family(retimes=True, modes=True),
    "veo3.1": _Family(seconds=8),
    "wan3": _Family(image_to_video=_AUTO),
}
"""By the beginning of the model's name; the longest that fits counts."""


class RunwayML(Wire):
    """``{api_base}/v1/...`` with a bearer key and the API's version."""

    profile: ClassVar[ProviderProfile] = ProviderProfile(
        name="runwayml",
        key_vars=("RUNWAYML_API_SECRET",),
        base_vars=("RUNWAYML_BASE_URL",),
        default_base="https://api.dev.runwayml.com",
        poll_seconds=6.0,
        states_cost=True,
        bills_stopped_runs=True,
    )

    def create(self, request: VideoRequest, *, idempotency_key: str | None = None) -> Flow[Video]:
        """POST text_to_video, image_to_video or video_to_video; the last is of the source's present link."""
        model = self.deployment.model
        family = _FAMILIES[max((name for name in _FAMILIES if model.startswith(name)), key=len)]
        if request.operation == "remix" or (request.operation == "extend" and not family.modes):
            yield from self._lacks(f"{request.operation} a video with {model}")
        keyframes = request.input_reference or request.last_frame
        path = "video_to_video" if request.source_id else "image_to_video" if keyframes else "text_to_video"
        _check(request, path, family)
        fields = {"model": model} | _fields(request, path, family)
        if request.source_id:
            task = yield from self._ask("GET", f"tasks/{path_part(request.source_id)}")
            fields[family.source] = self._link(task)
        body = yield from self._ask("POST", path, json=merged(fields, request.extra_body), billable=True)
        return Video(id=self._object(body, "id")["id"], model=model)

    def retrieve(self, video_id: str) -> Flow[Video]:
        """GET /tasks/{id}."""
        return self._parse((yield from self._ask("GET", f"tasks/{path_part(video_id)}")))

    def content(self, video_id: str, variant: Variant) -> Flow[Download]:
        """The public link in the task."""
        return self._public(self._link((yield from self._ask("GET", f"tasks/{path_part(video_id)}"))))

    def delete(self, video_id: str) -> Flow[None]:
        """DELETE /tasks/{id}."""
        response = yield self._request("DELETE", f"tasks/{path_part(video_id)}")
        if response.status == 404 and response.attempt > 1:
            return  # an earlier try, whose answer was lost, has done it
        self._answer(response)

    def cancel(self, video_id: str) -> Flow[None]:
        """The same DELETE. A task that had not begun to run is refunded, one that had is not."""
        return self.delete(video_id)

    # --- pieces --------------------------------------------------------------------------------------

    def _request(self, method: str, path: str, **parts: Any) -> Request:
        # People give the address as the official client has it, and as its documentation does, with /v1.
        url = f"{self.deployment.api_base.removesuffix('/v1')}/v1/{path}"
        version = {"x-runway-version": self.deployment.api_version or "2024-11-06"}
        return super()._request(method, url, headers=version, **parts)

    def _parse(self, body: Any) -> Video:
        body = self._object(body, "id", "status")
        failed, progress, code = body["status"] == "FAILED", body.get("progress"), body.get("failureCode")
        if is_refusal(code):
            code = ".".join(code.split(".")[:2])  # the last word is a guess at which input it was
        video = Video(
            id=body["id"],
            status=body["status"],
            model=self.deployment.model,
            progress=None if progress is None else 100 * progress,
            error=VideoError(code=code, message=body.get("failure") or "") if failed else None,
        )
        charged = (body.get("cost") or {}).get("credits")  # of a task that failed, too
        video._bill = None if charged is None else round(charged * _NANO_PER_CREDIT)
        return video

    def _link(self, body: Any) -> str:
        output = self._object(body).get("output")
        if not output:
            raise self._no_clip(self._parse(body))
        return str(output[0])

    def _kind_of(self, status: int, code: str | None, message: str) -> type[ProviderError] | None:
        return InsufficientCredits if status == 400 and "not have enough credits" in message else None

    def _read_error(self, response: Response) -> tuple[str, str | None, str | None]:
        message, code, param = super()._read_error(response)
        body = response.json()
        issues = body.get("issues") if isinstance(body, dict) else None
        for issue in issues if isinstance(issues, list) else ():
            if isinstance(issue, dict):
                place = ".".join(str(part) for part in issue.get("path") or ())
                message = f"{message}; {place} {issue.get('message')}"
                code, param = code or issue.get("code"), param or place or None
        return message[:500], code, param


def _fields(request: VideoRequest, path: str, family: _Family) -> dict[str, Any]:
    """The fields of a create but for the model and the source."""
    remade = path == "video_to_video"
    frames = {"first": request.input_reference, "last": request.last_frame}
    # With its place: some models take a picture without one as a reference.
    keyframes = [{"uri": frame.data_url, "position": place} for place, frame in frames.items() if frame]
    # A new clip's size and duration are always said: they must not change with Runway's defaults.
    size = request.size or ("" if remade else family.size)
    seconds = family.seconds if not remade else "auto" if family.modes else None
    return {name: view(size) for name, view in getattr(family, path).items() if size} | given(
        {
            "promptText": request.prompt,
            "promptImage": keyframes,
            "references": [{"uri": picture.data_url} for picture in request.references],
            "mode": request.operation if remade and family.modes else None,
            "duration": whole_seconds(request.seconds) or seconds,
            "audio": request.audio if family.has_audio or request.audio is False else None,
            "seed": request.seed,
            "negativePrompt": request.negative_prompt,
        }
    )


def _check(request: VideoRequest, path: str, family: _Family) -> None:
    """Compare a request with what its model's wire can say.

    Raises:
        InvalidRequest: there is no field for what was asked for, or a picture is too large.
    """
    retimed = request.source_id and request.seconds and not family.retimes
    mixed = request.references and (request.input_reference or request.last_frame) and not family.mixes
    too_large = any(len(picture.data) > _LARGEST for picture in request.pictures)
    for wrong, words, param in (
        (request.size and not getattr(family, path), "makes a clip as large as its source", "size"),
        (retimed, "makes a clip as long as its source", "seconds"),
        (mixed, "takes a first and a last frame or references, not both", "references"),
        (too_large, "takes pictures of up to 3.7 MiB here", "input_reference"),
    ):
        if wrong:
            raise InvalidRequest(f"{request.model} {words}.", param=param)
