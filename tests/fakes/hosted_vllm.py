"""A fake of vLLM-Omni 0.30's `/v1/videos`: forms only, a failed job under the failure's own status.

Beside the triggers of `tests.fakes.jobs`, `[aborting]` makes the first DELETE of a live job answer 409.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.fakes.base import Operation, Refusal
from tests.fakes.jobs import FakeJob, JobFake
from tests.fakes.recorder import Recorded

BLOCKED = "Input was blocked by Cosmos3 guardrails."
BROKEN = "CUDA out of memory."
WHOLE = (
    "width",
    "height",
    "num_frames",
    "short_edge",
    "num_outputs_per_prompt",
    "num_inference_steps",
    "seed",
)
OBJECTS = ("lora", "extra_params")
ALONE = ("input_reference", "image_reference", "video_reference")
BOOLEANS = ("true", "false", "1", "0", "on", "off", "yes", "no")


@dataclass(eq=False)
class EngineFake(JobFake):
    """What the engines share: a key only where they are given one, cursors, and no more than `/v1/videos`."""

    def routes_of(self) -> list[tuple[str, str, Operation]]:
        """Return the five operations."""
        return [
            ("POST", "/v1/videos", self._create),
            ("GET", "/v1/videos", self._list),
            ("GET", "/v1/videos/{id}", self._retrieve),
            ("DELETE", "/v1/videos/{id}", self._delete),
            ("GET", "/v1/videos/{id}/content", self._content),
        ]

    def admit(self, call: Recorded) -> None:
        """Check the key, if there is one."""
        if self.api_key:
            super().admit(call)

    async def unknown(self, request: Request, call: Recorded) -> Response:
        """Answer what is not there; where another method is, 405."""
        other = call.method == "HEAD" or call.path in ("/v1/videos/edits", "/v1/videos/extensions")
        if other:
            return JSONResponse({"detail": "Method Not Allowed"}, 405)
        return JSONResponse({"detail": "Not Found"}, 404)

    def page(self, call: Recorded, limit: int | None) -> dict[str, Any]:
        """Return a page of the list; after an id that is unknown there is nothing."""
        jobs = sorted(
            self.jobs.values(),
            key=lambda job: int(job.created_at),
            reverse=call.query.get("order", "desc") == "desc",  # within a second: as they were made
        )
        if "after" in call.query:
            ids = [job.id for job in jobs]
            jobs = jobs[ids.index(call.query["after"]) + 1 :] if call.query["after"] in ids else []
        rows = [self.as_object(job) for job in jobs[:limit]]
        first, last = (rows[0]["id"], rows[-1]["id"]) if rows else (None, None)
        more = len(jobs) > len(rows)
        return {"object": "list", "data": rows, "first_id": first, "last_id": last, "has_more": more}

    def as_object(self, job: FakeJob) -> dict[str, Any]:
        """Return the video object of the wire."""
        raise NotImplementedError

    async def _create(self, request: Request, call: Recorded) -> Response:
        raise NotImplementedError

    async def _list(self, request: Request, call: Recorded) -> Response:
        raise NotImplementedError

    async def _retrieve(self, request: Request, call: Recorded) -> Response:
        raise NotImplementedError

    async def _delete(self, request: Request, call: Recorded) -> Response:
        raise NotImplementedError

    async def _content(self, request: Request, call: Recorded) -> Response:
        raise NotImplementedError


@dataclass(eq=False)
class HostedVLLMFake(EngineFake):
    """The app, its settings and its jobs; `/v1` is the base."""

    served: str = ""  # the one model that is served; empty: any

    def error(self, status: int, message: str, code: str = "", **headers: str) -> Refusal:
        """Return vLLM's envelope; its code is the status, its type the status's name."""
        return self._wrong(status, message, headers=headers)

    def refused_at_create(self) -> Refusal:
        """Return what a check before the engine answers: its own guardrail speaks once the job runs."""
        return self.error(400, BLOCKED)

    def bad_key(self) -> Refusal:
        """Return the answer to a wrong or missing key, which has no envelope."""
        return Refusal(JSONResponse({"error": "Unauthorized"}, 401))

    def unknown_job(self, job_id: str) -> Refusal:
        """Return the answer to an id that nobody has, or has any more."""
        return self.error(404, "Video not found")

    def no_model(self, model: str) -> Refusal:
        """Return the answer to a model that is not the one that is served."""
        served = self.served or "MiniMaxAI/MiniMax-H3"
        return self.error(
            400, f"Model mismatch: request specifies '{model}' but server is running '{served}'."
        )

    def new_id(self) -> str:
        """Return an id as vLLM-Omni forms it."""
        return f"video_gen_{secrets.token_hex(16)}"

    def as_object(self, job: FakeJob) -> dict[str, Any]:
        """Return the video object of the wire; its progress is 0 or 100."""
        done, error = job.status == "completed", None
        if job.status == "failed":
            error = {"code": 400 if job.refused else 500, "message": BLOCKED if job.refused else BROKEN}
        seconds = job.values["seconds"]
        return {
            "id": job.id,
            "object": "video",
            "model": job.values["model"],
            "prompt": job.prompt,
            "status": job.status,
            "progress": 100 if done else 0,
            "size": job.values["size"],
            "seconds": seconds,
            "quality": "default",
            "created_at": int(job.created_at),
            "completed_at": None if job.live else int(job.created_at) + 60,
            "expires_at": None,
            "remixed_from_video_id": None,
            "error": error,
            "media_type": "video/mp4",
            "file_name": f"{job.id}.mp4" if done else None,
            "inference_time_s": 88.1 if done else None,
            "fps": 24.0,
            "num_frames": 24 * int(seconds),
            "duration_s": float(seconds),
            "stage_durations": {},
            "peak_memory_mb": 41200.0 if done else 0.0,
        }

    async def _create(self, request: Request, call: Recorded) -> Response:
        # Of JSON nothing is read, so that the prompt is what is missing.
        fields = {} if call.is_json else {name: value for name, value in call.fields.items() if value}
        pattern = "String should match pattern"
        if "prompt" not in fields:
            raise self._invalid("prompt", "missing", "Field required")
        if not re.fullmatch(r"[1-9][0-9]*", fields.get("seconds", "4")):
            raise self._invalid("seconds", "string_pattern_mismatch", rf"{pattern} '^[1-9]\d*$'")
        if not re.fullmatch(r"[0-9]+x[0-9]+", fields.get("size", "1x1")):
            raise self._invalid("size", "string_pattern_mismatch", rf"{pattern} '^\d+x\d+$'")
        for name in WHOLE:
            if not re.fullmatch(r"-?[0-9]+", fields.get(name, "0")):
                raise self._invalid(name, "int_parsing", "Input should be a valid integer")
        if fields.get("generate_sound", "true").lower() not in BOOLEANS:
            raise self._invalid("generate_sound", "bool_parsing", "Input should be a valid boolean")
        for name in OBJECTS:
            self._object(fields.get(name))
        given = {*fields, *call.files}
        if "input_references" in given and given & set(ALONE):
            raise self.error(
                400,
                "Provide input_references alone, without input_reference, image_reference, or "
                "video_reference.",
            )
        model = fields.get("model", self.served)
        if self.served and model != self.served:
            raise self.no_model(model)
        job = await self.begin(
            request,
            fields["prompt"],
            model=model,
            seconds=fields.get("seconds", "4"),
            size=fields.get("size"),
            references=await uploads(request, "input_references"),
        )
        return JSONResponse(self.as_object(job))

    async def _list(self, request: Request, call: Recorded) -> Response:
        limit = call.query.get("limit")
        if limit is not None and not (limit.isdecimal() and int(limit) <= 100):
            raise self._invalid("limit", "less_than_equal", "Input should be from 0 to 100", place="query")
        return JSONResponse(self.page(call, None if limit is None else int(limit)))

    async def _retrieve(self, request: Request, call: Recorded) -> Response:
        whole = self.as_object(self.poll(request.path_params["id"]))
        return JSONResponse(whole, whole["error"]["code"] if whole["error"] else 200)

    async def _delete(self, request: Request, call: Recorded) -> Response:
        job = self.find(request.path_params["id"])
        if job.live and "[aborting]" in job and not job.stumbles:
            job.stumbles += 1
            raise self.error(409, "Cancellation in progress. Please try again later.")
        del self.jobs[job.id]
        return JSONResponse({"id": job.id, "deleted": True, "object": "video.deleted"})

    async def _content(self, request: Request, call: Recorded) -> Response:
        job = self.find(request.path_params["id"])
        if job.status == "failed":
            raise self.error(422, "Video generation failed. Check job status for error details.")
        if job.live:
            raise self.error(404, "Generation is still in-progress")
        if "[gone]" in job:
            raise self.error(404, "Generated video file not found on disk")
        return self.send_clip(request, job)

    def _object(self, text: str | None) -> None:
        """Check a field that is JSON as text."""
        try:
            value = {} if text is None else json.loads(text)
        except ValueError:
            raise self.error(400, "Invalid JSON in form field.") from None
        if not isinstance(value, dict):
            kind = type(value).__name__
            raise self.error(400, f"Invalid JSON in form field: expected dict, got {kind}.")

    def _invalid(self, name: str, kind: str, message: str, *, place: str = "body") -> Refusal:
        """Return the answer to a field that is not right: 400 where FastAPI says 422."""
        text = (
            f"1 validation error:\n  {{'type': '{kind}', 'loc': ('{place}', '{name}'), 'msg': '{message}'}}"
        )
        return self._wrong(400, text, param=f"{place}.{name}")

    def _wrong(
        self, status: int, message: str, *, param: str | None = None, headers: dict[str, str] | None = None
    ) -> Refusal:
        kind = HTTPStatus(status).phrase
        error = {"message": message, "type": kind, "param": param, "code": status}
        return Refusal(JSONResponse({"error": error}, status, headers=headers))


async def uploads(request: Request, name: str) -> Sequence[str]:
    """Return the file names of a part that may be repeated; the request's form has been read before."""
    if not request.headers.get("content-type", "").startswith("multipart/"):
        return []
    return [part.filename or "" for part in (await request.form()).getlist(name) if not isinstance(part, str)]
