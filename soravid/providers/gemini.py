"""Google's Gemini Omni over the Interactions API (source: ai.google.dev, google-genai 3.4.0, recordings).

Traps: a clip that is refused ends ``completed``, with text instead of a video; an unknown id is a 400; a turn
on an earlier clip takes no ``task``, so its prompt says what is wanted; the clip's file demands the key, and
an answer may hold the clip itself where a link was asked for. The tokens of video say what is charged.
"""

from __future__ import annotations

import base64
import re
from typing import Any, ClassVar

from soravid.deployments import ProviderProfile
from soravid.errors import AuthenticationFailed, BadRequest, NotFound, ProviderError, ServerError
from soravid.providers.base import Download, Flow, Response
from soravid.providers.wire import Wire, given, merged, path_part, whole_seconds
from soravid.refusals import is_refusal
from soravid.shapes import aspect_of, resolution_of
from soravid.types import Usage, Variant, Video, VideoError, VideoRequest

_FILE = re.compile(r"/files/([^/:?]+)")


class Gemini(Wire):
    """``{api_base}/interactions`` with the key in ``x-goog-api-key``."""

    profile: ClassVar[ProviderProfile] = ProviderProfile(
        name="gemini",
        key_vars=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        default_base="https://generativelanguage.googleapis.com/v1beta",
        base_path="/v1beta",
        poll_seconds=5.0,
        states_cost=True,
    )

    def create(self, request: VideoRequest, *, idempotency_key: str | None = None) -> Flow[Video]:
        """POST /interactions in the background; an edit, a remix and an extension are a further turn."""
        if request.last_frame and not request.input_reference:
            yield from self._lacks("take a last frame without a first one")
        task = _task(request)
        config = given({"seed": request.seed, "video_config": task and {"task": task}})
        fields = {
            "model": self.deployment.model,
            "input": [{"type": "user_input", "content": _content(request)}],
            "previous_interaction_id": request.source_id,
            "background": True,  # else the answer comes when the clip is done
            "store": True,  # else it can be neither asked for nor edited
            "response_format": _format(request),
            "generation_config": config or None,
        }
        body = merged(given(fields), request.extra_body)
        return self._parse((yield from self._ask("POST", "interactions", json=body, billable=True)))

    def retrieve(self, video_id: str) -> Flow[Video]:
        """GET /interactions/{id}."""
        return self._parse((yield from self._interaction(video_id)))

    def content(self, video_id: str, variant: Variant) -> Flow[Download]:
        """The clip inside the answer, or the file that it names, which only the key opens."""
        body = yield from self._interaction(video_id)
        video, clip = self._parse(body), _clip(body)
        if clip.get("data"):
            return Download("", data=base64.b64decode(clip["data"]))
        if not clip.get("uri"):
            raise self._no_clip(video)
        file = _FILE.search(clip["uri"])
        if file is None:
            return self._public(clip["uri"])
        # Asked of our own address, whichever host the link names: the key is for no other.
        request = self._request("GET", f"files/{file[1]}:download", params={"alt": "media"})
        return Download(request.url, request.params, request.headers, self._no_file)

    def delete(self, video_id: str) -> Flow[None]:
        """DELETE /interactions/{id}."""
        response = yield self._request("DELETE", f"interactions/{path_part(video_id)}")
        if response.attempt == 1 or type(self._error(response)) is not NotFound:
            self._answer(response)  # else an earlier try, whose answer was lost, has done it

    def cancel(self, video_id: str) -> Flow[None]:
        """POST /interactions/{id}/cancel."""
        yield from self._ask("POST", f"interactions/{path_part(video_id)}/cancel")

    # --- pieces --------------------------------------------------------------------------------------

    def _credentials(self) -> dict[str, str]:
        return {"x-goog-api-key": self.deployment.api_key} if self.deployment.api_key else {}

    def _interaction(self, video_id: str) -> Flow[Any]:
        try:
            return (yield from self._ask("GET", f"interactions/{path_part(video_id)}"))
        except BadRequest as odd:
            if odd.provider_code != "invalid_request":
                raise
            # Nothing but the id is asked here: it passes, and has been seen while a billed job ran.
            raise ServerError(odd.message, status_code=400, provider_code=odd.provider_code) from odd

    def _parse(self, body: Any) -> Video:
        body = self._object(body, "id", "status")
        source, usage = body.get("previous_interaction_id"), _usage(body.get("usage") or {})
        asked = body.get("response_format")
        duration = str(asked.get("duration")) if isinstance(asked, dict) and not source else ""
        video = Video(
            id=body["id"],
            status=body["status"],
            model=body.get("model") or self.deployment.model,
            seconds=duration.removesuffix("s"),  # as asked for: the clip of a further turn may be longer
            remixed_from_video_id=source,
            usage=usage,
        )
        if video.status == "failed":
            video.error = _failure(body)
        elif video.status == "completed" and not (usage.completion_tokens or _clip(body)):
            said = " ".join(part.get("text", "") for part in _output(body, "text")).strip()
            error = VideoError(code="no_video", message=said[:500] or "The model answered without a video.")
            video.status, video.error = "failed", error
        return video

    def _no_file(self, response: Response) -> ProviderError:
        """What an error of the file's address means; for a file that has gone a 403 is possible, too."""
        error = self._error(response)
        gone = response.status in {404, 410} or "not exist" in error.message
        return self._gone(response) if gone else error

    def _read_error(self, response: Response) -> tuple[str, str | None, str | None]:
        body = response.json()
        body = body[0] if isinstance(body, list) and body else body
        fault = body.get("error") if isinstance(body, dict) else None
        if not isinstance(fault, dict):
            return super()._read_error(response)
        return str(fault.get("message") or "")[:500], _code(fault), None

    def _kind_of(self, status: int, code: str | None, message: str) -> type[ProviderError] | None:
        # Google says both with a 400.
        if status == 400 and "invalid interaction name" in message.lower():
            return NotFound
        return AuthenticationFailed if status == 400 and "api key" in message.lower() else None


def _format(request: VideoRequest) -> dict[str, Any]:
    seconds, size = whole_seconds(request.seconds), request.size
    lines = size and resolution_of(size)
    shape = aspect_of(size) if size and request.operation != "extend" else None  # an extension keeps its own
    asked = {"duration": seconds and f"{seconds}s", "aspect_ratio": shape, "resolution": lines}
    return {"type": "video", "delivery": "uri", **given(asked)}


def _task(request: VideoRequest) -> str | None:
    """What the pictures are for. None where no task says it, or none may stand: the prompt says it then."""
    if request.source_id or (request.input_reference and request.references):
        return None
    plain = "image_to_video" if request.input_reference else "text_to_video"
    return "reference_to_video" if request.references else plain


def _content(request: VideoRequest) -> list[dict[str, str]]:
    """The pictures in the order of their roles, then the prompt, in the words of Google's guide."""
    text, pictures = request.prompt, request.pictures
    if request.operation == "extend":
        text = f"Extend this video: {text}"
    elif request.input_reference and request.references:
        last = " Use Image2 as the final frame." if request.last_frame else ""
        others = "Use the other images as references, not as frames."
        text = f"{text}\nUse Image1 as the starting frame.{last} {others}"
    shown = [{"type": "image", "mime_type": each.media_type, "data": each.base64} for each in pictures]
    return [*shown, {"type": "text", "text": text}]


def _output(body: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The parts of one kind that the model gave, in order."""
    steps = [step for step in body.get("steps") or [] if step.get("type") == "model_output"]
    return [part for step in steps for part in step.get("content") or [] if part.get("type") == kind]


def _clip(body: dict[str, Any]) -> dict[str, Any]:
    return next(reversed(_output(body, "video")), {})


def _usage(usage: dict[str, Any]) -> Usage:
    rows = usage.get("output_tokens_by_modality") or []
    video = [int(row.get("tokens") or 0) for row in rows if str(row.get("modality")).lower() == "video"]
    prompt, total = usage.get("total_input_tokens") or 0, usage.get("total_tokens") or 0
    return Usage(prompt_tokens=prompt, completion_tokens=sum(video), total_tokens=total)


def _failure(body: dict[str, Any]) -> VideoError:
    """Why an interaction failed: Google has three places for it, and may use none."""
    steps = [step.get("error") for step in body.get("steps") or []]
    told = [body.get("error"), *(body.get("errors") or []), *steps]
    fault: dict[str, Any] = next((each for each in told if isinstance(each, dict)), {})
    message = str(fault.get("message") or f"The interaction ended as {body['status']}.")
    return VideoError(code=_code(fault) or body["status"], message=message[:500])


def _code(fault: dict[str, Any]) -> str | None:
    """The word for an error: Google's front end has a number for a code, and the word in ``status``."""
    words = [word for word in (fault.get("code"), fault.get("status")) if word and isinstance(word, str)]
    if str(fault.get("message")).lower().startswith("input blocked"):
        words.append("content_blocked")
    return next(filter(is_refusal, words), words[0] if words else None)
