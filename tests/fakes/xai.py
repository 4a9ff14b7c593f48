"""A fake of xAI's video API: 202 while a job runs; a refusal of the finished clip is a 400 of the poll."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.fakes.base import Operation, Refusal
from tests.fakes.jobs import FakeJob, JobFake
from tests.fakes.recorder import Recorded

MODERATED = "imagine:content-moderated"
TICKS = {
    "480p": 800_000_000,
    "720p": 1_400_000_000,
    "1080p": 2_500_000_000,
}  # a second, grok-imagine-video-1.5
ALLOWED = {"model", "prompt", "duration", "aspect_ratio", "resolution", "image", "video", "reference_images"}


@dataclass(eq=False)
class XAIFake(JobFake):
    """The app, its settings and its jobs; `/v1` is the base."""

    def routes_of(self) -> list[tuple[str, str, Operation]]:
        """Return the three ways to make a clip, and the status."""
        return [
            ("POST", "/v1/videos/generations", self._create),
            ("POST", "/v1/videos/edits", self._create),
            ("POST", "/v1/videos/extensions", self._create),
            ("GET", "/v1/videos/{id}", self._retrieve),
        ]

    def error(self, status: int, message: str, code: str = "", **headers: str) -> Refusal:
        """Return xAI's envelope: the text under `error`, the code beside it."""
        return Refusal(JSONResponse({"code": code, "error": message}, status, headers=headers))

    def refused_at_create(self) -> Refusal:
        """Return the answer to a prompt that is not accepted."""
        return self.error(400, "The prompt was rejected by content moderation.", MODERATED)

    def unknown_job(self, job_id: str) -> Refusal:
        """Return 404, or 400 for what is no id at all."""
        try:
            uuid.UUID(job_id)
        except ValueError:
            return self.error(400, "Invalid request_id.", "invalid-argument")
        return self.error(404, "Request not found.", "not-found")

    def new_id(self) -> str:
        """Return a UUID."""
        return str(uuid.uuid4())

    async def _create(self, request: Request, call: Recorded) -> Response:
        body = call.fields
        for name in body:
            if name not in ALLOWED:
                raise self.error(400, f"Unknown field {name}.", "invalid-argument")
        if not body.get("prompt"):
            raise self.error(400, "prompt is required.", "invalid-argument")
        seconds, resolution = body.get("duration", 6), body.get("resolution", "480p")
        if not isinstance(seconds, int) or not 1 <= seconds <= 15:
            raise self.error(400, "duration must be an integer from 1 to 15.", "invalid-argument")
        if resolution not in TICKS or (resolution == "1080p" and "1.5" not in body["model"]):
            raise self.error(400, f"resolution {resolution} is not supported.", "invalid-argument")
        job = await self.begin(
            request, body["prompt"], model=body["model"], seconds=seconds, resolution=resolution
        )
        return JSONResponse({"request_id": job.id})

    async def _retrieve(self, request: Request, call: Recorded) -> Response:
        job = self.poll(request.path_params["id"])
        if job.live:
            return JSONResponse({"status": "pending", "progress": round(100 * job.progress)}, 202)
        if job.refused:
            body = {"code": MODERATED, "error": "The video was rejected by content moderation."}
            return JSONResponse(body | {"usage": self._usage(job)}, 400)
        if job.status == "failed":
            return JSONResponse(
                {"status": "failed", "error": {"code": "internal_error", "message": "It broke."}}
            )
        clip = {"url": self.link(request, job), "duration": job.values["seconds"], "respect_moderation": True}
        done: dict[str, Any] = {
            "status": "done",
            "progress": 100,
            "model": job.values["model"],
            "video": clip,
        }
        return JSONResponse(done | {"usage": self._usage(job)})

    def _usage(self, job: FakeJob) -> dict[str, int]:
        return {"cost_in_usd_ticks": job.values["seconds"] * TICKS[job.values["resolution"]]}
