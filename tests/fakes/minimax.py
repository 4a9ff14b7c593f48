"""A fake of MiniMax's video API, version 2: what is required, sizes in upper case, codes inside messages."""

from __future__ import annotations

import random
import secrets
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.fakes.base import Operation, Refusal
from tests.fakes.jobs import FakeJob, JobFake
from tests.fakes.recorder import Recorded
from tests.fakes.volcengine import PICTURE, STATUSES

MAKE, ASK = "/v2/video_generation", "/v2/query/video_generation"
FIELDS = {"model", "content", "resolution", "duration", "ratio", "extra", "callback_url", "aigc_watermark"}
RATIOS = {"21:9", "16:9", "4:3", "1:1", "3:4", "9:16"}
MODELS = {"MiniMax-H3": ({"768P", "2K"}, 4), "MiniMax-H3-Max": ({"480P", "768P"}, 5)}
"""Each model's classes and shortest clip."""
INPUT_REFUSED, OUTPUT_REFUSED = "1026", "1027"


@dataclass(eq=False)
class MiniMaxFake(JobFake):
    """The app, its settings and its jobs. A job leaves the queue half way."""

    def routes_of(self) -> list[tuple[str, str, Operation]]:
        """Return the four operations."""
        return [
            ("POST", MAKE, self._create),
            ("GET", ASK, self._list),
            ("GET", f"{ASK}/{{id}}", self._retrieve),
            ("DELETE", f"{MAKE}/{{id}}", self._delete),
        ]

    def error(self, status: int, message: str, code: str = "2013", **headers: str) -> Refusal:
        """Return MiniMax's envelope: the code stands at the end of the message."""
        kinds = {
            400: "bad_request_error",
            401: "authorized_error",
            402: "insufficient_balance_error",
            422: "unprocessable_entity_error",
            429: "rate_limit_error",
        }
        error = {
            "type": kinds.get(status, "server_error"),
            "message": f"{message} ({code})",
            "http_code": str(status),
        }
        body = {"type": "error", "error": error, "request_id": secrets.token_hex(16)}
        return Refusal(JSONResponse(body, status, headers=headers))

    def refused_at_create(self) -> Refusal:
        """Return the answer to a prompt that is not accepted."""
        return self.error(422, "video description contains sensitive content", INPUT_REFUSED)

    def bad_key(self) -> Refusal:
        """Return the answer to a wrong or missing key."""
        why = "login fail: Please carry the API secret key in the 'Authorization' field of the request header"
        return self.error(401, why, "1004")

    def limited(self) -> Refusal:
        """Return the answer to one request too many."""
        return self.error(429, "rate limit, please retry later", "1002", **{"retry-after": self.retry_after})

    def broken(self, status: int = 500) -> Refusal:
        """Return a server's fault."""
        return self.error(status, "internal error", "1000")

    def unknown_job(self, job_id: str) -> Refusal:
        """Return the answer to an id that nobody has, or had more than seven days ago."""
        return self.error(400, "invalid params, invalid task_id")

    def no_model(self, model: str) -> Refusal:
        """Return the answer to a model that is gone."""
        return self.error(400, f"invalid params, unsupported model {model}")

    def new_id(self) -> str:
        """Return an id as MiniMax forms it."""
        return str(random.randrange(10**14, 10**15))

    def poll(self, job_id: str) -> FakeJob:
        """Return a job, moved on by one poll: it waits for the first half of them."""
        job = super().poll(job_id)
        if job.status == "in_progress" and 2 * job.polls < self.polls_to_finish:
            job.status = "queued"
        return job

    # --- operations ---

    async def _create(self, request: Request, call: Recorded) -> Response:
        body = call.fields
        if not call.is_json or call.malformed or body.keys() - FIELDS:
            raise self._invalid(", ".join(sorted(body.keys() - FIELDS)) or "body")
        if body.get("model") not in MODELS:
            raise self.no_model(body.get("model", ""))
        prompt, roles = self._content(body.get("content"))
        resolutions, shortest = MODELS[body["model"]]
        if body.get("resolution") not in resolutions:
            raise self._invalid("resolution")
        seconds = body.get("duration")
        if type(seconds) is not int or not shortest <= seconds <= 15:
            raise self._invalid("duration")
        if body.get("ratio", "adaptive") not in RATIOS | ({"adaptive"} if roles else set()):
            raise self._invalid("ratio")
        if "extra" in body and body["model"] != "MiniMax-H3-Max":
            raise self._invalid("extra")
        framed = {"first_frame", "last_frame"} & set(roles)
        job = await self.begin(
            request,
            prompt,
            model=body["model"],
            resolution=body["resolution"],
            duration=seconds,
            ratio="9:16"
            if framed
            else body.get("ratio", "16:9"),  # every frame that is sent is taken as tall
            pictures=len(roles),
        )
        return JSONResponse({"task_id": job.id})

    async def _retrieve(self, request: Request, call: Recorded) -> Response:
        return JSONResponse({"task": self._told(request, self.poll(request.path_params["id"]))})

    async def _list(self, request: Request, call: Recorded) -> Response:
        number, size = int(call.query.get("page_num", "1")), int(call.query.get("page_size", "20"))
        rows = [self._told(request, job) for job in reversed(self.jobs.values())]
        return JSONResponse({"items": rows[(number - 1) * size : number * size], "total": len(rows)})

    async def _delete(self, request: Request, call: Recorded) -> Response:
        job = self.find(request.path_params["id"])
        if job.status in {"in_progress", "cancelled"}:
            raise self.error(400, f"invalid params, task is {STATUSES.get(job.status, job.status)}")
        action = "cancelled" if job.live else "deleted"
        if job.live:
            job.status = "cancelled"
        else:
            del self.jobs[job.id]
        return JSONResponse({"task_id": job.id, "action": action, "status": action})

    # --- pieces ---

    def _invalid(self, what: str) -> Refusal:
        return self.error(400, f"invalid params, {what}")

    def _content(self, content: Any) -> tuple[str, list[str]]:
        """Return the prompt and the roles of the pictures."""
        if not isinstance(content, list):
            raise self._invalid("content")
        texts = [item["text"] for item in content if item.get("type") == "text"]
        if len(texts) != 1 or not texts[0]:
            raise self._invalid("content must include a non-empty text item (prompt is required)")
        roles = []
        for item in content:
            if item.get("type") == "text":
                continue
            if item.keys() != {"type", "image_url", "role"} or item["type"] != "image_url":
                raise self._invalid("content")
            if not PICTURE.fullmatch(item["image_url"].get("url", "")):
                raise self._invalid("image_url")
            roles.append(item["role"])
        kinds = set(roles)
        limits = {"first_frame": 1, "last_frame": 1, "reference_image": 9}
        if not kinds <= limits.keys() or ("reference_image" in kinds and len(kinds) > 1):
            raise self._invalid("role")
        if any(roles.count(role) > limits[role] for role in kinds):
            raise self._invalid("role")
        return texts[0], roles

    def _told(self, request: Request, job: FakeJob) -> dict[str, Any]:
        values = job.values
        task: dict[str, Any] = {
            "id": job.id,
            "model": values["model"],
            "status": STATUSES.get(job.status, job.status),
            "created_at": int(job.created_at),
            "updated_at": int(job.created_at) + job.polls,
            "resolution": values["resolution"],
            "duration": values["duration"],
            "ratio": values["ratio"],
            "usage": {},
            "task_type": "generation",
            "modality": "video",
        }
        if job.status == "failed":
            broken = {"code": "1000", "message": "internal error"}
            refused = {"code": OUTPUT_REFUSED, "message": "generated video contains sensitive content"}
            task["error"] = refused if job.refused else broken
        if job.status == "completed":
            task["content"] = {"url": self.link(request, job)}
            task["usage"] = {
                "total_seconds": values["duration"],
                "input_seconds": 0,
                "output_seconds": values["duration"],
                "input_image_count": values["pictures"],
                "total_tokens": 260390,
                "prompt_tokens": 0,
                "completion_tokens": 260390,
            }
        return task
