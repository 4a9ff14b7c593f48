"""A fake of OpenRouter's video API: 202 and a job to ask for, its own list of models, content behind the key.

As the real one it ignores fields that it does not know, and `input_references` beside `frame_images`; it does
not say how long the content is, and ignores ranges.
"""

from __future__ import annotations

import json
import secrets
import string
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.fakes.base import Operation, Refusal
from tests.fakes.jobs import FakeJob, JobFake
from tests.fakes.recorder import Recorded

STATUS = {"queued": "pending"}
FAILED = {True: "Content policy violation", False: "The provider failed to make the video"}
KINDS = {
    "model": str,
    "prompt": str,
    "duration": int,
    "resolution": str,
    "aspect_ratio": str,
    "size": str,
    "seed": int,
    "generate_audio": bool,
    "frame_images": list,
    "input_references": list,
    "previous_job_id": str,
    "provider": dict,
    "user": str,
}
CONTINUES = {"black-forest-labs/flux-3-video"}
"""The models that take a `previous_job_id`."""


def listed(model: str, seconds: list[int] | None, **more: Any) -> dict[str, Any]:
    """A model as `/videos/models` lists it."""
    row: dict[str, Any] = {
        "id": model,
        "canonical_slug": f"{model}-20260320",
        "hugging_face_id": None,
        "name": model.replace("/", ": ").title(),
        "created": 1774277148,
        "description": "A model.",
        "supported_resolutions": ["720p"],
        "supported_aspect_ratios": ["16:9", "9:16"],
        "supported_sizes": None,
        "supported_durations": seconds,
        "supported_frame_images": ["first_frame", "last_frame"],
        "upscale_factor": None,
        "creativity": None,
        "generate_audio": False,
        "seed": False,
        "pricing_skus": {},
        "allowed_passthrough_parameters": [],
    }
    return row | more


MODELS = [
    listed(
        "google/veo-3.1",
        [4, 6, 8],
        supported_resolutions=["720p", "1080p", "4K"],
        supported_sizes=["1280x720", "1080x1920", "1920x1080", "720x1280", "3840x2160", "2160x3840"],
        generate_audio=True,
        seed=True,
        pricing_skus={
            "duration_seconds_with_audio": "0.40",
            "duration_seconds_with_audio_4k": "0.60",
            "duration_seconds_without_audio": "0.20",
            "duration_seconds_without_audio_4k": "0.40",
        },
        allowed_passthrough_parameters=["personGeneration", "negativePrompt"],
    ),
    listed(
        "black-forest-labs/flux-3-video",
        list(range(5, 21)),
        supported_resolutions=["720p", "1080p"],
        supported_aspect_ratios=["21:9", "16:9", "4:3", "1:1", "3:4", "9:16"],
        generate_audio=True,
        pricing_skus={
            "cents_per_second_output": "17",
            "cents_per_second_output_720p": "17",
            "cents_per_second_output_1080p": "29",
            "cents_per_second_video_continuation_720p": "41",
            "cents_per_second_video_continuation_1080p": "53",
        },
    ),
    listed(
        "black-forest-labs/flux-video-upscale",
        None,
        supported_resolutions=None,
        supported_aspect_ratios=None,
        supported_frame_images=None,
        upscale_factor={"min": 1.5, "max": 3},
        creativity=[0, 1],
        pricing_skus={"cents_per_megapixel_second_precise": "7.5"},
    ),
]
CHARGED = {"google/veo-3.1": (0.40, 0.20), "black-forest-labs/flux-3-video": (0.17, 0.17)}
"""USD for a second at 720p: with sound, without."""


@dataclass(eq=False)
class OpenRouterFake(JobFake):
    """The app, its settings and its jobs; `/api/v1` is the base."""

    ranges: bool = False
    listing: list[Any] = field(default_factory=lambda: list(MODELS))
    fee: float = 0.0  # USD on top of each clip
    byok: bool = False

    def routes_of(self) -> list[tuple[str, str, Operation]]:
        """Return the list of models, and how a clip is made, asked for and fetched."""
        return [
            ("GET", "/api/v1/videos/models", self._models),
            ("POST", "/api/v1/videos", self._create),
            ("GET", "/api/v1/videos/{id}", self._retrieve),
            ("GET", "/api/v1/videos/{id}/content", self._content),
        ]

    def admit(self, call: Recorded) -> None:
        """Check the key, but for the list of models, which anybody may read."""
        if not call.path.endswith("/videos/models"):
            super().admit(call)

    def error(self, status: int, message: str, code: str = "", **headers: str) -> Refusal:
        """Return OpenRouter's envelope: the status is the code, a name stands in the metadata."""
        error: dict[str, Any] = {"message": message, "code": status}
        if code:
            error["metadata"] = {"error_type": code}
        return Refusal(JSONResponse({"error": error}, status, headers=headers))

    def refused_at_create(self) -> Refusal:
        """Return the answer to a prompt that moderation flagged."""
        metadata = {
            "reasons": ["violence"],
            "flagged_input": "[refuse]",
            "provider_name": "Google",
            "model_slug": "google/veo-3.1",
        }
        error = {"code": 403, "message": "Your input was flagged by moderation.", "metadata": metadata}
        return Refusal(JSONResponse({"error": error}, 403))

    def bad_key(self) -> Refusal:
        """Return the answer to a key that nobody has."""
        return self.error(401, "User not found.")

    def limited(self) -> Refusal:
        """Return the answer to one request too many."""
        return self.error(
            429, "Rate limit exceeded", "rate_limit_exceeded", **{"retry-after": self.retry_after}
        )

    def broken(self, status: int = 500) -> Refusal:
        """Return a server's fault."""
        return self.error(status, "Internal Server Error", "server")

    def unknown_job(self, job_id: str) -> Refusal:
        """Return the answer to an id that nobody has."""
        return self.error(404, f"Job {job_id} not found")

    def no_model(self, model: str) -> Refusal:
        """Return the answer to a model that is not there."""
        return self.error(400, f"{model} is not a valid model ID")

    def new_id(self) -> str:
        """Return an id such as `gen-vid-1790983457-BXyYqhSkuztnVdDoZpef`."""
        letters = string.ascii_letters + string.digits
        return f"gen-vid-{int(time.time())}-{''.join(secrets.choice(letters) for _ in range(20))}"

    async def _models(self, request: Request, call: Recorded) -> Response:
        return JSONResponse({"data": self.listing})

    async def _create(self, request: Request, call: Recorded) -> Response:
        body = call.fields
        issues = list(_issues(body))
        if issues:
            zod = {"name": "ZodError", "message": json.dumps(issues, indent=2)}
            return JSONResponse({"success": False, "error": zod}, 400)
        model = next((row for row in self.listing if row["id"] == body["model"]), None)
        if model is None:
            raise self.no_model(body["model"])
        frames = body.get("frame_images", [])
        if not (body.get("prompt") or frames or body.get("input_references")):
            raise self.error(400, "Video generations require a prompt when no image input is provided")
        self._check(model, body)
        job = await self.begin(
            request,
            body.get("prompt", ""),
            model=body["model"],
            seconds=body.get("duration", 8),
            sound=body.get("generate_audio", model["generate_audio"]),
            pictures=frames or body.get("input_references", []),
        )
        return JSONResponse(self._object(request, job), 202)

    def _check(self, model: dict[str, Any], body: dict[str, Any]) -> None:
        """Refuse what the model does not take."""
        for name, plural, unit in (
            ("duration", "durations", "s"),
            ("resolution", "resolutions", ""),
            ("aspect_ratio", "aspect_ratios", ""),
            ("size", "sizes", ""),
        ):
            allowed = model[f"supported_{plural}"] or []
            if name in body and body[name] not in allowed:
                what = name.replace("_", " ").capitalize()
                raise self._unsupported(
                    f"{what} {body[name]}{unit} is not supported for this model. "
                    f"Supported {plural.replace('_', ' ')}: {', '.join(map(str, allowed))}{unit}"
                )
        for frame in body.get("frame_images", []):
            if frame["frame_type"] not in (model["supported_frame_images"] or []):
                raise self._unsupported(f"Frame type {frame['frame_type']} is not supported for this model")
        for name in ("seed", "generate_audio"):
            if body.get(name) and not model[name]:
                raise self._unsupported(f"{name} is not supported for this model")
        previous = body.get("previous_job_id")
        if previous is not None and model["id"] not in CONTINUES:
            raise self.error(400, f"{model['canonical_slug']} does not support previous_job_id")
        if previous is not None and self.find(previous).status != "completed":
            raise self.error(400, f"Job {previous} is not completed")

    def _unsupported(self, message: str) -> Refusal:
        metadata = {
            "routing_funnel": [{"step": "Initial Endpoints", "endpoint_count": 1}],
            "failed_routing_step": "Validate Video Parameters",
        }
        error = {"message": message, "code": 400, "metadata": metadata}
        return Refusal(JSONResponse({"error": error}, 400))

    async def _retrieve(self, request: Request, call: Recorded) -> Response:
        job = self.poll(request.path_params["id"])
        told = self._object(request, job) | {"generation_id": job.id}
        if job.status == "failed":
            told["error"] = FAILED[job.refused]
        if job.status == "completed":
            told["unsigned_urls"] = [f"{told['polling_url']}/content?index=0"]
            told["usage"] = {"cost": self._cost(job), "is_byok": self.byok}
        return JSONResponse(told)

    async def _content(self, request: Request, call: Recorded) -> Response:
        job = self.find(request.path_params["id"])
        if job.status != "completed":
            raise self.error(409, "The video is not ready")
        if "[gone]" in job:
            raise self.error(410, "The video is no longer available")
        if call.query.get("index", "0") != "0":
            raise self.error(400, f"Video index {call.query['index']} out of range (1 videos available)")
        answer = self.send_clip(request, job)
        if answer.status_code == 200:
            del answer.headers["content-length"]
        return answer

    def _object(self, request: Request, job: FakeJob) -> dict[str, Any]:
        url = f"{str(request.base_url).rstrip('/')}/api/v1/videos/{job.id}"
        return {"id": job.id, "polling_url": url, "status": STATUS.get(job.status, job.status)}

    def _cost(self, job: FakeJob) -> float:
        sounding, silent = CHARGED.get(job.values["model"], (0.10, 0.10))
        rate = sounding if job.values["sound"] else silent
        seconds: int = job.values["seconds"]
        return round(seconds * rate + self.fee, 6)


def _issues(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Say what the schema has against a body."""
    for name, kind in KINDS.items():
        if (name in body or name == "model") and type(body.get(name)) is not kind:
            yield _issue(f"expected {kind.__name__}", name)
    for name in ("frame_images", "input_references"):
        pictures = body.get(name)
        for number, picture in enumerate(pictures if isinstance(pictures, list) else ()):
            if picture.get("type") != "image_url":
                yield _issue("expected image_url", name, number, "type")
            url = picture.get("image_url")
            if not (isinstance(url, dict) and str(url.get("url")).startswith(("https://", "data:image/"))):
                yield _issue("expected a URL", name, number, "image_url", "url")
            if name == "frame_images" and picture.get("frame_type") not in ("first_frame", "last_frame"):
                yield _issue("expected first_frame or last_frame", name, number, "frame_type")


def _issue(message: str, *path: str | int) -> dict[str, Any]:
    return {"code": "invalid_type", "path": list(path), "message": f"Invalid input: {message}"}
