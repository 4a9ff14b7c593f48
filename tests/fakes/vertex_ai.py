"""A fake of Veo on Vertex AI: operations that are asked by a POST, clips in the answer or in a bucket.

As there, the create checks the form of a request only: what a model cannot do ends the operation with an
error. A clip has the duration and the size that were asked for; nothing but the file tells them. It comes as
base64 in the operation's answer, or as an object where the request names a bucket. A trigger that concerns a
download puts the clip into a bucket, too: there is nothing to break off otherwise.
"""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from tests.fakes import clips
from tests.fakes.base import Operation, Refusal
from tests.fakes.jobs import FakeJob, JobFake
from tests.fakes.recorder import Recorded

PARENT = "projects/p/locations/us-central1/publishers/google/models/veo-3.1-generate-001"
NOT_RESPONSIBLE = (
    "The prompt could not be submitted. This prompt contains sensitive words that violate Google's "
    "Responsible AI practices. Try rephrasing the prompt. Support codes: 58061214"
)
FILTERED = (
    "We encountered an issue with the audio for your prompt, and made no video. Support codes: 17301594"
)
STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
SHAPES = ("16:9", "9:16")
SIZES = {"720p": (1280, 720), "1080p": (1920, 1080), "4k": (3840, 2160)}
SECONDS = {"video_extension": [7], "reference_to_video": [8]}  # any other: 4, 6, 8
IN_A_BUCKET = ("[cut]", "[redirect]", "[gone]", "[notvideo]")


@dataclass(eq=False)
class VertexFake(JobFake):
    """The app, its settings and its jobs, under `/v1` and `/v1beta1`; the buckets are at `/storage/v1`."""

    parent: str = PARENT  # the model of the next operation
    tokens: set[str] = field(default_factory=set, repr=False)  # further ones, as a token server issues them
    denies: int = 404  # how an operation that nobody has is answered: 404 or 403
    reads_bucket: bool = True  # whether the account may read the bucket
    filters_in_part: bool = False  # of the clips asked for, all but the first are filtered
    largest: int = 2**40  # bytes of clip that an answer may hold; larger ones need a bucket
    objects: dict[str, str] = field(default_factory=dict, repr=False)  # "bucket/name" to the job's id

    def routes_of(self) -> list[tuple[str, str, Operation]]:
        """Return the two methods of a model, and an object's download."""
        model = "/{version}/projects/{project}/locations/{location}/publishers/google/models/{call}"
        return [
            ("POST", model, self._call),
            ("GET", "/storage/v1/b/{bucket}/o/{name:path}", self._object),
        ]

    def admit(self, call: Recorded) -> None:
        """Check the token, in the buckets as well."""
        if self.key_of(call) not in {self.api_key, *self.tokens}:
            raise self.error(
                401,
                "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie "
                "or other valid authentication credential.",
            )

    def error(self, status: int, message: str, code: str = "", **headers: str) -> Refusal:
        """Return Google's envelope, whose code is the status."""
        error = {"code": status, "message": message, "status": STATUS[status]}
        return Refusal(JSONResponse({"error": error}, status, headers=headers))

    def refused_at_create(self) -> Refusal:
        """Return the answer to a prompt that is not accepted."""
        return self.error(400, NOT_RESPONSIBLE)

    def unknown_job(self, job_id: str) -> Refusal:
        """Return 404, or the 403 that does not tell."""
        if self.denies == 403:
            return self.error(403, f"Permission denied on operation {job_id} (or it may not exist).")
        return self.error(404, f"Operation {job_id} not found.")

    def no_model(self, model: str) -> Refusal:
        """Return the answer to a model that is closed."""
        return self.error(
            404, f"Publisher model `{model}` was not found or your project does not have access to it."
        )

    def new_id(self) -> str:
        """Return an operation's whole name."""
        return f"{self.parent}/operations/{uuid.uuid4()}"

    # --- the two methods ---

    async def _call(self, request: Request, call: Recorded) -> Response:
        parent, _, method = call.path.partition("/projects/")[2].partition(":")
        act = {"predictLongRunning": self._create, "fetchPredictOperation": self._fetch}.get(method)
        if act is None or request.path_params["version"] not in {"v1", "v1beta1"}:
            return PlainTextResponse("Not Found", 404)
        if not call.is_json or call.malformed:
            raise self.error(400, f"Invalid JSON payload received. {call.malformed}")
        return await act(request, call, f"projects/{parent}")

    async def _create(self, request: Request, call: Recorded, parent: str) -> Response:
        body = self._only(call.fields, "instances", "parameters", "labels")
        instances = body.get("instances")
        if not isinstance(instances, list) or len(instances) != 1 or not isinstance(instances[0], dict):
            raise self.error(400, "Veo takes exactly one instance.")
        instance, wanted = instances[0], body.get("parameters") or {}
        if not isinstance(instance.get("prompt"), str) or not instance["prompt"]:
            raise self.error(400, "Text prompt is empty.")
        feature = self._feature(instance)
        self._check(wanted)
        if not parent.endswith("-001"):
            raise self.no_model(parent)
        job = await self.begin(
            request,
            instance["prompt"],
            model=parent,
            feature=feature,
            wanted=wanted,
            before=self._seconds_of(instance.get("video") or {}),
        )
        return JSONResponse({"name": job.id})

    async def _fetch(self, request: Request, call: Recorded, parent: str) -> Response:
        name = self._only(call.fields, "operationName").get("operationName")
        if not isinstance(name, str) or not name.startswith(f"{parent}/operations/"):
            raise self.error(400, "The operation name does not belong to the model.")
        job = self.poll(name)
        if job.live:
            return JSONResponse({"name": name})
        return JSONResponse({"name": name, "done": True, **self._result(job)})

    async def begin(self, request: Request, prompt: str, model: str = "", **values: Any) -> FakeJob:
        """Make a job, under a name of its own model."""
        self.parent = model
        return await super().begin(request, prompt, model, **values)

    # --- what is checked at once ---

    def _only(self, body: dict[str, Any], *names: str) -> dict[str, Any]:
        for name in body:
            if name not in names:
                raise self.error(
                    400, f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'
                )
        return body

    def _feature(self, instance: dict[str, Any]) -> str:
        """What kind of work it is, after each picture and clip has been looked at."""
        for name in ("image", "lastFrame", "video"):
            if name in instance:
                self._check_media(name, instance[name])
        references = instance.get("referenceImages")
        for reference in references or []:
            self._check_media("image", reference.get("image"))
            if str(reference.get("referenceType")).lower() not in {"asset", "style"}:
                raise self.error(400, "referenceType must be asset or style.")
        if references and (len(references) > 3 or {"image", "lastFrame", "video"} & instance.keys()):
            raise self.error(400, "At most three reference images, and no other image or video with them.")
        if "lastFrame" in instance and "image" not in instance:
            raise self.error(400, "A last frame needs a first one.")
        if "video" in instance:
            return "video_extension"
        return (
            "reference_to_video"
            if references
            else "image_to_video"
            if "image" in instance
            else "text_to_video"
        )

    def _check_media(self, name: str, media: Any) -> None:
        media = media if isinstance(media, dict) else {}
        if not media.get("mimeType"):
            raise self.error(400, f"{name} mime type is empty.")
        try:
            known = media["gcsUri"].removeprefix("gs://") in self.objects if "gcsUri" in media else True
            data = base64.b64decode(media.get("bytesBase64Encoded", "AAAA"), validate=True)
        except (binascii.Error, TypeError, AttributeError):
            known, data = False, b""
        if not known or not data or not {"gcsUri", "bytesBase64Encoded"} & media.keys():
            raise self.error(400, f"{name} must be specified by a valid gcsUri or bytesBase64Encoded.")

    def _check(self, wanted: dict[str, Any]) -> None:
        """Look at the parameters; what the fake does not know is ignored, as it is there."""
        allowed: dict[str, Any] = {
            "durationSeconds": lambda value: type(value) is int,
            "sampleCount": lambda value: type(value) is int and 1 <= value <= 4,
            "seed": lambda value: type(value) is int and 0 <= value < 2**32,
            "generateAudio": lambda value: type(value) is bool,
            "negativePrompt": lambda value: type(value) is str,
            "aspectRatio": SHAPES.__contains__,
            "resolution": SIZES.__contains__,
            "personGeneration": ("allow_adult", "dont_allow").__contains__,
            "compressionQuality": ("optimized", "lossless").__contains__,
            "storageUri": lambda value: type(value) is str and value.startswith("gs://"),
        }
        for name, fits in allowed.items():
            if name in wanted and not fits(wanted[name]):
                raise self.error(400, f"`{name}` does not support `{wanted[name]}`.")

    def _seconds_of(self, video: dict[str, str]) -> int:
        """How long the clip is that is to be extended; 0 where there is none."""
        if "gcsUri" in video:
            return round(
                clips.seconds_of(self.bytes_of(self.objects[video["gcsUri"].removeprefix("gs://")])) or 0
            )
        return round(clips.seconds_of(base64.b64decode(video.get("bytesBase64Encoded", ""))) or 0)

    # --- what comes out ---

    def _result(self, job: FakeJob) -> dict[str, Any]:
        """The end of an operation: an error, or a response that may have no clip."""
        feature, wanted = job.values["feature"], job.values["wanted"]
        seconds, possible = wanted.get("durationSeconds", 8), SECONDS.get(feature, [8, 4, 6])
        if seconds not in possible:
            return _failed(
                3,
                f"Unsupported output video duration {seconds} seconds, supported durations are "
                f"{json.dumps(possible, separators=(',', ':'))} for feature {feature}.",
            )
        if job.status == "failed" and not job.refused:
            return _failed(13, "Video generation failed due to an internal server issue. Please try again.")
        count = wanted.get("sampleCount", 1)
        filtered = count if job.refused else count - 1 if self.filters_in_part else 0
        answer: dict[str, Any] = {
            "@type": "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse",
            "raiMediaFilteredCount": filtered,
        }
        if filtered:
            answer["raiMediaFilteredReasons"] = [FILTERED] * filtered
        if filtered < count:
            storage = wanted.get("storageUri") or (
                "gs://fakes/out" if any(t in job for t in IN_A_BUCKET) else ""
            )
            if not storage and self._file(job.id).size > self.largest:
                return _failed(3, "Generated video is large, an output storage uri is required.")
            answer["videos"] = [self._clip(job, storage, number) for number in range(count - filtered)]
        return {"response": answer}

    def _file(self, job_id: str) -> clips.Media:
        """Return what was asked for, at one frame a second; an extension is the whole of both."""
        job = self.jobs[job_id]
        wanted, before = job.values["wanted"], job.values["before"]
        width, height = SIZES[wanted.get("resolution", "720p")]
        if wanted.get("aspectRatio") == "9:16":
            width, height = height, width
        clip = clips.small_clip(width, height, wanted.get("durationSeconds", 8) + before, rate=1)
        return clips.video(job_id, self.content_size, clip)

    def _clip(self, job: FakeJob, storage: str, number: int) -> dict[str, str]:
        if not storage:
            data = base64.b64encode(self.bytes_of(job.id)).decode()
            return {"bytesBase64Encoded": data, "mimeType": "video/mp4"}
        place = f"{storage.rstrip('/')}/{job.id.rpartition('/')[2]}/sample_{number}.mp4"
        self.objects[place.removeprefix("gs://")] = job.id
        return {"gcsUri": place, "mimeType": "video/mp4"}

    async def _object(self, request: Request, call: Recorded) -> Response:
        """Answer an object's bytes: its name is one part of the path, with its slashes encoded."""
        bucket, name = request.path_params["bucket"], request.path_params["name"]
        job = self.jobs.get(self.objects.get(f"{bucket}/{name}", ""))
        raw = request.scope["raw_path"].partition(b"/o/")[2]
        if job is None or "[gone]" in job or b"/" in raw or call.query.get("alt") != "media":
            return PlainTextResponse(f"No such object: {bucket}/{name}", 404)
        if not self.reads_bucket:
            return PlainTextResponse(
                "a@p.iam.gserviceaccount.com does not have storage.objects.get access to the Google Cloud "
                "Storage object. Permission 'storage.objects.get' denied on resource (or it may not exist).",
                403,
            )
        return self.send_clip(request, job)


def _failed(code: int, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}
