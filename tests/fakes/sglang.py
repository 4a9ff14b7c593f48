"""A fake of SGLang Diffusion 0.5.23's `/v1/videos`: FastAPI's errors, a DELETE that stops nothing.

It has no key of its own. With an `api_key` it is as behind a proxy that wants one.
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from tests.fakes.base import Refusal
from tests.fakes.hosted_vllm import BROKEN, EngineFake
from tests.fakes.jobs import FakeJob
from tests.fakes.recorder import Recorded

BLOCKED = "Guardrail blocked prompt."
GONE = "Scheduler worker exited; restart the server."
BUCKET = "https://clips.s3.eu-west-1.example/"
WHOLE = ("seconds", "fps", "num_frames", "width", "height", "seed", "n", "num_outputs_per_prompt")
OPENS = ("video_path", "video_url", "reference_url", "output_path", "perf_dump_path", "control_path")


@dataclass(eq=False)
class SGLangFake(EngineFake):
    """The app, its settings and its jobs; `/v1` is the base."""

    served: str = "Wan2.2"
    in_s3: bool = False  # clips are in the server's bucket
    worker_gone: bool = False
    opened: list[str] = field(default_factory=list)  # paths and addresses that requests made it open
    orphans: list[FakeJob] = field(default_factory=list, repr=False)  # deleted, and running on

    def error(self, status: int, message: str, code: str = "", **headers: str) -> Refusal:
        """Return FastAPI's error."""
        return Refusal(JSONResponse({"detail": message}, status, headers=headers))

    def refused_at_create(self) -> Refusal:
        """Return what a check before the engine answers: its own guardrail speaks once the job runs."""
        return self.error(400, BLOCKED)

    def bad_key(self) -> Refusal:
        """Return the answer of the proxy before it."""
        return Refusal(HTMLResponse("<html><title>401 Authorization Required</title></html>", 401))

    def unknown_job(self, job_id: str) -> Refusal:
        """Return the answer to an id that nobody has."""
        return self.error(404, "Video not found")

    def no_model(self, model: str) -> Refusal:
        """Return the answer of a server that has no video model, and so no such path."""
        return self.error(404, "Not Found")

    def new_id(self) -> str:
        """Return a bare UUID."""
        return str(uuid.uuid4())

    def admit(self, call: Recorded) -> None:
        """Refuse every POST once the worker is gone."""
        super().admit(call)
        if call.method == "POST" and self.worker_gone:
            raise Refusal(JSONResponse({"error": GONE}, 503))

    def as_object(self, job: FakeJob) -> dict[str, Any]:
        """Return the video object of the wire: no prompt in it, and paths that are nobody's business."""
        done = job.status == "completed"
        url = f"{BUCKET}{job.id}.mp4" if done and self.in_s3 else None
        path = None if url or job.status == "failed" else f"/srv/outputs/{job.id}.mp4"
        message = BLOCKED if job.refused else BROKEN
        return {
            "id": job.id,
            "object": "video",
            "model": job.values["model"],
            "status": job.status,
            "progress": 100 if done else min(99, round(100 * job.progress)),
            "created_at": int(job.created_at),
            "size": job.values["size"],
            "seconds": str(round(job.values["num_frames"] / job.values["fps"])),
            "quality": "standard",
            "url": url,
            "urls": [url] if url else None,
            "remixed_from_video_id": None,
            "completed_at": int(job.created_at) + 60 if done else None,
            "expires_at": None,
            "error": {"message": message} if job.status == "failed" else None,
            "file_path": path,
            "file_paths": [path] if path and done else None,
            "num_outputs": 1 if done else None,
            "peak_memory_mb": None,
            "inference_time_s": None,
            "revised_prompt": None,
            "action": None,
            "lidar": None,
        }

    async def _create(self, request: Request, call: Recorded) -> Response:
        if call.is_multipart:
            fields = self._form(call)
        elif call.is_json:
            fields = self._json(call)
        else:
            raise self.error(400, "Invalid request body: 1 validation error\nprompt\n  Field required")
        size = fields.get("size") or "1280x720"
        if not re.fullmatch(r"[1-9][0-9]*x[1-9][0-9]*", size):
            raise self.error(400, "size must be formatted as positive WIDTHxHEIGHT")
        fps = fields.get("fps") or 24
        frames = fields.get("num_frames") or fps * fields.get("seconds", 4)
        if frames <= 0:
            raise self.error(400, "num_frames must be positive")
        self._open(fields)
        job = await self.begin(
            request,
            fields.get("prompt", ""),
            model=fields.get("model") or self.served,
            size=size,
            fps=fps,
            num_frames=frames,
        )
        return JSONResponse(self.as_object(job))

    def _form(self, call: Recorded) -> dict[str, Any]:
        """Return a form's fields; numbers in it are text that must read as numbers."""
        fields = dict(call.fields)
        wrong = [name for name in WHOLE if not re.fullmatch(r"-?[0-9]+", fields.get(name, "0"))]
        if wrong:
            rows = [
                {
                    "type": "int_parsing",
                    "loc": ["body", name],
                    "msg": "Input should be a valid integer, unable to parse string as an integer",
                    "input": fields[name],
                }
                for name in wrong
            ]
            raise Refusal(JSONResponse({"detail": rows}, 422))
        if not fields.get("prompt"):
            raise self.error(400, "prompt is required")
        if isinstance(call.fields.get("input_reference"), str):
            raise self.error(422, "Value error, Expected UploadFile, received: <class 'str'>")
        numbers = {name: int(fields[name]) for name in WHOLE if name in fields}
        return fields | numbers | {"seconds": numbers.get("seconds") or 4}

    def _json(self, call: Recorded) -> dict[str, Any]:
        """Return the fields of a JSON body, where an empty prompt is one."""
        fields = dict(call.fields)
        for name in ("extra_body", "extra_json", "extra_params"):
            inner = fields.pop(name, None)
            inner = json.loads(inner) if isinstance(inner, str) else inner
            fields = (inner or {}) | fields
        if not isinstance(fields.get("prompt"), str):
            raise self.error(400, "Invalid request body: 1 validation error\nprompt\n  Field required")
        for name in WHOLE:
            if not isinstance(fields.get(name, 0), int):
                raise self.error(400, f"Invalid request body: 1 validation error\n{name}\n  Not an integer")
        return fields

    def _open(self, fields: dict[str, Any]) -> None:
        """Note what the real one would open now, on its disk or on its network."""
        inner = fields.get("extra_params")
        if isinstance(inner, str):
            fields = fields | json.loads(inner)
        reference = [fields["input_reference"]] if isinstance(fields.get("input_reference"), str) else []
        self.opened += [str(fields[name]) for name in OPENS if name in fields] + reference

    async def _list(self, request: Request, call: Recorded) -> Response:
        limit = call.query.get("limit", "20")
        if not (limit.isdecimal() and 1 <= int(limit) <= 100):
            row = {"type": "range", "loc": ["query", "limit"], "msg": "Input should be from 1 to 100"}
            raise Refusal(JSONResponse({"detail": [row]}, 422))
        return JSONResponse(self.page(call, int(limit)))

    async def _retrieve(self, request: Request, call: Recorded) -> Response:
        return JSONResponse(self.as_object(self.poll(request.path_params["id"])))

    async def _delete(self, request: Request, call: Recorded) -> Response:
        job = self.jobs.pop(self.find(request.path_params["id"]).id)
        if job.live:
            self.orphans.append(job)
        return JSONResponse(self.as_object(job) | {"status": "deleted"})

    async def _content(self, request: Request, call: Recorded) -> Response:
        job, variant = self.find(request.path_params["id"]), call.query.get("variant")
        if job.status == "completed" and self.in_s3 and variant in (None, "0"):
            where = f"{BUCKET}{job.id}.mp4"
            raise self.error(
                400, f"Video has been uploaded to cloud storage. Please use the cloud URL: {where}"
            )
        if job.live:
            raise self.error(404, "Generation is still in-progress")
        if variant not in (None, "0") or "[gone]" in job or job.status == "failed":
            raise self.error(404, f"Video variant {variant} not found")
        return self.send_clip(request, job)
