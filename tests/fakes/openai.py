"""A fake of OpenAI's Videos API (`/v1`) and of Azure's surface (`/openai/v1` and `/openai`), as one app.

    with serve(fake := OpenAIFake()) as url:
        ...  # base_url=f"{url}/v1", api_key="sk-test"
    assert fake.creates == 1

A job starts `queued` and moves on by one step each time its status is asked for, so no test sleeps. A word
in the prompt makes things go wrong:

    [refuse]      create answers 400 moderation_blocked (Azure: content_filter); nothing is made
    [429]         create answers 429 with Retry-After the first time, `[429 always]` every time
    [500]         create answers 500; nothing is made
    [slow]        create makes the video, and answers `slow_seconds` late
    [lost]        create makes the video, and the connection closes without an answer
    [moderation]  the job ends `failed` with moderation_blocked, in a 200 answer
    [error]       the job ends `failed` for another reason
    [weird]       the first poll answers a status that nobody knows, `thinking`
    [flaky]       the first two polls answer 503
    [cut]         the first `cuts` downloads break off half-way; later ones, and ranges, come whole
    [redirect]    content answers 302 to `cdn_url`: serve a `CDNFake` there and look at its `credentials`
    [gone]        content answers 404, although the job is completed
    [notvideo]    content is an HTML page, with status 200

The settings are plain attributes and may be changed while it runs. For benchmarks, this serves it in a
process of its own: `python -m tests.fakes.openai --port 8089`.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import secrets
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from tests.fakes import checks, clips
from tests.fakes.base import Fake, Operation
from tests.fakes.checks import refusal
from tests.fakes.recorder import Recorded
from tests.fakes.server import hang_up, serve
from tests.fakes.videos import FakeVideo


@dataclass(eq=False)
class OpenAIFake(Fake):
    """The app, its settings, its videos, and what it was asked (`requests`)."""

    api_key: str = "sk-test"
    entra_token: str = "entra-test"
    seconds: tuple[str, ...] = ("4", "8", "12")
    sizes: tuple[str, ...] = ("720x1280", "1280x720")
    pro_sizes: tuple[str, ...] = ("720x1280", "1280x720", "1024x1792", "1792x1024")
    extension_seconds: tuple[str, ...] = ("4", "8", "12", "16", "20")
    models: tuple[str, ...] = ()  # empty: any; else another one is answered 404
    extra_parameters: tuple[str, ...] = ()  # accepted at create beside OpenAI's own
    polls_to_finish: int = 3
    poll_after_ms: int | None = None  # sent as `openai-poll-after-ms`, which the official client obeys
    retry_after: str = "1"
    slow_seconds: float = 1.0
    cuts: int = 1
    ranges: bool = True  # whether content honours a Range header
    cdn_url: str = ""
    content_size: int | None = (
        None  # bytes of each clip; what the real one lacks is zeros, made as they are sent
    )
    clip: bytes | None = None  # an MP4 to hand out instead of the small one
    retired: int | None = None  # every call is answered with this status (404 or 410; True is 404)

    creates: int = 0  # billable jobs made: creates, remixes, edits and extensions
    videos: dict[str, FakeVideo] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        super().__init__()
        self._limited: set[str] = set()
        self._ahead = 0

    def operations(self) -> Iterable[tuple[str, str, Operation]]:
        """Return the Videos API, on OpenAI's path and on Azure's two."""
        for prefix in ("/v1", "/openai/v1", "/openai"):
            yield "POST", f"{prefix}/videos", self._create
            yield "GET", f"{prefix}/videos", self._list
            yield "POST", f"{prefix}/videos/edits", self._edit
            yield "POST", f"{prefix}/videos/extensions", self._extend
            yield "GET", f"{prefix}/videos/{{id}}", self._retrieve
            yield "DELETE", f"{prefix}/videos/{{id}}", self._delete
            yield "GET", f"{prefix}/videos/{{id}}/content", self._content
            yield "POST", f"{prefix}/videos/{{id}}/remix", self._remix

    def advance(self, seconds: float) -> None:
        """Let time pass for `created_at` and `expires_at`."""
        self._ahead += int(seconds)

    def finish(self, video_id: str) -> None:
        """End a job now, without polls."""
        self.videos[video_id].finish(self._now())

    @property
    def jobs(self) -> dict[str, FakeVideo]:
        """The videos, as a `JobFake` calls them."""
        return self.videos

    @property
    def media_calls(self) -> list[Recorded]:
        """What was asked of public links: there are none."""
        return []

    def new_id(self) -> str:
        """Return an id as OpenAI forms it."""
        return f"video_{secrets.token_hex(16)}"

    def bytes_of(self, video_id: str) -> bytes:
        """Return what a whole download of a clip holds."""
        media = self._media(self.videos[video_id])
        return media.head + bytes(media.size - len(media.head))

    def admit(self, call: Recorded) -> None:
        """Check the key, and on Azure's paths the API version."""
        retired = 404 if self.retired is True else self.retired
        bearer = call.headers.get("authorization", "").removeprefix("Bearer ")
        if _azure(call):
            if call.headers.get("api-key", bearer) != self.api_key and bearer != self.entra_token:
                message = "Access denied due to invalid subscription key or wrong API endpoint."
                raise checks.azure_refusal(401, "401", message)
            version = call.query.get("api-version", "preview")
            if not re.fullmatch(r"\d{4}-\d\d-\d\d(-preview)?|preview|latest|v1", version):
                raise checks.azure_refusal(400, "BadRequest", "API version not supported")
            if retired:
                raise checks.azure_refusal(
                    retired, "DeploymentNotFound", "The API deployment does not exist."
                )
        elif not bearer:
            raise refusal(401, "You didn't provide an API key.")
        elif bearer != self.api_key:
            raise refusal(401, "Incorrect API key provided.", code="invalid_api_key")
        elif retired:
            raise checks.no_model("sora-2", retired)

    async def unknown(self, request: Request, call: Recorded) -> Response:
        """Answer a path that does not exist."""
        raise refusal(404, f"Invalid URL ({call.method} {call.path})")

    async def _create(self, request: Request, call: Recorded) -> Response:
        allowed = {
            "prompt",
            "model",
            "seconds",
            "size",
            "input_reference",
            "characters",
            *self.extra_parameters,
        }
        checks.body(call, allowed)
        model = str(call.fields.get("model", "sora-2"))
        if self.models and model not in self.models:
            raise checks.no_model(model)
        prompt = checks.prompt(call)
        seconds = checks.choice(call.fields, "seconds", self.seconds, "4")
        sizes = self.pro_sizes if "pro" in model else self.sizes
        size = checks.choice(call.fields, "size", sizes, "720x1280")
        checks.reference(call, size)
        return await self._make(request, call, prompt, model=model, seconds=seconds, size=size)

    async def _remix(self, request: Request, call: Recorded) -> Response:
        checks.body(call, {"prompt"})
        prompt, source = checks.prompt(call), self._finished(request.path_params["id"])
        return await self._make(request, call, prompt, **source.heritage(), remixed_from_video_id=source.id)

    async def _edit(self, request: Request, call: Recorded) -> Response:
        checks.body(call, {"prompt", "video"})
        return await self._make(request, call, checks.prompt(call), **self._source(call))

    async def _extend(self, request: Request, call: Recorded) -> Response:
        checks.body(call, {"prompt", "video", "seconds"})
        prompt, added = checks.prompt(call), checks.choice(call.fields, "seconds", self.extension_seconds)
        source = self._source(call)
        total, count = int(source["seconds"]) + int(added), source["extensions"] + 1
        if count > 6 or total > 120:
            raise refusal(400, "A video can be extended 6 times, to 120 seconds in total.", param="video")
        return await self._make(
            request, call, prompt, **source | {"seconds": str(total), "extensions": count}
        )

    async def _list(self, request: Request, call: Recorded) -> Response:
        order, after = checks.choice(call.query, "order", ("asc", "desc"), "desc"), call.query.get("after")
        limit = checks.limit(call.query.get("limit", "20"))
        videos = list(self.videos.values())[:: 1 if order == "asc" else -1]
        if after is not None:
            videos = videos[videos.index(self._find(after)) + 1 :]
        page = [video.as_object() for video in videos[:limit]]
        first, last = (page[0]["id"], page[-1]["id"]) if page else (None, None)
        more = len(videos) > len(page)
        return JSONResponse(
            {"object": "list", "data": page, "first_id": first, "last_id": last, "has_more": more}
        )

    async def _retrieve(self, request: Request, call: Recorded) -> Response:
        video = self._find(request.path_params["id"])
        if "[flaky]" in video and video.stumbles < 2:
            video.stumbles += 1
            raise refusal(503, "The server is overloaded or not ready yet.", kind="server_error")
        video.poll(self._now())
        headers = {} if self.poll_after_ms is None else {"openai-poll-after-ms": str(self.poll_after_ms)}
        return JSONResponse(video.as_object(), headers=headers)

    async def _delete(self, request: Request, call: Recorded) -> Response:
        video = self._find(request.path_params["id"])
        if video.live:
            raise refusal(400, "Only a completed or failed video can be deleted.", code="invalid_state")
        del self.videos[video.id]
        return JSONResponse({"id": video.id, "object": "video.deleted", "deleted": True})

    async def _content(self, request: Request, call: Recorded) -> Response:
        variant = checks.choice(call.query, "variant", ("video", "thumbnail", "spritesheet"), "video")
        video = self._find(request.path_params["id"])
        if video.status != "completed":
            raise refusal(404, "Video is not ready yet, use GET /v1/videos/{video_id} to check status.")
        if video.expired(self._now()) or "[gone]" in video:
            raise checks.not_found(video.id)
        if "[notvideo]" in video:
            return HTMLResponse("<!doctype html><title>One moment</title><p>Checking your browser.</p>")
        if "[redirect]" in video:
            return RedirectResponse(f"{self.cdn_url}/{video.id}?signature={secrets.token_hex(8)}", 302)
        if variant != "video":
            return clips.send_media(
                request, clips.thumbnail() if variant == "thumbnail" else clips.spritesheet()
            )
        video.downloads += 1
        cut = "[cut]" in video and video.downloads <= self.cuts
        return clips.send_media(request, self._media(video), ranges=self.ranges, cut=cut)

    async def _make(self, request: Request, call: Recorded, prompt: str, **values: Any) -> Response:
        """Make a job, unless a trigger in its prompt says otherwise, and answer with it."""
        azure = _azure(call)
        if "[refuse]" in prompt:
            raise checks.blocked(azure=azure)
        if "[429 always]" in prompt or ("[429]" in prompt and prompt not in self._limited):
            self._limited.add(prompt)
            raise checks.limited(self.retry_after)
        if "[500]" in prompt:
            raise refusal(500, "The server had an error while processing your request.", kind="server_error")
        video = FakeVideo(
            id=self.new_id(),
            prompt=prompt,
            created_at=self._now(),
            polls_to_finish=self.polls_to_finish,
            kept_since_creation=azure,
            **values,
        )
        self.videos[video.id] = video
        self.creates += 1
        answer = JSONResponse(video.as_object())
        if "[slow]" in video:
            await asyncio.sleep(self.slow_seconds)
        if "[lost]" in video:
            await hang_up(request.scope, request.receive)
        return answer

    def _find(self, video_id: str) -> FakeVideo:
        if video_id not in self.videos:
            raise checks.not_found(video_id)
        return self.videos[video_id]

    def _finished(self, video_id: str) -> FakeVideo:
        video = self._find(video_id)
        if video.status != "completed":
            raise refusal(400, f"Video '{video_id}' is not completed.", code="invalid_state", param="video")
        if video.expired(self._now()):
            raise checks.not_found(video_id)
        return video

    def _source(self, call: Recorded) -> dict[str, Any]:
        """Return what an edit or extension takes over from `video`, an id or an uploaded clip."""
        video_id = checks.source_id(call)
        if video_id is not None:
            return self._finished(video_id).heritage()
        seconds = checks.clip_seconds(call)
        return {"model": "sora-2", "seconds": seconds, "size": self.sizes[0], "extensions": 0}

    def _media(self, video: FakeVideo) -> clips.Media:
        return clips.video(video.id, self.content_size, self.clip)

    def _now(self) -> int:
        return int(time.time()) + self._ahead


def _azure(call: Recorded) -> bool:
    return call.path.startswith("/openai/")


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fakes.openai", description="A fake of OpenAI's Videos API."
    )
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one and prints it")
    parser.add_argument("--polls-to-finish", type=int, default=3)
    parser.add_argument("--slow-seconds", type=float, default=1.0, help="how late [slow] answers")
    parser.add_argument("--content-size", type=int, help="bytes of each clip")
    options = parser.parse_args()
    fake = OpenAIFake(
        polls_to_finish=options.polls_to_finish,
        slow_seconds=options.slow_seconds,
        content_size=options.content_size,
    )
    fake.recording = False
    with suppress(KeyboardInterrupt), serve(fake, port=options.port) as url:
        print(url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
