"""fal's queue: one protocol before hundreds of models (source: fal.ai/docs, the models' pages, autumn 2026).

A model is ``{owner}/{app}``: the endpoint that the request needs is added. ``{owner}/{app}/{path}`` goes as
written. Traps: the status answers 202 while a job waits or runs; COMPLETED also means failed, and what a
model refuses is an error of the result; where storage is off the result is kept for an hour; a cancel stops
what waits, and only asks what runs. fal does not tell the cost, and this host has no list and no delete.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from soravid.deployments import ProviderProfile
from soravid.errors import InsufficientCredits, InvalidRequest, NotFound, UnsupportedOperation
from soravid.providers.base import Download, Flow, Response
from soravid.providers.wire import Wire, given, merged, path_part, whole_seconds
from soravid.refusals import is_refusal
from soravid.shapes import aspect_of, resolution_of
from soravid.types import Variant, Video, VideoError, VideoRequest

_JOB_URL = re.compile(r"https?://[^/]+/((?!.*\.\.)[\w./-]+/requests/[\w-]+)/status")


@dataclass(frozen=True, slots=True)
class _Family:
    """How the models of a family want their inputs; by default, as most of fal's models do."""

    duration: Callable[[int], Any] = str
    resolution: Callable[[str], str] = str
    text: str = "text-to-video"
    references: str = "image_urls"
    audio: bool = True
    user: str = ""
    shaped: bool = True  # whether a clip from a picture can be given a shape, too
    usual: int | None = None  # seconds where nobody says any, or the model would choose them, and the price


# By how a model's name begins; the first counts. From fal's pages of the models; by analogy, that each
# Seedance takes a seed (its pages differ), and that relatives and models without a row are like the others.
_FAMILIES = {
    "bytedance/seedance-2.5": _Family(usual=5, user="end_user_id", shaped=False),
    "bytedance/seedance-2": _Family(usual=5, user="end_user_id"),
    "minimax/h3": _Family(int, str.upper, references="reference_image_urls", audio=False, shaped=False),
    "fal-ai/veo3": _Family("{}s".format, text=""),
    "": _Family(),
}


class FalAI(Wire):
    """``{api_base}/{owner}/{app}/...`` with ``Authorization: Key``."""

    profile: ClassVar[ProviderProfile] = ProviderProfile(
        name="fal_ai",
        key_vars=("FAL_KEY", "FAL_AI_API_KEY"),
        default_base="https://queue.fal.run",
        poll_seconds=5.0,
        stops_only_queued=True,
    )

    def create(self, request: VideoRequest, *, idempotency_key: str | None = None) -> Flow[Video]:
        """POST the inputs to the model's endpoint."""
        if request.operation != "create":
            yield from self._lacks(f"{request.operation} a video")
        family = next(_FAMILIES[name] for name in _FAMILIES if self.deployment.model.startswith(name))
        path = self._endpoint(request, family)
        fields = merged(_inputs(request, family), request.extra_body)
        body = self._object((yield from self._ask("POST", path, json=fields, billable=True)), "request_id")
        return self._video(self._id(body), "queued")

    def retrieve(self, video_id: str) -> Flow[Video]:
        """GET .../status; of a job that has ended and does not say how, the result as well."""
        body = self._object((yield from self._ask("GET", f"{self._job(video_id)}/status")), "status")
        if body["status"] != "COMPLETED":
            place = given({"queue_position": body.get("queue_position")})
            return self._video(video_id, body["status"], **place)
        code, fault = body.get("error_type"), str(body.get("error") or body.get("detail") or "")
        return self._ended(video_id, code, fault) if code else (yield from self._result(video_id, fault))[0]

    def content(self, video_id: str, variant: Variant) -> Flow[Download]:
        """The public link in the result."""
        video, url = yield from self._result(video_id)
        if url is None:
            raise self._no_clip(video)
        return self._public(url)

    def cancel(self, video_id: str) -> Flow[None]:
        """PUT .../cancel while the job waits. One that runs may be finished, and billed, for all that."""
        video = yield from self.retrieve(video_id)
        if video.status == "queued":
            response = yield self._request("PUT", f"{self._job(video_id)}/cancel")
            if response.status != 400:  # it has ended: the status will say so
                self._answer(response)
            try:  # accepted is not stopped: it may have begun in between
                video = yield from self.retrieve(video_id)
            except NotFound:
                return
        if video.status not in {"queued", "cancelled"}:
            raise UnsupportedOperation(
                "fal stops a job only before it has begun, and this one has.",
                hint="It will be finished, and billed; its money stays held until then.",
            )

    def _app(self) -> str:
        """The part of the model's name that its jobs' URLs hold, as fal-client cuts it."""
        model = self.deployment.model
        count = 3 if model.startswith(("workflows/", "comfy/")) else 2
        own = model.split("/")[:count]
        if len(own) < count or not all(own):
            raise InvalidRequest(f"A model at fal is owner/app, not {model!r}.", param="model")
        return "/".join(own)

    def _endpoint(self, request: VideoRequest, family: _Family) -> str:
        """The path that makes the clip: as the model's name has it, else as the pictures ask for."""
        app, framed = self._app(), request.input_reference or request.last_frame
        if self.deployment.model != app:
            return quote(self.deployment.model)
        if request.references and framed:
            raise InvalidRequest("fal takes frames or references for a clip, not both.", param="references")
        kind = "reference-to-video" if request.references else "image-to-video" if framed else family.text
        return quote(f"{app}/{kind}".rstrip("/"))

    def _id(self, body: dict[str, Any]) -> str:
        """The request's id; its path, for an app that keeps its jobs elsewhere than the name says."""
        # Of an answer's URL only the path is taken: whatever host it names, the key goes to ours.
        request_id, url = str(body["request_id"]), _JOB_URL.fullmatch(str(body.get("status_url")))
        path = url[1].removeprefix(f"{urlsplit(self.deployment.api_base).path[1:]}/") if url else ""
        return path if path not in {"", self._job(request_id)} else request_id

    def _job(self, video_id: str) -> str:
        if "/" in video_id:
            return "/".join(map(path_part, video_id.split("/")))
        return f"{quote(self._app())}/requests/{path_part(video_id)}"

    def _result(self, video_id: str, fault: str = "") -> Flow[tuple[Video, str | None]]:
        """What the model answered: the clip and its link, or an error. ``fault`` is what the status says."""
        response = yield self._request("GET", self._job(video_id))
        if not response.ok:
            return self._unmade(video_id, response, fault), None
        clip = self._object(self._object(response.json()).get("video") or {})
        size = f"{clip.get('width')}x{clip.get('height')}"
        video = self._video(video_id, "completed", seconds=clip.get("duration"), size=size)
        return video, str(clip.get("url") or "")

    def _unmade(self, video_id: str, response: Response, fault: str) -> Video:
        """A job whose result is an error: the model's, or one of asking for it."""
        status, error = response.status, self._error(response)
        code, message = error.provider_code, error.message
        if status == 400 and "in progress" in message:
            return self._video(video_id, "in_progress")
        if status in {404, 410} and not (fault or message.startswith("Path ")):  # no path: the model lacks it
            return self._video(video_id, "completed")
        if status in {401, 403, 408, 429} or (status >= 500 and not (code or fault)):
            raise error
        code = "client_cancelled" if status == 499 else code
        return self._ended(video_id, code, message if code else fault or message)

    def _ended(self, video_id: str, code: str | None, message: str) -> Video:
        status = "cancelled" if code == "client_cancelled" else "failed"
        return self._video(video_id, status, error=VideoError(code=code, message=message))

    def _video(self, video_id: str, status: str, **more: Any) -> Video:
        return Video(id=video_id, status=status, model=self.deployment.model, **more)

    def _credentials(self) -> dict[str, str]:
        return {"authorization": f"Key {self.deployment.api_key}"}

    def _read_error(self, response: Response) -> tuple[str, str | None, str | None]:
        message, body = super()._read_error(response)[0], response.json()
        body = body if isinstance(body, dict) else {}
        rows = [row for row in body.get("detail") or () if isinstance(row, dict)]
        code = max((row.get("type") for row in rows), key=is_refusal, default=body.get("error_type"))
        place = rows and rows[0].get("loc")
        return message, code or response.headers.get("x-fal-error-type"), str(place[-1]) if place else None

    def _kind_of(self, status: int, code: str | None, message: str) -> type[InsufficientCredits] | None:
        # "User is locked. Reason: Exhausted balance." is a 403, as a key without the right is.
        return InsufficientCredits if status == 403 and "balance" in message.lower() else None


def _inputs(request: VideoRequest, family: _Family) -> dict[str, Any]:
    """A request in the model's own fields. A picture goes as data, which fal takes for a URL."""
    seconds = whole_seconds(request.seconds) or family.usual
    first, last = (each and each.data_url for each in (request.input_reference, request.last_frame))
    shape = request.size if family.shaped or not (first or last) else None
    fields = {
        "prompt": request.prompt,
        "duration": seconds and family.duration(seconds),
        "aspect_ratio": shape and aspect_of(shape),
        "resolution": request.size and family.resolution(resolution_of(request.size)),
        "image_url": first,
        "end_image_url": last,
        family.references: [picture.data_url for picture in request.references],
        "generate_audio": request.audio if family.audio else None,
        "negative_prompt": request.negative_prompt,
        "seed": request.seed,
        family.user: request.user if family.user else None,
    }
    return given(fields)
