"""vLLM-Omni: ``vllm serve MODEL --omni`` and its ``/v1/videos`` (source: vllm-omni 0.30.0).

Traps: a create is a form, never JSON; an object in it is JSON as text; a field that it does not know is
dropped without a word; a failed job answers a GET with the failure's own 4xx or 5xx and the whole object;
``variant`` is ignored, so that a thumbnail would be the clip. Jobs live in memory: a restart forgets them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from soravid.deployments import ProviderProfile
from soravid.errors import BadRequest, GenerationFailed, ProviderError, UnsupportedOperation
from soravid.providers.base import Flow, Response
from soravid.providers.openai import OpenAI
from soravid.providers.wire import whole_seconds
from soravid.types import Reference, Video, VideoError, VideoRequest

_NOT_TAKEN = ("not initialized", "worker exited")
"""Words of a 503 that comes before a job is made: vLLM-Omni without its engine, SGLang without its worker."""


class Engine(OpenAI):
    """An engine on one's own machines speaks a part of the dialect: it makes clips, in whole seconds."""

    paths: ClassVar[Mapping[str, str]] = {"create": "videos"}

    def _own_fields(self, request: VideoRequest) -> dict[str, Any]:
        return {"seconds": whole_seconds(request.seconds)}

    def _kind_of(self, status: int, code: str | None, message: str) -> type[ProviderError] | None:
        # Else the create would count as lost.
        not_taken = status == 503 and any(words in message for words in _NOT_TAKEN)
        return ProviderError if not_taken else None

    def _read_error(self, response: Response) -> tuple[str, str | None, str | None]:
        message, code, param = super()._read_error(response)
        return message, _refusal(message) or code, param

    def _parse(self, body: Any) -> Video:
        video = super()._parse(body)
        if video.error and (code := _refusal(video.error.message)):
            video.error = VideoError(code=code, message=video.error.message)
        return video


class HostedVLLM(Engine):
    """``{api_base}/videos``; a key only where the server was started with one."""

    profile: ClassVar[ProviderProfile] = ProviderProfile(
        name="hosted_vllm",
        key_vars=("HOSTED_VLLM_API_KEY",),
        key_required=False,
        base_vars=("HOSTED_VLLM_API_BASE",),
        base_path="/v1",
        poll_seconds=3.0,
    )

    def _own_fields(self, request: VideoRequest) -> dict[str, Any]:
        own = {"generate_sound": request.audio, "user": request.user, "extra_params": _task(request)}
        return super()._own_fields(request) | own

    def _pictures(self, request: VideoRequest) -> list[tuple[str, Reference]]:
        """A first frame as ``input_reference``; more as ``input_references``, which only MiniMax-H3 takes."""
        if request.last_frame and request.references:
            raise UnsupportedOperation(
                "A clip here has a last frame or references, not both.", param="references"
            )
        alone = request.pictures == (request.input_reference,)
        return [("input_reference" if alone else "input_references", each) for each in request.pictures]

    def _parse(self, body: Any) -> Video:
        video = super()._parse(body)
        # It jumps from 0 to 100: until then it says nothing.
        video.progress = video.progress or None
        return video

    def cancel(self, video_id: str) -> Flow[None]:
        """DELETE of a live job aborts it; 409 says that it is still about to."""
        try:
            yield from self.delete(video_id)
        except BadRequest as refused:
            if "Cancellation in progress" not in refused.message:
                raise

    def _no_content(self, response: Response) -> ProviderError:
        error = super()._no_content(response)
        return GenerationFailed(error.message, status_code=422) if response.status == 422 else error


def _task(request: VideoRequest) -> dict[str, Any] | None:
    """What MiniMax-H3 is to make of its pictures: to it they are a first and a last frame."""
    if request.references:
        return {"task": "ref2va"}
    return {"frame_indices": [-1]} if request.last_frame and not request.input_reference else None


def _refusal(message: str) -> str | None:
    """A code for the one refusal that engines know, a model's guardrail: they tell it in words alone."""
    words = message.lower()
    return "guardrail" if "guardrail" in words and "block" in words else None
