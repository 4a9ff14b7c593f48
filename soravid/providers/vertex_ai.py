"""Google's Veo on Vertex AI: ``:predictLongRunning``, ``:fetchPredictOperation`` and Cloud Storage.

Sources: Google's "Veo on Vertex AI API" page, google-genai 3.4.0, and answers that others have published.

Traps: the status is asked by a POST; a wrong duration and many a refused prompt are told by it, not by the
create; a clip that was filtered is "done" without an error, and costs nothing. A clip comes as base64 inside
the status, or lies in your bucket where ``extra_body={"parameters": {"storageUri": "gs://..."}}`` names one;
large ones (4k, extensions) need that. There is no list, no delete and no cancel.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from soravid.deployments import Deployment, ProviderProfile
from soravid.errors import AuthenticationFailed, InvalidRequest, ProviderError, Refused, ServerError
from soravid.providers.base import Download, Flow, Response
from soravid.providers.wire import Wire, given, merged, path_part, whole_seconds
from soravid.shapes import aspect_of, resolution_of
from soravid.types import Reference, Variant, Video, VideoError, VideoRequest

_OPERATION = re.compile(
    r"(projects/\w[\w.:-]*/locations/[\w-]+/publishers/\w+/models/\w[\w.@-]*)/operations/[\w-]+"
)
_HOSTS = {
    "global": "aiplatform.googleapis.com",
    "us": "aiplatform.us.rep.googleapis.com",
    "eu": "aiplatform.eu.rep.googleapis.com",
}
"""The locations that are no region."""
_REFUSED = re.compile(r"responsible ai|usage guidelines|safety settings|support codes?:", re.IGNORECASE)
"""What Google's sentences say when its safety check refuses: the code is that of any bad argument."""
_FILTERED = "rai_filtered"
_WITH_REFERENCES = 8
"""The only duration of such a clip, in seconds."""


class VertexAI(Wire):
    """``{api_base}/publishers/google/models/{model}`` with an OAuth token of Google's."""

    profile: ClassVar[ProviderProfile] = ProviderProfile(
        name="vertex_ai",
        token_vars=("VERTEX_AI_ACCESS_TOKEN", "GOOGLE_OAUTH_ACCESS_TOKEN"),
        credentials="google",
        default_base="https://{location}-aiplatform.googleapis.com/v1/projects/{project}/locations/{location}",
        base_path="/v1/projects/{project}/locations/{location}",
        base_fields=(
            ("project", ("VERTEXAI_PROJECT", "GOOGLE_CLOUD_PROJECT")),
            ("location", ("VERTEXAI_LOCATION", "GOOGLE_CLOUD_LOCATION", "=us-central1")),
        ),
        poll_seconds=10.0,
    )

    def __init__(self, deployment: Deployment) -> None:
        base = deployment.api_base
        for location, host in _HOSTS.items():
            base = base.replace(f"//{location}-aiplatform.googleapis.com", f"//{host}")
        super().__init__(replace(deployment, api_base=base))

    def create(self, request: VideoRequest, *, idempotency_key: str | None = None) -> Flow[Video]:
        """POST ``:predictLongRunning``. An extension is of the source's clip, as its status has it."""
        if request.operation not in {"create", "extend"}:
            yield from self._lacks(f"{request.operation} a video")
        parameters = _parameters(request)
        instance = given(
            {
                "prompt": request.prompt,
                "image": _image(request.input_reference),
                "lastFrame": _image(request.last_frame),
                "referenceImages": [
                    {"image": _image(picture), "referenceType": "asset"} for picture in request.references
                ],
            }
        )
        if request.source_id:
            instance["video"] = yield from self._clip(request.source_id)
        fields = {"instances": [instance], "parameters": parameters}
        path = f"publishers/google/models/{path_part(self.deployment.model)}:predictLongRunning"
        body = yield from self._ask("POST", path, json=merged(fields, request.extra_body), billable=True)
        return Video(id=self._object(body, "name")["name"], model=self.deployment.model)

    def retrieve(self, video_id: str) -> Flow[Video]:
        """POST ``:fetchPredictOperation``."""
        return self._parse(video_id, (yield from self._operation(video_id)))

    def content(self, video_id: str, variant: Variant) -> Flow[Download]:
        """The bytes that the status holds, or the object that it names."""
        clip = yield from self._clip(video_id)
        if data := clip.get("bytesBase64Encoded"):
            try:
                return Download("", data=b64decode(data))
            except binascii.Error:
                raise ServerError("What Vertex AI sent as the clip is no base64.") from None
        return self._stored(str(clip.get("gcsUri")))

    # --- pieces --------------------------------------------------------------------------------------

    def _operation(self, name: str) -> Flow[dict[str, Any]]:
        """The operation's present state. Its name says which model it is of."""
        found = _OPERATION.fullmatch(name)
        if found is None:
            raise InvalidRequest(f"{name!r} is no operation of Vertex AI.", param="video_id")
        root = self.deployment.api_base.partition("/projects/")[0]
        response = yield self._request(
            "POST", f"{root}/{found[1]}:fetchPredictOperation", json={"operationName": name}, safe=True
        )
        if response.status == 403 and "may not exist" in self._read_error(response)[0]:
            # Google does not tell strangers whether something exists.
            response = replace(response, status=404)
        return self._object(self._answer(response))

    def _parse(self, video_id: str, body: dict[str, Any]) -> Video:
        failure = _failure(body) if body.get("done") else None
        return Video(
            id=video_id,
            status="failed" if failure else "completed" if body.get("done") else "in_progress",
            model=self.deployment.model,
            error=failure,
        )

    def _clip(self, video_id: str) -> Flow[dict[str, Any]]:
        """The finished clip: ``gcsUri`` or ``bytesBase64Encoded``, and ``mimeType``."""
        body = yield from self._operation(video_id)
        if not (clips := (body.get("response") or {}).get("videos")):
            raise self._no_clip(self._parse(video_id, body))
        return {"mimeType": "video/mp4", **clips[0]}

    def _stored(self, uri: str) -> Download:
        """An object of Cloud Storage, by its JSON API. A server of your own serves that on its own host."""
        bucket, _, name = uri.removeprefix("gs://").partition("/")
        if not (uri.startswith("gs://") and bucket and name):
            raise ServerError("Vertex AI names no object for the clip.")
        base = urlsplit(self.deployment.api_base)
        google = f".{base.hostname}".endswith(".googleapis.com")
        host = "https://storage.googleapis.com" if google else f"{base.scheme}://{base.netloc}"
        path = f"{host}/storage/v1/b/{quote(bucket, safe='')}/o/{quote(name, safe='')}"
        request = self._request("GET", path)
        return Download(path, {"alt": "media"}, request.headers, self._no_object, request.bearer)

    def _no_object(self, response: Response) -> ProviderError:
        # A 403 is the account's lack of a right here, not the end of a link.
        return self._gone(response) if response.status in {404, 410} else self._error(response)

    def _read_error(self, response: Response) -> tuple[str, str | None, str | None]:
        message, code, param = super()._read_error(response)
        status = re.search(rb'"status":\s*"([A-Z_]+)"', response.content)
        return message, status[1].decode() if status else code, param

    def _kind_of(self, status: int, code: str | None, message: str) -> type[ProviderError] | None:
        return Refused if status == 400 and _REFUSED.search(message) else None

    def _hint(self, kind: type[ProviderError]) -> str:
        hint = super()._hint(kind)
        return f"{hint} Has the account the role Vertex AI User?" if kind is AuthenticationFailed else hint


def _parameters(request: VideoRequest) -> dict[str, Any]:
    """What decides the price is always said: one clip, and whether it has sound (Veo 3 demands the word)."""
    seconds = whole_seconds(request.seconds)
    if request.references and seconds not in {None, _WITH_REFERENCES}:
        raise InvalidRequest(
            f"With reference pictures Veo makes {_WITH_REFERENCES} seconds, not {seconds}.", param="seconds"
        )
    return given(
        {
            "durationSeconds": seconds,
            "aspectRatio": request.size and aspect_of(request.size),
            "resolution": request.size and resolution_of(request.size),
            "negativePrompt": request.negative_prompt,
            "seed": request.seed,
            "generateAudio": request.audio is not False,
            "sampleCount": 1,
        }
    )


def _failure(body: dict[str, Any]) -> VideoError | None:
    """Why an operation that is done has no clip; None if it has one."""
    answer, error = body.get("response") or {}, body.get("error")
    if error:
        message = str(error.get("message"))
        return VideoError(code=_FILTERED if _REFUSED.search(message) else error.get("code"), message=message)
    if answer.get("videos"):
        return None
    if answer.get("raiMediaFilteredCount") or answer.get("raiMediaFilteredReasons"):
        reasons = map(str, answer.get("raiMediaFilteredReasons") or ["The clip was filtered."])
        return VideoError(code=_FILTERED, message=" ".join(reasons))
    return VideoError(code="no_clip", message="The job ended without a clip.")


def _image(picture: Reference | None) -> dict[str, str] | None:
    return {"bytesBase64Encoded": picture.base64, "mimeType": picture.media_type} if picture else None
