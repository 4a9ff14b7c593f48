"""A fake of a soravid proxy: the OpenAI dialect, with keys, budgets, costs, replays and a list of models."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.fakes.base import Operation, Refusal
from tests.fakes.hosted_vllm import uploads
from tests.fakes.jobs import FakeJob, JobFake
from tests.fakes.recorder import Recorded

MODEL = "gemini/gemini-omni-1.2-flash"
FACTS: dict[str, Any] = {
    "title": "Gemini Omni 1.2 Flash, shared",
    "abilities": [
        *("text", "image", "last_frame", "references", "seed", "negative_prompt", "audio", "audio_off"),
        *("remix", "edit", "extend", "cancel"),
    ],
    "references": 6,
    "seconds": ["4", "8"],
    "sizes": ["1280x720", "720x1280"],
    "default_seconds": "4",
    "default_size": "1280x720",
    "prices": {"720p": "0.10"},
    "upstream_state": "healthy",  # what this soravid does not know is no reason to refuse the rest
}
BUDGET = "The key 'lab-7' has spent $4.80 of its budget of $5.00; this clip is held at $0.40."
FIELDS = {
    "prompt",
    "model",
    "seconds",
    "size",
    "seed",
    "negative_prompt",
    "audio",
    "user",
    "video",
    "metadata",
}
FILES = {"input_reference", "last_frame", "references", "video"}


@dataclass(eq=False)
class SoravidFake(JobFake):
    """The app, its settings and its jobs; `/v1` is the base."""

    over_budget: int = 0  # the status of every create: 402 or 429
    key_info: dict[str, Any] | None = None  # what is said of the key; None: this proxy does not say
    replays: list[Recorded] = field(default_factory=list, repr=False)
    """Creates that came again with a key that was known: they are no creates, and not in `requests`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._keys: set[str] = set()

    def routes_of(self) -> list[tuple[str, str, Operation]]:
        """Return the Videos API and the list of models."""
        return [
            ("POST", "/v1/videos", self._create),
            ("POST", "/v1/videos/edits", self._create),
            ("POST", "/v1/videos/extensions", self._create),
            ("POST", "/v1/videos/{id}/remix", self._create),
            ("GET", "/v1/videos", self._list),
            ("GET", "/v1/videos/{id}", self._retrieve),
            ("DELETE", "/v1/videos/{id}", self._delete),
            ("GET", "/v1/videos/{id}/content", self._content),
            ("GET", "/v1/models", self._models),
            ("GET", "/key/info", self._key_info),
        ]

    def error(self, status: int, message: str, code: str = "", **headers: str) -> Refusal:
        """Return OpenAI's envelope."""
        kind = "invalid_request_error" if status < 500 else "server_error"
        error = {"message": message, "type": kind, "param": None, "code": code or None}
        return Refusal(JSONResponse({"error": error}, status, headers=headers))

    def refused_at_create(self) -> Refusal:
        """Return the answer to a prompt that a guardrail of the proxy, or the provider, refuses."""
        return self.error(400, "The prompt was refused.", "moderation_blocked")

    def unknown_job(self, job_id: str) -> Refusal:
        """Return the answer to an id that is not this key's."""
        return self.error(404, f"Video with id '{job_id}' not found.", "not_found")

    def new_id(self) -> str:
        """Return an id of the proxy's own."""
        return f"video_{secrets.token_hex(16)}"

    def as_object(self, job: FakeJob) -> dict[str, Any]:
        """Return the video object, with what it cost once it has ended and what it may cost before."""
        done = job.status == "completed"
        cost = Decimal("0.10") * int(job.values["seconds"]) if done or job.live else Decimal(0)
        error = None
        if job.status == "failed":
            refused = {
                "code": "moderation_blocked",
                "provider_code": "SAFETY.OUTPUT",
                "message": "The clip was refused.",
            }
            error = refused if job.refused else {"code": "internal", "message": "It broke."}
        return {
            "id": job.id,
            "object": "video",
            "model": job.values["model"],
            "status": job.status,
            "progress": round(100 * job.progress),
            "created_at": int(job.created_at),
            "completed_at": int(job.created_at) + 60 if done else None,
            "expires_at": None,
            "prompt": job.prompt,
            "size": job.values["size"],
            "seconds": job.values["seconds"],
            "remixed_from_video_id": job.values["source"],
            "error": error,
            "cost": str(cost),
        }

    async def _create(self, request: Request, call: Recorded) -> Response:
        key = call.headers.get("idempotency-key", "")
        if key in self._keys:
            self.requests.remove(call)
            self.replays.append(call)
            for job in self.jobs.values():
                if job.values["key"] == key:
                    return JSONResponse(self.as_object(job))
        self._keys |= {key} - {""}
        fields = call.fields
        for name in (*call.fields, *call.files):
            if name not in FIELDS | FILES:
                raise self.error(400, f"Unknown parameter: '{name}'.", "unknown_parameter")
        if not fields.get("prompt"):
            raise self.error(400, "Missing required parameter: 'prompt'.", "missing_required_parameter")
        if self.over_budget:
            raise self.error(self.over_budget, BUDGET, "budget_exceeded", **{"retry-after": "3600"})
        source = request.path_params.get("id") or (fields.get("video") or {}).get("id")
        before = self.find(source).values if source else {"model": fields.get("model", MODEL)}
        if before["model"] != MODEL:
            raise self.no_model(before["model"])
        job = await self.begin(
            request,
            fields["prompt"],
            model=before["model"],
            seconds=str(fields.get("seconds") or before.get("seconds", "4")),
            size=fields.get("size") or before.get("size", "1280x720"),
            source=source,
            key=key,
            references=await uploads(request, "references"),
        )
        return JSONResponse(self.as_object(job))

    async def _list(self, request: Request, call: Recorded) -> Response:
        jobs = list(self.jobs.values())[:: 1 if call.query.get("order") == "asc" else -1]
        rows = [self.as_object(job) for job in jobs[: int(call.query.get("limit", "20"))]]
        return JSONResponse({"object": "list", "data": rows, "has_more": len(rows) < len(jobs)})

    async def _retrieve(self, request: Request, call: Recorded) -> Response:
        job = self.poll(request.path_params["id"])
        return JSONResponse(self.as_object(job), headers={"openai-poll-after-ms": "10"})

    async def _delete(self, request: Request, call: Recorded) -> Response:
        job = self.jobs.pop(self.find(request.path_params["id"]).id)
        return JSONResponse({"id": job.id, "object": "video.deleted", "deleted": True})

    async def _content(self, request: Request, call: Recorded) -> Response:
        job = self.find(request.path_params["id"])
        if job.status != "completed":
            raise self.error(409, "The video is not ready yet.", "content_not_ready")
        if "[gone]" in job:
            raise self.error(404, "The clip has been removed.", "not_found")
        return self.send_clip(request, job)

    async def _models(self, request: Request, call: Recorded) -> Response:
        row = {"object": "model", "created": 0, "owned_by": "soravid"}
        rows = [{"id": MODEL, **row, "soravid": FACTS}, {"id": "gpt-of-the-proxy", **row}]
        return JSONResponse({"object": "list", "data": rows})

    async def _key_info(self, request: Request, call: Recorded) -> Response:
        if self.key_info is None:
            raise self.error(404, "Not Found")
        return JSONResponse({"key": "sk-...1234", "info": self.key_info})
