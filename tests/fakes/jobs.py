"""What the fakes of job-like providers share: jobs that move on by polls, triggers, links to finished clips.

A job starts `queued` and moves on by one step each time its status is asked for, so no test sleeps. A word in
the prompt makes things go wrong:

    [refuse]      create is refused by the safety check; nothing is made
    [429]         create is answered 429 with Retry-After the first time
    [500]         create is answered 500; nothing is made
    [slow]        create makes the job, and answers `slow_seconds` late
    [lost]        create makes the job, and the connection closes without an answer
    [moderation]  the job ends refused by the safety check, in the provider's own way
    [error]       the job ends failed for another reason
    [flaky]       the first two polls answer 503
    [cut]         the first `cuts` downloads break off half-way; later ones, and ranges, come whole
    [redirect]    the clip's link answers 302 to `cdn_url`: serve a `CDNFake` there
    [stale]       the first link that is used has ended (403); a link that is asked for afterwards works
    [gone]        the clip has been removed: its link answers 404
    [notvideo]    the clip is an HTML page, with status 200
"""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from tests.fakes import clips
from tests.fakes.base import Fake, Operation, Refusal
from tests.fakes.recorder import Recorded
from tests.fakes.server import hang_up

MEDIA = "/media/"


@dataclass
class FakeJob:
    """One job. `status` is queued, in_progress, completed, failed or cancelled, in soravid's words."""

    id: str
    prompt: str
    values: dict[str, Any]  # what was asked for, as the provider's fake reads it
    created_at: float
    status: str = "queued"
    refused: bool = False
    polls: int = 0
    progress: float = 0.0  # 0 to 1
    stumbles: int = 0
    downloads: int = 0
    links: int = 0  # handed out so far
    dead_links: int = 0  # those up to this number have ended

    def __contains__(self, trigger: str) -> bool:
        """Tell whether the prompt holds a trigger such as `[slow]`."""
        return trigger in self.prompt

    @property
    def live(self) -> bool:
        """Whether it may still change."""
        return self.status in ("queued", "in_progress")

    def finish(self) -> None:
        """End it now, as its prompt says."""
        self.refused = "[moderation]" in self
        failed = self.refused or "[error]" in self
        self.status, self.progress = ("failed", self.progress) if failed else ("completed", 1.0)


@dataclass(eq=False)
class JobFake(Fake):
    """A fake provider. A subclass gives `routes_of` and says in its words what each refusal looks like."""

    api_key: str = "sk-test"
    polls_to_finish: int = 3
    retry_after: str = "0.01"
    slow_seconds: float = 1.0
    cuts: int = 1
    ranges: bool = True
    cdn_url: str = ""
    content_size: int | None = None
    clip: bytes | None = None
    retired: bool = False  # every create is answered as the provider answers for a model that is gone

    creates: int = 0  # billable jobs made
    jobs: dict[str, FakeJob] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        super().__init__()
        self._limited: set[str] = set()

    # --- what a provider's fake says ---

    def routes_of(self) -> list[tuple[str, str, Operation]]:
        """Return the provider's operations: method, Starlette path, operation."""
        raise NotImplementedError

    def key_of(self, call: Recorded) -> str:
        """Return the key that a call brings."""
        return call.headers.get("authorization", "").removeprefix("Bearer ")

    def error(self, status: int, message: str, code: str = "", **headers: str) -> Refusal:
        """Return an error in the provider's envelope."""
        return Refusal(JSONResponse({"error": {"message": message, "code": code}}, status, headers=headers))

    def refused_at_create(self) -> Refusal:
        """Return the answer to a prompt that the safety check does not accept."""
        raise NotImplementedError

    def bad_key(self) -> Refusal:
        """Return the answer to a wrong or missing key."""
        return self.error(401, "Incorrect API key provided.", "invalid_api_key")

    def limited(self) -> Refusal:
        """Return the answer to one request too many."""
        return self.error(
            429, "Too many requests.", "rate_limit_exceeded", **{"retry-after": self.retry_after}
        )

    def broken(self, status: int = 500) -> Refusal:
        """Return a server's fault."""
        return self.error(status, "Internal error.", "server_error")

    def unknown_job(self, job_id: str) -> Refusal:
        """Return the answer to an id that nobody has."""
        return self.error(404, f"No job {job_id}.", "not_found")

    def no_model(self, model: str) -> Refusal:
        """Return the answer to a model that is gone."""
        return self.error(404, f"The model {model} does not exist.", "model_not_found")

    def new_id(self) -> str:
        """Return an id as the provider forms it."""
        return secrets.token_hex(12)

    # --- what they share ---

    def operations(self) -> list[tuple[str, str, Operation]]:
        """Return the provider's operations and the host of its clips."""
        return [*self.routes_of(), ("GET", f"{MEDIA}{{name}}", self._media)]

    def admit(self, call: Recorded) -> None:
        """Check the key, but for the public links."""
        if not call.path.startswith(MEDIA) and self.key_of(call) != self.api_key:
            raise self.bad_key()

    async def begin(self, request: Request, prompt: str, model: str = "", **values: Any) -> FakeJob:
        """Make a job, unless a trigger in its prompt says otherwise. To be called once all is checked."""
        if self.retired:
            raise self.no_model(model)
        if "[refuse]" in prompt:
            raise self.refused_at_create()
        if "[429]" in prompt and prompt not in self._limited:
            self._limited.add(prompt)
            raise self.limited()
        if "[500]" in prompt:
            raise self.broken()
        job = FakeJob(self.new_id(), prompt, values | {"model": model}, time.time())
        self.jobs[job.id] = job
        self.creates += 1
        if "[slow]" in prompt:
            await asyncio.sleep(self.slow_seconds)
        if "[lost]" in prompt:
            await hang_up(request.scope, request.receive)
        return job

    def find(self, job_id: str) -> FakeJob:
        """Return a job, or refuse in the provider's words."""
        if job_id not in self.jobs:
            raise self.unknown_job(job_id)
        return self.jobs[job_id]

    def poll(self, job_id: str) -> FakeJob:
        """Return a job, moved on by one poll."""
        job = self.find(job_id)
        if "[flaky]" in job and job.stumbles < 2:
            job.stumbles += 1
            raise self.broken(503)
        if job.live:
            job.polls += 1
            if job.polls >= self.polls_to_finish:
                job.finish()
            elif job.polls > 1:
                job.status, job.progress = "in_progress", job.polls / self.polls_to_finish
        return job

    def link(self, request: Request, job: FakeJob) -> str:
        """Return a new signed link to a job's clip, on this server."""
        job.links += 1
        return f"{str(request.base_url).rstrip('/')}{MEDIA}{job.id}.mp4?signature={job.links}"

    def bytes_of(self, job_id: str) -> bytes:
        """Return what a whole download of a clip holds."""
        media = self._file(job_id)
        return media.head + bytes(media.size - len(media.head))

    @property
    def media_calls(self) -> list[Recorded]:
        """What was asked of the public links."""
        return [call for call in self.requests if call.path.startswith(MEDIA)]

    def send_clip(self, request: Request, job: FakeJob) -> Response:
        """Answer with a job's clip, as its prompt says."""
        if "[notvideo]" in job:
            return HTMLResponse("<!doctype html><title>One moment</title>")
        if "[redirect]" in job:
            return RedirectResponse(f"{self.cdn_url}/{job.id}?signature={secrets.token_hex(8)}", 302)
        job.downloads += 1
        cut = "[cut]" in job and job.downloads <= self.cuts
        return clips.send_media(request, self._file(job.id), ranges=self.ranges, cut=cut)

    async def _media(self, request: Request, call: Recorded) -> Response:
        job = self.jobs.get(request.path_params["name"].removesuffix(".mp4"))
        if job is None or "[gone]" in job:
            return Response("<Error><Code>NoSuchKey</Code></Error>", 404, media_type="application/xml")
        number = int(call.query.get("signature", "0"))
        if "[stale]" in job and not job.dead_links:
            job.dead_links = job.links
        if not 0 < number <= job.links or number <= job.dead_links:
            return Response("<Error><Code>AccessDenied</Code></Error>", 403, media_type="application/xml")
        return self.send_clip(request, job)

    def _file(self, job_id: str) -> clips.Media:
        return clips.video(job_id, self.content_size, self.clip)
