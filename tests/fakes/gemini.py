"""A fake of Google's Interactions API with the Omni models, and of the files that their clips are.

    with serve(fake := GeminiFake()) as url:
        ...  # base_url=url, api_version="v1" or "v1beta"

A refused clip is `completed` with text and without a video. A clip's file demands the key, so `[stale]` means
nothing here. `inlines` puts the clip itself into every answer, as Google says it may.
"""

from __future__ import annotations

import base64
import re
import secrets
import time
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.fakes.base import Operation, Refusal
from tests.fakes.jobs import FakeJob, JobFake
from tests.fakes.recorder import Recorded

FIELDS = {
    "": {
        "model",
        "input",
        "background",
        "store",
        "stream",
        "previous_interaction_id",
        "response_format",
        "generation_config",
        "response_modalities",
        "safety_settings",
        "service_tier",
        "labels",
        "webhook_config",
    },
    "response_format": {"type", "aspect_ratio", "duration", "resolution", "delivery"},
    "generation_config": {
        "seed",
        "video_config",
        "thinking_level",
        "thinking_summaries",
        "max_output_tokens",
    },
    "generation_config.video_config": {"task"},
}
WORDS = {
    "response_format.type": ("video",),
    "response_format.aspect_ratio": ("16:9", "9:16"),
    "response_format.resolution": ("360p", "720p", "1080p", "4k"),
    "response_format.delivery": ("inline", "uri"),
    "generation_config.video_config.task": (
        "text_to_video",
        "image_to_video",
        "reference_to_video",
        "edit",
        "extend",
    ),
    "service_tier": ("flex", "standard", "priority", "deferred"),
}
KINDS = {"background": bool, "store": bool, "stream": bool, "generation_config.seed": int}
PICTURES = {"text_to_video": (0, 0), "image_to_video": (1, 2), "reference_to_video": (1, 6)}
LONGEST = {"gemini-omni-1.1-flash": 10, "gemini-omni-1.2-flash": 15}
TOKENS = {"360p": 1931, "720p": 5792, "1080p": 8688, "4k": 17376}  # a second of video
DEFAULT_SECONDS = 10
FILES = "https://generativelanguage.googleapis.com/v1beta/files"
REFUSAL = "I can't make that video: it goes against the usage policies."


@dataclass(eq=False)
class GeminiFake(JobFake):
    """The app, its settings and its jobs; `/v1` and `/v1beta` are the same."""

    inlines: bool = False

    def routes_of(self) -> list[tuple[str, str, Operation]]:
        """Return the interactions and the files."""
        routes: list[tuple[str, str, Operation]] = []
        for version in ("/v1", "/v1beta"):
            routes += [
                ("POST", f"{version}/interactions", self._create),
                ("GET", f"{version}/interactions/{{id}}", self._retrieve),
                ("POST", f"{version}/interactions/{{id}}/cancel", self._cancel),
                ("DELETE", f"{version}/interactions/{{id}}", self._delete),
                ("GET", f"{version}/files/{{name}}:download", self._download),
                ("GET", f"{version}/files/{{name}}", self._file_state),
            ]
        return routes

    def key_of(self, call: Recorded) -> str:
        """Return the key of the header or of the query; both at once are too many."""
        header, query = call.headers.get("x-goog-api-key"), call.query.get("key")
        if header and query:
            raise self.invalid("Multiple authentication credentials received. Please pass only one.")
        return header or query or ""

    def invalid(self, message: str, code: str = "invalid_request") -> Refusal:
        """Return the answer to a request that is not as it should be."""
        return self.error(400, message, code)

    def bad_key(self) -> Refusal:
        """Return what Google's front end says to a wrong key: a 400, and the error in a list."""
        reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
        message = "API key not valid. Please pass a valid API key."
        fault = {"code": 400, "message": message, "status": "INVALID_ARGUMENT", "details": [reason]}
        return Refusal(JSONResponse([{"error": fault}], 400))

    def refused_at_create(self) -> Refusal:
        """Return the answer to a prompt that is not accepted."""
        return self.invalid("Input blocked: The prompt contains sensitive words.", "prohibited_content")

    def broken(self, status: int = 500) -> Refusal:
        """Return a server's fault."""
        code = "service_unavailable" if status == 503 else "api_error"
        return self.error(status, "An internal error has occurred.", code)

    def unknown_job(self, job_id: str) -> Refusal:
        """Return the answer to an id that nobody has: no 404."""
        return self.invalid(f"Invalid interaction name: interactions/{job_id}")

    def new_id(self) -> str:
        """Return an id like Google's."""
        return f"v1_{base64.urlsafe_b64encode(secrets.token_bytes(30)).decode()}"

    # --- interactions ---

    async def _create(self, request: Request, call: Recorded) -> Response:
        if call.malformed or not call.is_json:
            raise self.invalid("Invalid JSON payload received.")
        body = call.fields
        self._check("", body)
        if str(body.get("model")) not in LONGEST:
            raise self.no_model(str(body.get("model")))
        content = self._content(body.get("input"))
        prompt = " ".join(part["text"] for part in content if part["type"] == "text")
        source = self._source(body, content)
        job = await self.begin(
            request,
            prompt,
            model=body["model"],
            content=content,
            source=source,
            format=body.get("response_format"),
            config=body.get("generation_config"),
            file=secrets.token_hex(6),
        )
        if not body.get("background"):
            job.finish()
            return JSONResponse(self._told(job))
        return JSONResponse(self._head(job) | {"service_tier": body.get("service_tier", "standard")})

    async def _retrieve(self, request: Request, call: Recorded) -> Response:
        if call.query.get("stream", "false") != "false":
            raise self.invalid("This fake does not stream.")
        return JSONResponse(self._told(self.poll(request.path_params["id"])))

    async def _cancel(self, request: Request, call: Recorded) -> Response:
        job = self.find(request.path_params["id"])
        if not job.live:
            raise self.invalid("The interaction is not running.", "failed_precondition")
        job.status = "cancelled"
        return JSONResponse(self._told(job))

    async def _delete(self, request: Request, call: Recorded) -> Response:
        del self.jobs[self.find(request.path_params["id"]).id]
        return JSONResponse({})

    # --- files ---

    async def _download(self, request: Request, call: Recorded) -> Response:
        job = self._owner(request)
        if call.query.get("alt") != "media":
            raise self.invalid("Only a download of the media is possible.")
        return self.send_clip(request, job)

    async def _file_state(self, request: Request, call: Recorded) -> Response:
        job = self._owner(request)
        return JSONResponse({"name": f"files/{job.values['file']}", "state": "ACTIVE", "source": "GENERATED"})

    def _owner(self, request: Request) -> FakeJob:
        name = request.path_params["name"]
        for job in self.jobs.values():
            if job.values["file"] == name and "[gone]" not in job:
                return job
        raise self.error(404, "Requested entity was not found.", "not_found")

    # --- what a request may hold ---

    def _check(self, place: str, body: dict[str, Any]) -> None:
        for name, value in body.items():
            where = f"{place}.{name}".lstrip(".")
            if name not in FIELDS[place]:
                raise self.invalid(f"Unknown parameter '{where}'.", "parameter_unknown")
            if where in WORDS and value not in WORDS[where]:
                words = ", ".join(f"'{word}'" for word in WORDS[where])
                raise self.invalid(
                    f"The value '{value}' is not supported for '{where}'. Supported values: {words}."
                )
            if where in KINDS and type(value) is not KINDS[where]:
                raise self.invalid(f"Invalid value for '{where}'.")
            if where in FIELDS:
                if not isinstance(value, dict):
                    raise self.invalid(f"'{where}' must be an object.")
                self._check(where, value)

    def _content(self, given: Any) -> list[dict[str, Any]]:
        """Return the parts of an input in each of its three forms."""
        if isinstance(given, str):
            given = [{"type": "text", "text": given}]
        if not isinstance(given, list) or not given:
            raise self.invalid("'input' is required.")
        steps = [part for part in given if isinstance(part, dict) and part.get("type") == "user_input"]
        content = [part for step in steps for part in step["content"]] if steps else given
        for part in content:
            kind = part.get("type") if isinstance(part, dict) else None
            whole = isinstance(part.get("text"), str) if kind == "text" else kind in ("image", "video")
            if not whole or (
                kind != "text" and not (part.get("mime_type") and (part.get("data") or part.get("uri")))
            ):
                raise self.invalid("Invalid content in 'input'.")
        if not any(part["type"] == "text" and part["text"].strip() for part in content):
            raise self.invalid("A prompt is required.")
        return content

    def _source(self, body: dict[str, Any], content: list[dict[str, Any]]) -> FakeJob | None:
        """Return the earlier turn, if one is named; length, task and pictures must go together."""
        wanted = body.get("response_format", {})
        task = body.get("generation_config", {}).get("video_config", {}).get("task")
        duration = wanted.get("duration")
        if duration is not None:
            seconds = re.fullmatch(r"([0-9]+)s", duration) if isinstance(duration, str) else None
            if seconds is None or not 3 <= int(seconds[1]) <= LONGEST[body["model"]]:
                raise self.invalid(f"Invalid duration {duration!r} for 'response_format.duration'.")
        pictures = sum(part["type"] == "image" for part in content)
        low, high = PICTURES.get(task, (0, 10))
        if not low <= pictures <= high:
            raise self.invalid(f"The task {task} takes {low} to {high} images, not {pictures}.")
        if task in ("edit", "extend") and sum(part["type"] == "video" for part in content) != 1:
            raise self.invalid(f"Exactly one input video is required for {task} task.")
        if body.get("background") and body.get("store") is False:
            raise self.invalid("'background' requires 'store'.")
        earlier = body.get("previous_interaction_id")
        if earlier is None:
            return None
        if task:
            raise self.invalid("previous_interaction_id is not allowed when video task is set.")
        return self.find(earlier)

    # --- what an answer holds ---

    def _head(self, job: FakeJob) -> dict[str, Any]:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(job.created_at))
        running = {"queued": "in_progress"}.get(job.status, job.status)
        status = "completed" if job.refused else running
        head = {"id": job.id, "object": "interaction", "model": job.values["model"], "status": status}
        return head | {"created": stamp, "updated": stamp}

    def _told(self, job: FakeJob) -> dict[str, Any]:
        values, source = job.values, job.values["source"]
        steps: list[dict[str, Any]] = [{"type": "user_input", "content": values["content"]}]
        body = self._head(job) | {"steps": steps, "service_tier": "standard"}
        body |= {"response_format": values["format"]} if values["format"] else {}
        body |= {"generation_config": values["config"]} if values["config"] else {}
        body |= {"previous_interaction_id": source.id} if source else {}
        if job.refused:
            steps += [{"type": "model_output", "content": [{"type": "text", "text": REFUSAL}]}]
            body["usage"] = _usage(text=15)
        elif job.status == "failed":
            body["errors"] = [{"code": "api_error", "message": "The video could not be made."}]
        elif job.status == "completed":
            steps += [
                {"type": "thought", "signature": secrets.token_urlsafe(20)},
                {"type": "model_output", "content": [self._clip(job)]},
            ]
            body["usage"] = _usage(video=self._tokens(job))
        return body

    def _clip(self, job: FakeJob) -> dict[str, str]:
        clip = {"type": "video", "mime_type": "video/mp4"}
        if self.inlines or (job.values["format"] or {}).get("delivery") != "uri":
            return clip | {"data": base64.b64encode(self.bytes_of(job.id)).decode()}
        # Google's own address, wherever the fake is: the clients ask the address that they were given.
        return clip | {"uri": f"{FILES}/{job.values['file']}:download?alt=media"}

    def _tokens(self, job: FakeJob) -> int:
        wanted = job.values["format"] or {}
        seconds = int(str(wanted.get("duration", DEFAULT_SECONDS)).removesuffix("s"))
        return TOKENS[wanted.get("resolution", "720p")] * seconds


def _usage(**output: int) -> dict[str, Any]:
    counts = [{"modality": name, "tokens": tokens} for name, tokens in output.items() if name != "text"]
    made = sum(output.values())
    return {
        "total_tokens": 20 + made,
        "total_input_tokens": 20,
        "input_tokens_by_modality": [{"modality": "text", "tokens": 20}],
        "total_output_tokens": made,
        **({"output_tokens_by_modality": counts} if counts else {}),
        "total_thought_tokens": 0,
    }
