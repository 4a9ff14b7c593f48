"""MiniMax's video API, version 2 (the H3 models): Ark's tasks at other paths, in an envelope of its own.

Source: the API's pages at platform.minimax.io (``video-generation-v2-*``); LiteLLM 1.109.1's adapter.

Traps: resolution, duration and, for a clip from text alone, the shape are required. Classes are written in
upper case. The code of an error stands in parentheses at the end of its message. An unknown id is a 400
("invalid task_id") or a 500 ("record not found"), never a 404.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from soravid.deployments import ProviderProfile
from soravid.errors import NotFound, ProviderError, Refused
from soravid.providers.base import Request, Response
from soravid.providers.volcengine import SECONDS, Volcengine, content_of, ratio_of
from soravid.providers.wire import given, whole_seconds
from soravid.refusals import REFUSED
from soravid.shapes import resolution_of
from soravid.types import VideoError, VideoRequest

_SIZE = "1366x768"
_SENSITIVE = frozenset({"1026", "1027"})
"""The prompt or a picture was refused, the finished clip was refused."""
_UNKNOWN = ("invalid task_id", "record not found")
_NUMBERED = re.compile(r"(.*?)\s*\(([0-9]{3,6})\)", re.DOTALL)
_SURFACE = re.compile(r"/(v1|v2|anthropic)$")


class MiniMax(Volcengine):
    """``{api_base}/v2/...`` with a bearer key."""

    profile: ClassVar[ProviderProfile] = ProviderProfile(
        name="minimax",
        key_vars=("MINIMAX_API_KEY",),
        default_base="https://api.minimax.io",
        poll_seconds=10.0,
    )

    _made_at: ClassVar[str] = "v2/video_generation"
    _asked_at: ClassVar[str] = "v2/query/video_generation"
    _new_id: ClassVar[str] = "task_id"
    _clip: ClassVar[str] = "url"

    def _request(self, method: str, path: str, **parts: Any) -> Request:
        # One variable often serves all of MiniMax, and then ends in the path of the chat API.
        base = _SURFACE.sub("", self.deployment.api_base)
        return super()._request(method, f"{base}/{path}", **parts)

    def _fields(self, request: VideoRequest) -> dict[str, Any]:
        return given(
            {
                "model": self.deployment.model,
                "content": content_of(request),
                "resolution": resolution_of(request.size or _SIZE).upper(),
                "duration": whole_seconds(request.seconds) or SECONDS,
                "ratio": ratio_of(request, request.size or (None if request.pictures else _SIZE)),
            }
        )

    def _told(self, body: Any) -> Any:
        return self._object(body, "task")["task"]

    def _failure(self, error: Mapping[str, Any]) -> VideoError:
        told = super()._failure(error)
        if told.code in _SENSITIVE:
            return VideoError(code=REFUSED, message=told.message, provider_code=told.code)
        return told

    def _read_error(self, response: Response) -> tuple[str, str | None, str | None]:
        message, kind, param = super()._read_error(response)
        numbered = _NUMBERED.fullmatch(message)
        return (numbered[1], numbered[2], param) if numbered else (message, kind, param)

    def _kind_of(self, status: int, code: str | None, message: str) -> type[ProviderError] | None:
        if code in _SENSITIVE:
            return Refused
        return NotFound if any(words in message for words in _UNKNOWN) else None
