"""A fake of Ark's video tasks (Seedance): typed content, numbered pages, and a DELETE that means two things.

It is stricter than Ark in one way: a field that the official SDK does not know is an error here.
"""

from __future__ import annotations

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

TASKS = "/api/v3/contents/generations/tasks"
FIELDS: dict[str, type | tuple[type, ...]] = {
    "model": str,
    "content": list,
    "safety_identifier": str,
    "callback_url": str,
    "return_last_frame": bool,
    "service_tier": str,
    "execution_expires_after": int,
    "priority": int,
    "generate_audio": bool,
    "draft": bool,
    "camera_fixed": bool,
    "watermark": bool,
    "seed": int,
    "resolution": str,
    "ratio": str,
    "duration": int,
    "frames": int,
    "tools": list,
    "output_format": str,
    "omni_reference_task_type": str,
}
RATIOS = {"16:9", "9:16", "4:3", "3:4", "1:1", "21:9", "adaptive"}
RESOLUTIONS = {"2-5": {"480p", "720p", "1080p"}, "2-0-2": {"480p", "720p", "1080p", "4k"}}
PICTURE = re.compile(r"(data:image/[a-z]+;base64,[A-Za-z0-9+/]+=*|https?://.+|asset://.+)")
STATUSES = {"in_progress": "running", "completed": "succeeded"}
REFUSED = "OutputVideoSensitiveContentDetected.PolicyViolation"


@dataclass(eq=False)
class VolcengineFake(JobFake):
    """The app, its settings and its jobs; `/api/v3` is the base. A job leaves the queue half way."""

    expires: bool = False  # a job that is asked for has not been done in its time

    def routes_of(self) -> list[tuple[str, str, Operation]]:
        """Return the four operations."""
        return [
            ("POST", TASKS, self._create),
            ("GET", TASKS, self._list),
            ("GET", f"{TASKS}/{{id}}", self._retrieve),
            ("DELETE", f"{TASKS}/{{id}}", self._delete),
        ]

    def error(self, status: int, message: str, code: str = "InvalidParameter", **headers: str) -> Refusal:
        """Return Ark's envelope."""
        kinds = {
            401: "Unauthorized",
            403: "Forbidden",
            404: "NotFound",
            409: "Conflict",
            429: "TooManyRequests",
        }
        kind = kinds.get(status, "BadRequest" if status < 500 else "InternalServerError")
        told = f"{message} Request id: 0217{secrets.token_hex(24)}"
        error = {"code": code, "message": told, "param": "", "type": kind}
        return Refusal(JSONResponse({"error": error}, status, headers=headers))

    def refused_at_create(self) -> Refusal:
        """Return the answer to a prompt that is not accepted."""
        message = "The request failed because the input text may contain sensitive information."
        return self.error(400, message, "InputTextSensitiveContentDetected")

    def bad_key(self) -> Refusal:
        """Return the answer to a wrong or missing key."""
        return self.error(401, "The API key in the request is missing or invalid.", "AuthenticationError")

    def limited(self) -> Refusal:
        """Return the answer to one request too many."""
        message = "The Requests Per Minute (RPM) limit of the model for your account has been exceeded."
        code = "ModelAccountRpmRateLimitExceeded"
        return self.error(429, message, code, **{"retry-after": self.retry_after})

    def broken(self, status: int = 500) -> Refusal:
        """Return a server's fault."""
        message = "The service encountered an unexpected internal error."
        return self.error(status, message, "InternalServiceError")

    def unknown_job(self, job_id: str) -> Refusal:
        """Return the answer to an id that nobody has."""
        return self.error(404, "The specified resource is not found.", "ResourceNotFound")

    def no_model(self, model: str) -> Refusal:
        """Return the answer to a model that is gone."""
        message = f"The model or endpoint {model} does not exist or you do not have access to it."
        return self.error(404, message, "InvalidEndpointOrModel.NotFound")

    def new_id(self) -> str:
        """Return an id as Ark forms it."""
        return f"cgt-{time.strftime('%Y%m%d%H%M%S')}-{secrets.token_hex(3)[:5]}"

    def poll(self, job_id: str) -> FakeJob:
        """Return a job, moved on by one poll: it waits for the first half of them."""
        job = super().poll(job_id)
        if job.status == "in_progress" and 2 * job.polls < self.polls_to_finish:
            job.status = "queued"
        return job

    # --- operations ---

    async def _create(self, request: Request, call: Recorded) -> Response:
        body = {name: value for name, value in call.fields.items() if value is not None}  # the SDK sends null
        if not call.is_json or call.malformed:
            raise self.error(400, "The request body is not valid JSON.")
        for name in ("model", "content"):
            if not body.get(name):
                message = f"The request failed because it is missing the `{name}` parameter."
                raise self.error(400, message, "MissingParameter")
        for name, value in body.items():
            kind = FIELDS.get(name)
            if kind is None or not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
                raise self._invalid(name)
        prompt, roles = self._content(body["content"])
        self._check(body, roles)
        job = await self.begin(
            request,
            prompt,
            model=body["model"],
            resolution=body.get("resolution", "720p"),
            ratio=body.get("ratio", "adaptive"),
            duration=body.get("duration", -1),
            seed=body.get("seed", 4711),
            generate_audio=body.get("generate_audio", True),
            user=body.get("safety_identifier"),
        )
        return JSONResponse({"id": job.id})

    async def _retrieve(self, request: Request, call: Recorded) -> Response:
        return JSONResponse(self._told(request, self.poll(request.path_params["id"])))

    async def _list(self, request: Request, call: Recorded) -> Response:
        number, size = int(call.query.get("page_num", "1")), int(call.query.get("page_size", "20"))
        if not (1 <= number <= 500 and 1 <= size <= 500):
            raise self._invalid("page_size")
        ids = request.query_params.getlist("filter.task_ids")
        rows = [job for job in reversed(self.jobs.values()) if not ids or job.id in ids]
        for field in ("status", "model"):
            wanted = call.query.get(f"filter.{field}")
            rows = [job for job in rows if wanted in {None, self._told(request, job)[field]}]
        page = rows[(number - 1) * size : number * size]
        return JSONResponse({"items": [self._told(request, job) for job in page], "total": len(rows)})

    async def _delete(self, request: Request, call: Recorded) -> Response:
        job = self.find(request.path_params["id"])
        if job.status == "in_progress":
            message = f"Cannot delete task `{job.id}` because it is currently running."
            raise self.error(409, message, "InvalidAction.RunningTaskDeletion")
        if job.status == "cancelled":
            message = f"Cannot delete task `{job.id}` because it is cancelled."
            raise self.error(409, message, "InvalidAction")
        if job.live:
            job.status = "cancelled"
        else:
            del self.jobs[job.id]
        return JSONResponse({})

    # --- pieces ---

    def _invalid(self, name: str, why: str = "", code: str = "InvalidParameter") -> Refusal:
        message = f"The parameter `{name}` specified in the request is not valid"
        return self.error(400, f"{message}: {why}" if why else f"{message}.", code)

    def _content(self, content: list[Any]) -> tuple[str, list[str]]:
        """Return the prompt and the roles of the pictures."""
        prompt, roles = "", []
        for number, item in enumerate(content):
            kind = item.get("type") if isinstance(item, dict) else None
            if kind == "text" and item.keys() == {"type", "text"} and isinstance(item["text"], str):
                prompt += item["text"]
                continue
            if kind != "image_url" or item.keys() - {"role"} != {"type", "image_url"}:
                raise self._invalid(f"content[{number}]")
            url = item["image_url"].get("url") if isinstance(item["image_url"], dict) else None
            if not isinstance(url, str) or not PICTURE.fullmatch(url):
                raise self._invalid("content.image_url")
            roles.append(item.get("role", ""))
        pictures = set(roles)
        if not pictures <= {"", "first_frame", "last_frame", "reference_image"}:
            raise self._invalid("content", "invalid role specified for image content.")
        if "" in pictures and len(roles) > 1:
            raise self._invalid("content", "role must be specified for image contents.")
        if "reference_image" in pictures and len(pictures) > 1:
            why = "first/last frame content cannot be mixed with reference media content."
            raise self._invalid("content", why)
        for role in pictures - {"reference_image"}:
            if roles.count(role) > 1:
                raise self._invalid("content", f"expected at most one {role} image content.")
        return prompt, roles

    def _check(self, body: dict[str, Any], roles: list[str]) -> None:
        model = body["model"]
        known = next((names for part, names in RESOLUTIONS.items() if part in model), {"480p", "720p"})
        if body.get("resolution", "720p") not in known:
            raise self._invalid("resolution")
        if body.get("ratio", "adaptive") not in RATIOS:
            raise self._invalid("ratio")
        framed = bool(set(roles) - {"reference_image"})
        if framed and body.get("ratio", "adaptive") != "adaptive":
            why = "For first-frame generation, the output ratio follows the first-frame image."
            raise self._invalid("ratio", why, "InvalidParameter.TaskTypeConstraint")
        if not (body.get("duration", -1) == -1 or 4 <= body["duration"] <= (30 if "2-5" in model else 15)):
            raise self._invalid("duration")
        if not -1 <= body.get("seed", -1) < 2**32:
            raise self._invalid("seed")

    def _told(self, request: Request, job: FakeJob) -> dict[str, Any]:
        values = job.values
        task = {
            "id": job.id,
            "model": values["model"],
            "status": "expired" if self.expires else STATUSES.get(job.status, job.status),
            "created_at": int(job.created_at),
            "updated_at": int(job.created_at) + job.polls,
            "service_tier": "default",
            "execution_expires_after": 172800,
        }
        if values["user"]:
            task["safety_identifier"] = values["user"]
        if job.status == "failed":
            message = "The request failed because the output video may be related to copyright restrictions."
            broken = {"code": "InternalServiceError", "message": "The service encountered an internal error."}
            task["error"] = {"code": REFUSED, "message": message} if job.refused else broken
        if job.status == "completed":
            seconds = 5 if values["duration"] == -1 else values["duration"]
            tokens = 21600 * seconds + 900
            task |= {name: values[name] for name in ("seed", "resolution", "generate_audio")}
            task |= {
                "content": {"video_url": self.link(request, job)},
                "usage": {"completion_tokens": tokens, "total_tokens": tokens},
                "ratio": "16:9" if values["ratio"] == "adaptive" else values["ratio"],
                "duration": seconds,
                "framespersecond": 24,
                "draft": False,
            }
        return task
