"""SGLang Diffusion: ``sglang serve --model-path MODEL`` and its ``/v1/videos`` (source: sglang 0.5.23).

Traps: it opens any path and any address that a request names, so none is sent; ``variant`` counts the
outputs, so none is sent either; DELETE answers with the whole job, and stops nothing; ``seconds`` comes back
as frames over frame rate; a job has no prompt in it, so a lost one is not found; clips in its S3 it does not
hand out. It has no key of its own: one is for a proxy before it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, ClassVar

from soravid.deployments import ProviderProfile
from soravid.errors import BadRequest, InvalidRequest, ProviderError
from soravid.providers.base import Flow, Response
from soravid.providers.hosted_vllm import Engine
from soravid.types import Video, VideoRequest

_NAMES_A_PLACE = re.compile(
    r"(^|[^a-z])(path|file|file_?name|dir|directory|folder|url|uri|source|reference|lora)s?[^a-z]*$"
)
"""``video_path``, ``upscaling_model_path``, ``reference_url``, ``output_file_name``, ``lora`` ..."""
_BEGINS_A_PATH = re.compile(r"[/~\\]|\.\.?[/\\]|[a-z]:[/\\]", re.IGNORECASE)


class SGLang(Engine):
    """``{api_base}/videos``."""

    profile: ClassVar[ProviderProfile] = ProviderProfile(
        name="sglang",
        key_vars=("SGLANG_API_KEY",),
        key_required=False,
        base_vars=("SGLANG_API_BASE",),
        base_path="/v1",
        poll_seconds=3.0,
    )

    def create(self, request: VideoRequest, *, idempotency_key: str | None = None) -> Flow[Video]:
        """POST /videos.

        Raises:
            InvalidRequest: a field of ``extra_body`` names a path or an address, at whatever depth.
        """
        for field in _places(request.extra_body, ""):
            raise InvalidRequest(
                f"extra_body may not hold {field}: SGLang would open that path or address itself.",
                param=field,
                hint="A picture goes with input_reference; paths are set where the server is started.",
            )
        return (yield from super().create(request, idempotency_key=idempotency_key))

    def delete(self, video_id: str) -> Flow[None]:
        """DELETE of a job that has ended: one that runs would go on, and nobody could have its clip."""
        video = yield from self.retrieve(video_id)
        if not video.final:
            yield from self._lacks("delete a job that is running", "Wait for its end.")
        yield from super().delete(video_id)

    def cancel(self, video_id: str) -> Flow[None]:
        """Refused: a deleted job runs on."""
        return self._lacks("stop a job that is running", "It will be finished.")

    def _no_content(self, response: Response) -> ProviderError:
        error = super()._no_content(response)
        if response.status == 400 and "cloud" in error.message:
            # Its message holds the clip's address.
            return BadRequest(
                "SGLang has put the clip into its cloud storage (S3) and does not hand it out.",
                status_code=400,
                hint="Fetch it from the bucket, or start the server without SGLANG_CLOUD_STORAGE_TYPE.",
            )
        return error


def _places(value: Any, name: str, named: bool = False) -> Iterator[str]:
    """The fields whose text is a path or an address, by name or by look; also in JSON that stands as text."""
    if isinstance(value, str):
        inner = _decoded(value)
        if inner is not None:
            yield from _places(inner, name, named)
        elif value.strip() and (named or _reads_as_place(value)):
            yield name
    elif isinstance(value, dict):
        for key, part in value.items():
            here = f"{name}.{key}" if name else str(key)
            yield from _places(part, here, named or bool(_NAMES_A_PLACE.search(str(key).lower())))
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _places(part, name, named)


def _reads_as_place(text: str) -> bool:
    """A path or an address, whatever its field is called: ``/srv/x``, ``org/model``, ``https://x``."""
    words = text.split()
    one_word = len(words) == 1 and ("/" in text or "\\" in text)
    return one_word or "://" in text or bool(_BEGINS_A_PATH.match(words[0]))


def _decoded(text: str) -> Any:
    """What a text of JSON holds, where that is more than a number: SGLang reads every form field so."""
    try:
        inner = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return inner if isinstance(inner, (str, dict, list)) else None
