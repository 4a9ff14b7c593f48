"""A fake of fal's queue: it takes any JSON; what the model behind it refuses is an error of the result.

Stricter than fal in one thing: a field that the model does not have is an error, where fal ignores it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.fakes import clips
from tests.fakes.base import Operation, Refusal
from tests.fakes.jobs import FakeJob, JobFake
from tests.fakes.recorder import Recorded

CANCELLED = "Request cancelled by the client."
VIOLATION = "content_policy_violation"
URL, URLS = "a url", "a list of urls"
SHORT_SIDES = {"480p": 480, "1080p": 1080, "480P": 480, "768P": 768, "2K": 1440}
RATIOS = ("21:9", "16:9", "4:3", "1:1", "3:4", "9:16")

_FRAMES = {"image_url": URL, "end_image_url": URL}
_SEEDANCE = {
    "prompt": str,
    "resolution": ("480p", "720p", "1080p", "4k"),
    "duration": ("auto", *map(str, range(4, 16))),
    "aspect_ratio": ("auto", *RATIOS),
    "generate_audio": bool,
    "seed": int,
    "bitrate_mode": ("standard", "high"),
    "end_user_id": str,
}
_NEWER = _SEEDANCE | {
    "resolution": ("480p", "720p", "1080p"),
    "duration": ("auto", *map(str, range(4, 31))),
    "codec": ("auto", "H264", "H265"),
}
_H3 = {
    "prompt": str,
    "duration": range(5, 16),
    "resolution": ("480P", "768P", "2K", "4K"),
    "seed": int,
    "enable_safety_checker": bool,
    "prompt_expansion_mode": str,
}
_VEO = {
    "prompt": str,
    "aspect_ratio": ("16:9", "9:16"),
    "duration": ("4s", "6s", "8s"),
    "resolution": ("720p", "1080p", "4k"),
    "generate_audio": bool,
    "negative_prompt": str,
    "seed": int,
}
ENDPOINTS: Mapping[str, Mapping[str, Any]] = {
    "bytedance/seedance-2.5/text-to-video": _NEWER,
    "bytedance/seedance-2.5/image-to-video": _NEWER | _FRAMES | {"aspect_ratio": ("auto",)},
    "bytedance/seedance-2.5/reference-to-video": _NEWER | {"image_urls": URLS, "task": ("reference",)},
    "bytedance/seedance-2.0/text-to-video": _SEEDANCE,
    "bytedance/seedance-2.0/image-to-video": _SEEDANCE | _FRAMES,
    "bytedance/seedance-2.0/reference-to-video": _SEEDANCE | {"image_urls": URLS},
    "bytedance/seedance-2.0/fast/text-to-video": _SEEDANCE,
    "minimax/h3/text-to-video": _H3 | {"aspect_ratio": RATIOS},
    "minimax/h3/image-to-video": _H3 | _FRAMES,
    "minimax/h3/reference-to-video": _H3 | {"aspect_ratio": RATIOS, "reference_image_urls": URLS},
    "fal-ai/veo3.1": _VEO,
    "fal-ai/veo3.1/image-to-video": _VEO | {"image_url": URL},
}
"""Each model's inputs: a type, the values it takes, or a link to a picture."""
REQUIRED = {
    name: {"prompt", "image_url"} & {*fields} if "h3" not in name else {"prompt"}
    for name, fields in ENDPOINTS.items()
}


@dataclass(eq=False)
class FalAIFake(JobFake):
    """The app, its settings and its jobs.

    `home` is where jobs are kept instead of at owner/app; `named_host` stands in the URLs of an answer
    instead of this server. A clip has the size and the duration that were asked for; only the file tells.
    """

    home: str = ""
    named_host: str = ""

    def routes_of(self) -> list[tuple[str, str, Operation]]:
        """Return submit, status, result and cancel."""
        job = "/{home:path}/requests/{id}"
        return [
            ("POST", "/{endpoint:path}", self._submit),
            ("GET", f"{job}/status", self._status),
            ("GET", job, self._result),
            ("PUT", f"{job}/cancel", self._cancel),
        ]

    def key_of(self, call: Recorded) -> str:
        """Return the key, which is no bearer token."""
        scheme, _, key = call.headers.get("authorization", "").partition(" ")
        return key if scheme == "Key" else ""

    def error(self, status: int, message: str, code: str = "", **headers: str) -> Refusal:
        """Return an error of the queue: a text, and its type beside it and in a header."""
        headers |= {"x-fal-error-type": code} if code else {}
        body = {"detail": message} | ({"error_type": code} if code else {})
        return Refusal(JSONResponse(body, status, headers=headers))

    def bad_key(self) -> Refusal:
        """Return 401."""
        return self.error(401, "invalid key credentials")

    def limited(self) -> Refusal:
        """Return 429."""
        return self.error(429, "Too many requests.", **{"retry-after": self.retry_after})

    def broken(self, status: int = 500) -> Refusal:
        """Return a fault of the queue."""
        return self.error(status, "Internal Server Error")

    def refused_at_create(self) -> Refusal:
        """Return a model's refusal; generally it comes with the result."""
        return Refusal(self._violation())

    def unknown_job(self, job_id: str) -> Refusal:
        """Return 404."""
        return self.error(404, f"Request {job_id} not found")

    def no_model(self, model: str) -> Refusal:
        """Return 404: no such app."""
        return self.error(404, f"Application '{model}' not found")

    def new_id(self) -> str:
        """Return a UUID."""
        return str(uuid.uuid4())

    def poll(self, job_id: str) -> FakeJob:
        """Return a job, moved on; for half of its time it waits for a runner."""
        job = super().poll(job_id)
        if job.live and 2 * job.polls < self.polls_to_finish:
            job.status = "queued"
        return job

    async def _submit(self, request: Request, call: Recorded) -> Response:
        endpoint = request.path_params["endpoint"]
        app = "/".join(endpoint.split("/")[:2])
        if not any(f"{name}/".startswith(f"{app}/") for name in ENDPOINTS):
            raise self.no_model(app)
        if not call.is_json or call.malformed:
            return _refusal(["body"], "JSON decode error", "json_invalid")
        where = self.home or app
        job = await self.begin(
            request, str(call.fields.get("prompt")), app, home=where, endpoint=endpoint, inputs=call.fields
        )
        return JSONResponse({"status": "IN_QUEUE", **self._urls(request, job), "queue_position": 0})

    async def _status(self, request: Request, call: Recorded) -> Response:
        job = self.poll(self._job(request).id)
        told = self._urls(request, job)
        if job.live:
            waits = job.status == "queued"
            news = {"status": "IN_QUEUE", "queue_position": 0} if waits else {"status": "IN_PROGRESS"}
            return JSONResponse({**news, "logs": None, **told}, 202)
        done = {"status": "COMPLETED", "logs": None, "metrics": {"inference_time": 1.5}, **told}
        if job.status == "cancelled":
            return JSONResponse({**done, "error": CANCELLED, "error_type": "client_cancelled"})
        if "[error]" in job:
            return JSONResponse({**done, "error": "Runner disconnected", "error_type": "runner_disconnected"})
        return JSONResponse(done)

    async def _result(self, request: Request, call: Recorded) -> Response:
        job = self._job(request)
        if job.live:
            raise self.error(400, "Request is still in progress")
        if job.status == "cancelled":
            raise self.error(499, CANCELLED, "client_cancelled")
        if "[error]" in job:
            raise self.error(503, "Runner disconnected", "runner_disconnected")
        endpoint = job.values["endpoint"]
        if endpoint not in ENDPOINTS:
            raise self.error(404, f"Path {endpoint.removeprefix(job.values['model'])} not found")
        if faults := _faults(endpoint, job.values["inputs"]):
            return _refusal(*faults[0])
        if job.refused:
            return self._violation()
        name = f"{job.id}.mp4"
        clip = {"url": self.link(request, job), "content_type": "video/mp4", "file_name": name}
        return JSONResponse({"video": clip, "seed": 42})

    async def _cancel(self, request: Request, call: Recorded) -> Response:
        job = self.jobs.get(request.path_params["id"])
        if job is None or job.values["home"] != request.path_params["home"]:
            return JSONResponse({"status": "NOT_FOUND"}, 404)
        if not job.live:
            return JSONResponse({"status": "ALREADY_COMPLETED"}, 400)
        if job.status == "queued":  # one that runs is only told
            job.status = "cancelled"
        return JSONResponse({"status": "CANCELLATION_REQUESTED"}, 202)

    def _file(self, job_id: str) -> clips.Media:
        wanted = self.jobs[job_id].values["inputs"]
        across, down = map(int, wanted.get("aspect_ratio", "16:9").split(":"))
        short = SHORT_SIDES.get(wanted.get("resolution"), 720)
        width, height = (short * max(1, side / other) for side, other in ((across, down), (down, across)))
        seconds = int(str(wanted.get("duration", "5")).removesuffix("s"))
        made = clips.small_clip(round(width / 2) * 2, round(height / 2) * 2, seconds, rate=1)
        return clips.video(job_id, self.content_size, self.clip or made)

    def _job(self, request: Request) -> FakeJob:
        """Return the job, which is under its app and not under the endpoint that made it."""
        job = self.find(request.path_params["id"])
        if request.path_params["home"] != job.values["home"]:
            raise self.error(404, f"Path /{request.path_params['home']} not found")
        return job

    def _urls(self, request: Request, job: FakeJob) -> dict[str, str]:
        host = self.named_host or str(request.base_url).rstrip("/")
        url = f"{host}/{job.values['home']}/requests/{job.id}"
        urls = {"response_url": url, "status_url": f"{url}/status", "cancel_url": f"{url}/cancel"}
        return {"request_id": job.id, **urls}

    def _violation(self) -> Response:
        message = "The content could not be processed because it was flagged by a content checker."
        return _refusal(["body", "prompt"], message, VIOLATION)


def _refusal(loc: list[str], message: str, kind: str) -> Response:
    """Return an error of a model."""
    row = {"loc": loc, "msg": message, "type": kind, "url": f"https://docs.fal.ai/errors#{kind}"}
    return JSONResponse({"detail": [row]}, 422, headers={"x-fal-retryable": "false"})


def _faults(endpoint: str, inputs: Mapping[str, Any]) -> list[tuple[list[str], str, str]]:
    """Return what a model does not take, in pydantic's words."""
    fields = ENDPOINTS[endpoint]
    found = [(["body", name], "Field required", "missing") for name in sorted(REQUIRED[endpoint] - {*inputs})]
    for name, value in inputs.items():
        if name not in fields:
            found.append((["body", name], "Extra inputs are not permitted", "extra_forbidden"))
        elif not _takes(fields[name], value):
            found.append((["body", name], f"Input should be {fields[name]}", "literal_error"))
    return found


def _takes(kind: Any, value: Any) -> bool:
    if kind == URLS:
        return isinstance(value, list) and all(_takes(URL, each) for each in value)
    if kind == URL:
        return isinstance(value, str) and value.startswith(("https://", "data:image/"))
    if isinstance(kind, type):
        return type(value) is kind
    return type(value) is type(kind[0]) and value in kind
