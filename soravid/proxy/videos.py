"""OpenAI's Videos API: create, remix, edit, extend, retrieve, list, delete, content."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from soravid import clips, loop
from soravid.errors import NotFound, UnsupportedOperation
from soravid.ledger import JobRow
from soravid.proxy import names, schemas
from soravid.proxy.access import Caller
from soravid.proxy.answers import as_json, content_of, json_bytes
from soravid.proxy.bodies import Fields, read_fields
from soravid.proxy.documents import LOOKING, MAKING, MEDIA, TEXT, Line
from soravid.proxy.envelope import Refusal, not_found
from soravid.proxy.making import made_headers
from soravid.proxy.objects import Words, money_headers
from soravid.proxy.parts import Parts
from soravid.proxy.wanted import wanted
from soravid.types import Operation, check_variant

_POLL = {"openai-poll-after-ms": "500"}
"""How long OpenAI's client and ours wait between two looks, which cost nothing here."""
_PAGE, _LARGEST_PAGE = 20, 100


class Videos:
    """The routes, each from a request to its answer."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    # --- making --------------------------------------------------------------------------------------

    async def create(self, request: Request) -> Response:
        """Start a clip from a prompt."""
        return await self._make(request, "create")

    async def remix(self, request: Request) -> Response:
        """Make a new clip from a finished one and a prompt."""
        return await self._make(request, "remix", {"video_id": request.path_params["video_id"]})

    async def edit(self, request: Request) -> Response:
        """Change a finished clip as the prompt says."""
        return await self._make(request, "edit")

    async def extend(self, request: Request) -> Response:
        """Go on from a finished clip's end."""
        return await self._make(request, "extend")

    async def _make(self, request: Request, operation: Operation, own: Fields | None = None) -> Response:
        caller = await self._parts.access.caller(request.headers)
        fields = await read_fields(request, self._parts.options.max_request_bytes)
        return await self.made(request, caller, fields | (own or {}), operation)

    async def made(
        self,
        request: Request,
        caller: Caller,
        fields: Fields,
        operation: Operation,
        words: Words = "openai",
    ) -> Response:
        """The answer to a create whose fields have been read."""
        asked = wanted(fields, None if caller.key is None else self._parts.options.pass_on)
        if operation == "create" and asked.source is not None:
            message = "A new clip has no source: POST /videos/{id}/remix makes one from another."
            raise Refusal(400, message, "invalid_value", param="video")
        if operation != "create" and asked.source is None:
            message = "Missing required parameter: 'video', the id of the clip to make it from."
            raise Refusal(400, message, "missing_required_parameter", param="video")
        if "prompt" not in fields:
            message = "Missing required parameter: 'prompt'."
            raise Refusal(400, message, "missing_required_parameter", param="prompt")
        made = await self._parts.maker.make(caller, asked, operation, request.headers.get("idempotency-key"))
        headers = {**_POLL, **money_headers(made.row), **made_headers(made)}
        return json_bytes(self._parts.objects.body(made.row, words), headers)

    # --- looking -------------------------------------------------------------------------------------

    async def retrieve(self, request: Request) -> Response:
        """A job's state."""
        return await self.state(request, request.path_params["video_id"])

    async def state(self, request: Request, video_id: object, words: Words = "openai") -> Response:
        """The answer to a look at a job."""
        caller = await self._parts.access.caller(request.headers)
        row = await self._parts.finder.find(video_id, caller)
        return json_bytes(self._parts.objects.body(row, words), {**_POLL, **money_headers(row)})

    async def list(self, request: Request) -> Response:
        """A page of the caller's videos."""
        caller = await self._parts.access.caller(request.headers)
        after, limit, newest_first = _page(request.query_params)
        last = (await self._parts.finder.find(after, caller)).id if after is not None else None
        rows, more = await loop.in_thread(
            self._parts.owned.page, caller.sees_of, after=last, limit=limit, newest_first=newest_first
        )
        kept = self._parts.keeper.rows
        rows = [kept.get(row.id, row) for row in rows]
        first, last_id = (names.public_id(rows[0]), names.public_id(rows[-1])) if rows else (None, None)
        page = {"object": "list", "first_id": first, "last_id": last_id, "has_more": more}
        data = b",".join(self._parts.objects.body(row) for row in rows)
        return json_bytes(json.dumps(page).encode()[:-1] + b', "data": [' + data + b"]}")

    async def delete(self, request: Request) -> Response:
        """Remove a video, here and at its provider; one that runs is stopped."""
        caller = await self._parts.access.caller(request.headers)
        video_id = request.path_params["video_id"]
        row = await self._parts.finder.find(video_id, caller)
        await self._removed(row)
        first = row.labels.get(names.FIRST, row.id)
        await self._parts.keeper.drop(first)
        await loop.in_thread(self._parts.owned.hide, first)
        await loop.in_thread(self._parts.store.remove, row)
        self._parts.finder.forget(first)
        return as_json({"id": video_id, "object": "video.deleted", "deleted": True})

    async def _removed(self, row: JobRow) -> None:
        """Stop a job, or remove its clip, at the provider."""
        line = self._parts.line
        if not row.final:
            try:
                row = await line.cancel(row)
            except UnsupportedOperation as cannot:
                raise Refusal(409, str(cannot), "invalid_state", param="id") from None
        if not row.final:
            message = "It is not known yet whether the provider has the job; it cannot be stopped."
            raise Refusal(409, message, "invalid_state", param="id")
        if row.status == "completed":
            with suppress(UnsupportedOperation, NotFound):  # it has none, or none any more
                await line.delete(row.id, None, {})

    # --- content -------------------------------------------------------------------------------------

    async def content(self, request: Request) -> Response:
        """The finished clip, its thumbnail or its spritesheet."""
        return await self.file(
            request, request.path_params["video_id"], request.query_params.get("variant", "video")
        )

    async def file(self, request: Request, video_id: object, variant: str = "video") -> Response:
        """The answer that holds a clip."""
        kind = check_variant(variant)
        caller = await self._parts.access.caller(request.headers)
        row = await self._parts.finder.find(video_id, caller)
        if self._parts.keeper.arriving_elsewhere(row):
            message = "The video is on its way here, so it has no content yet."
            raise Refusal(409, message, "content_not_ready", param="id")
        if row.status != "completed":
            ended = "" if row.final else " yet"
            message = f"The video is {row.status.replace('_', ' ')}, so it has no content{ended}."
            raise Refusal(409, message, "content_not_ready", param="id")
        try:
            kept = await self._parts.keeper.clip(row, kind)
            return await content_of(request, kept, clips.file_name(row.prompt, row.id))
        except FileNotFoundError:
            raise not_found(video_id) from None  # deleted, or swept away, in this very moment


def _page(query: Mapping[str, Any]) -> tuple[str | None, int, bool]:
    order, limit = query.get("order", "desc"), query.get("limit", str(_PAGE))
    if order not in {"asc", "desc"}:
        raise Refusal(400, f"order must be asc or desc, not {order!r}.", "invalid_value", param="order")
    if not re.fullmatch(r"[0-9]{1,3}", limit) or int(limit) > _LARGEST_PAGE:
        message = f"limit must be a whole number from 0 to {_LARGEST_PAGE}."
        raise Refusal(400, message, "invalid_value", param="limit")
    return query.get("after"), int(limit), order == "desc"


def lines(parts: Parts) -> list[Line]:
    """The routes for the table."""
    videos, tag = Videos(parts), "Videos"
    made: Any = {"gives": schemas.VideoObject, "fails": MAKING, "form": True}
    variants = ["video", "thumbnail", "spritesheet"]
    page = (
        ("after", TEXT),
        ("limit", {"type": "integer", "minimum": 0, "maximum": _LARGEST_PAGE, "default": _PAGE}),
        ("order", {"type": "string", "enum": ["asc", "desc"], "default": "desc"}),
    )
    one = "/videos/{video_id}"
    return [
        Line("POST", "/videos", videos.create, tag, takes=schemas.CreateVideo, quick=True, **made),
        Line("GET", "/videos", videos.list, tag, gives=schemas.VideoPage, query=page, quick=True),
        Line("POST", "/videos/edits", videos.edit, tag, takes=schemas.EditVideo, **made),
        Line("POST", "/videos/extensions", videos.extend, tag, takes=schemas.ExtendVideo, **made),
        Line("GET", one, videos.retrieve, tag, gives=schemas.VideoObject, quick=True),
        Line("DELETE", one, videos.delete, tag, gives=schemas.VideoDeleted, fails=(*LOOKING, 409, 502)),
        Line(
            "GET",
            f"{one}/content",
            videos.content,
            tag,
            media=MEDIA,
            fails=(*LOOKING, 409, 416, 501, 502),
            query=[("variant", {"type": "string", "enum": variants, "default": "video"})],
        ),
        Line("POST", f"{one}/remix", videos.remix, tag, takes=schemas.RemixVideo, **made),
    ]
