"""A fake of Runway's task API.

The refusal of a prompt is no error of the create here: the task is made, and has failed when it is asked for.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.fakes.base import Operation, Refusal
from tests.fakes.jobs import MEDIA, FakeJob, JobFake
from tests.fakes.recorder import Recorded
from tests.fakes.runwayml_bodies import PARAMS, Issue, credits_of, issue, issues_of

DOCS = "https://docs.dev.runwayml.com/api"
WORDS = {"queued": "PENDING", "in_progress": "RUNNING", "completed": "SUCCEEDED", "failed": "FAILED"}


@dataclass(eq=False)
class RunwayMLFake(JobFake):
    """The app, its settings and its jobs."""

    versions: tuple[str, ...] = ("2024-11-06",)
    concurrent: int = 100  # how many tasks may run; one more is THROTTLED
    poor: bool = False  # whether the account is empty

    def routes_of(self) -> list[tuple[str, str, Operation]]:
        """Return the three ways to make a clip, the task, and its end."""
        return [
            *(("POST", f"/v1/{path}", self._create) for path in PARAMS),
            ("GET", "/v1/tasks/{id}", self._retrieve),
            ("DELETE", "/v1/tasks/{id}", self._delete),
        ]

    def admit(self, call: Recorded) -> None:
        """Check the key and the version."""
        super().admit(call)
        if not call.path.startswith(MEDIA) and call.headers.get("x-runway-version") not in self.versions:
            raise self.error(400, "The X-Runway-Version header is missing or not valid.")

    async def unknown(self, request: Request, call: Recorded) -> Response:
        """Answer a path that does not exist."""
        return JSONResponse({"error": "Not found"}, 404)

    def error(self, status: int, message: str, code: str = "", **headers: str) -> Refusal:
        """Return Runway's envelope: a text under `error`, and no code."""
        return Refusal(JSONResponse({"error": message, "docUrl": DOCS}, status, headers=headers))

    def refused_at_create(self) -> Refusal:
        """Make a task that has already failed, and answer as for any other."""
        job = FakeJob(self.new_id(), "", {"credits": 0, "code": "SAFETY.INPUT.TEXT"}, time.time())
        job.status, job.refused, self.jobs[job.id] = "failed", True, job
        return Refusal(self._created(job))

    def bad_key(self) -> Refusal:
        """Return the answer to a wrong or missing key."""
        return self.error(401, "The provided API key is not valid.")

    def limited(self) -> Refusal:
        """Return the answer to one generation too many."""
        return self.error(429, "Your daily task limit has been reached.", **{"retry-after": self.retry_after})

    def unknown_job(self, job_id: str) -> Refusal:
        """Return the answer to an id that nobody has, or no longer."""
        return self.error(404, "Could not find Task")

    def no_model(self, model: str) -> Refusal:
        """Return the answer to a model that is gone: no branch of the body's type has its name."""
        return self._invalid(issues_of("text_to_video", {"model": "gone"}))

    def new_id(self) -> str:
        """Return a UUID."""
        return str(uuid.uuid4())

    def poll(self, job_id: str) -> FakeJob:
        """Return a task, moved on by one poll unless others fill the account's places."""
        return self.find(job_id) if self._throttled(self.find(job_id)) else super().poll(job_id)

    def _throttled(self, job: FakeJob) -> bool:
        live = [other for other in self.jobs.values() if other.live]
        return job.live and live.index(job) >= self.concurrent

    async def _create(self, request: Request, call: Recorded) -> Response:
        path, body = call.path.rpartition("/")[2], call.fields
        if issues := issues_of(path, body) or list(self._dead_links(request, body)):
            raise self._invalid(issues)
        if self.poor:
            raise self.error(400, "You do not have enough credits to run this task.")
        source = self._source(body)
        source_seconds = source.values["seconds"] if source else 5
        job = await self.begin(
            request,
            body.get("promptText", ""),
            model=body["model"],
            seconds=body["duration"] if isinstance(body.get("duration"), int) else source_seconds,
            credits=credits_of(path, body, source_seconds),
        )
        return self._created(job)

    async def _retrieve(self, request: Request, call: Recorded) -> Response:
        job = self.poll(request.path_params["id"])
        task: dict[str, Any] = {
            "id": job.id,
            "status": "THROTTLED" if self._throttled(job) else WORDS[job.status],
            "createdAt": f"{datetime.fromtimestamp(job.created_at, UTC):%Y-%m-%dT%H:%M:%S.000Z}",
        }
        if job.live:
            task["estimatedCost"] = {"credits": job.values["credits"]}
        else:
            # What is moderated is charged as any other, what Runway's own faults spoil is not.
            charged = job.values["credits"] if job.refused or job.status == "completed" else 0
            task["cost"] = {"credits": charged}
        if job.status == "in_progress":
            task["progress"] = job.progress
        if job.status == "completed":
            task["output"] = [self.link(request, job)]
        if job.status == "failed":
            task["failure"] = "The request was refused by content moderation." if job.refused else "It broke."
            code = "SAFETY.OUTPUT.VIDEO" if job.refused else "INTERNAL.BAD_OUTPUT.CODE01"
            task["failureCode"] = job.values.get("code", code)
        return JSONResponse(task)

    async def _delete(self, request: Request, call: Recorded) -> Response:
        del self.jobs[self.find(request.path_params["id"]).id]
        return Response(status_code=204)

    def _created(self, job: FakeJob) -> Response:
        return JSONResponse({"id": job.id, "estimatedCost": {"credits": job.values["credits"]}})

    def _invalid(self, issues: list[Issue]) -> Refusal:
        body = {"error": "Validation of body failed", "issues": issues, "docUrl": DOCS}
        return Refusal(JSONResponse(body, 400))

    def _source(self, body: dict[str, Any]) -> FakeJob | None:
        uri = body.get("promptVideo") or body.get("videoUri") or ""
        return self.jobs.get(uri.rpartition("/")[2].partition(".mp4")[0])

    def _dead_links(self, request: Request, body: dict[str, Any]) -> Iterable[Issue]:
        """Yield an issue for a source that is neither on this server nor where Runway takes one from."""
        for name in ("promptVideo", "videoUri"):
            uri = body.get(name, "https://")
            if uri.startswith(f"{str(request.base_url).rstrip('/')}{MEDIA}"):
                job = self._source(body)
                alive = job is not None and job.links >= int(uri.rpartition("signature=")[2]) > job.dead_links
            else:
                alive = uri.startswith(("https://", "runway://", "data:video/"))
            if not alive:
                yield issue("Failed to fetch asset", name)
