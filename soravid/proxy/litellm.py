"""The four routes of LiteLLM's page on video, in its words: a running job is ``processing``."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from soravid.proxy import schemas
from soravid.proxy.bodies import read_fields
from soravid.proxy.documents import LOOKING, MAKING, MEDIA, Line
from soravid.proxy.envelope import Refusal
from soravid.proxy.parts import Parts
from soravid.proxy.videos import Videos


class LiteLLMVideos:
    """Generations, status, retrieval and remix. Status and retrieval name the video in their body."""

    def __init__(self, parts: Parts, videos: Videos) -> None:
        self._parts, self._videos = parts, videos

    async def generations(self, request: Request) -> Response:
        """Start a clip from a prompt."""
        caller = await self._parts.access.caller(request.headers)
        fields = await read_fields(request, self._parts.options.max_request_bytes)
        return await self._videos.made(request, caller, fields, "create", "litellm")

    async def remix(self, request: Request) -> Response:
        """Make a clip from a finished one; without ``video_id``, from the picture in ``input_reference``."""
        caller = await self._parts.access.caller(request.headers)
        fields = await read_fields(request, self._parts.options.max_request_bytes)
        if fields.get("video_id") or fields.get("video"):
            return await self._videos.made(request, caller, fields, "remix", "litellm")
        if not fields.get("input_reference"):
            message = "To remix, say what: 'video_id' or 'input_reference'."
            raise Refusal(400, message, "missing_required_parameter", param="video_id")
        return await self._videos.made(request, caller, fields, "create", "litellm")

    async def status(self, request: Request) -> Response:
        """A job's state: queued, processing, completed or failed."""
        return await self._videos.state(request, await self._video_id(request), "litellm")

    async def retrieval(self, request: Request) -> Response:
        """The finished clip."""
        return await self._videos.file(request, await self._video_id(request))

    async def _video_id(self, request: Request) -> Any:
        await self._parts.access.caller(request.headers)  # nobody else's body is read
        fields = await read_fields(request, self._parts.options.max_request_bytes)
        if not fields.get("video_id"):
            message = "Missing required parameter: 'video_id'."
            raise Refusal(400, message, "missing_required_parameter", param="video_id")
        return fields["video_id"]


def lines(parts: Parts) -> list[Line]:
    """The routes for the table."""
    videos, tag = LiteLLMVideos(parts, Videos(parts)), "LiteLLM"
    made: Any = {"gives": schemas.VideoObject, "fails": MAKING, "form": True}
    named: Any = {"takes": schemas.NamedVideo, "form": True}
    looking = (*LOOKING, 408, 413, 415)
    return [
        Line(
            *("POST", "/videos/generations", videos.generations, tag),
            takes=schemas.CreateVideo,
            quick=True,
            **made,
        ),
        Line("POST", "/videos/remix", videos.remix, tag, takes=schemas.RemixNamedVideo, **made),
        Line(
            *("POST", "/videos/status", videos.status, tag),
            gives=schemas.VideoObject,
            fails=looking,
            quick=True,
            **named,
        ),
        Line(
            *("POST", "/videos/retrieval", videos.retrieval, tag),
            media=MEDIA,
            fails=(*looking, 409, 416, 501, 502),
            **named,
        ),
    ]
