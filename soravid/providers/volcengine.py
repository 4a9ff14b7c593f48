"""ByteDance's Seedance on Volcengine's Ark, and the same wire at BytePlus (ModelArk): a list of tasks.

Source: volcengine-ark-runtime 5.0.54, and the API's pages at volcengine.com and docs.byteplus.com.

Traps: Seedance 2.5 chooses a duration that is left out, up to 30 s. Frames and reference pictures exclude
each other, and a shape beside a frame is an error: the clip has the frame's. DELETE cancels a task that is
queued and removes one that has ended; a running task cannot be stopped.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import count
from typing import Any, ClassVar

from soravid.deployments import ProviderProfile
from soravid.errors import InsufficientCredits, InvalidRequest, NotFound, ProviderError, UnsupportedOperation
from soravid.providers.base import Download, Flow
from soravid.providers.wire import Wire, given, merged, path_part, whole_seconds
from soravid.shapes import aspect_of, resolution_of, size_of
from soravid.types import Usage, Variant, Video, VideoError, VideoRequest

SECONDS = 5
"""The duration that is asked for where none was: the price must be known before the clip is made."""
_PAGE = 20
_OVERDUE = frozenset({"AccountOverdueError", "OperationDenied.ServiceOverdue"})


class Volcengine(Wire):
    """``{api_base}/contents/generations/tasks`` with a bearer key."""

    profile: ClassVar[ProviderProfile] = ProviderProfile(
        name="volcengine",
        key_vars=("ARK_API_KEY", "VOLCENGINE_API_KEY"),
        default_base="https://ark.cn-beijing.volces.com/api/v3",
        base_path="/api/v3",
        poll_seconds=10.0,
        stops_only_queued=True,
    )

    # --- what servers of this dialect say differently --------------------------------------------------

    _made_at: ClassVar[str] = "contents/generations/tasks"
    """Where a task is made and deleted."""
    _asked_at: ClassVar[str] = "contents/generations/tasks"
    """Where a task is asked for, and where they are listed."""
    _new_id: ClassVar[str] = "id"
    """The field of a create's answer."""
    _clip: ClassVar[str] = "video_url"
    """The field of a task's content that is the clip's link."""

    def _fields(self, request: VideoRequest) -> dict[str, Any]:
        """The body of a create."""
        return given(
            {
                "model": self.deployment.model,
                "content": content_of(request),
                "resolution": request.size and resolution_of(request.size),
                "ratio": ratio_of(request, request.size),
                "duration": whole_seconds(request.seconds) or SECONDS,
                "seed": request.seed,
                "generate_audio": request.audio,
                "safety_identifier": request.user,
            }
        )

    def _told(self, body: Any) -> Any:
        """The task in the answer to a question for one."""
        return body

    def _failure(self, error: Mapping[str, Any]) -> VideoError:
        """Why a task failed."""
        return VideoError(code=error.get("code"), message=error.get("message") or "")

    # --- operations ------------------------------------------------------------------------------------

    def create(self, request: VideoRequest, *, idempotency_key: str | None = None) -> Flow[Video]:
        """POST a task. A clip as input is priced by rules of its own, which no answer states: refused."""
        if request.operation != "create":
            yield from self._lacks(f"{request.operation} a video")
        fields = merged(self._fields(request), request.extra_body)
        body = yield from self._ask("POST", self._made_at, json=fields, billable=True)
        return Video(id=str(self._object(body, self._new_id)[self._new_id]), model=self.deployment.model)

    def retrieve(self, video_id: str) -> Flow[Video]:
        """GET the task; it is known for seven days."""
        return self._parse((yield from self._task(video_id)))

    def content(self, video_id: str, variant: Variant) -> Flow[Download]:
        """The public link in the task; it lives a day."""
        task = yield from self._task(video_id)
        url = (task.get("content") or {}).get(self._clip)
        if not url:
            raise self._no_clip(self._parse(task))
        return self._public(str(url))

    def list(
        self, *, after: str | None = None, limit: int | None = None, order: str | None = None
    ) -> Flow[tuple[list[Video], bool]]:
        """GET the tasks of seven days, newest first. Pages have numbers only, so ``after`` is looked for."""
        if order == "asc":
            yield from self._lacks("list the oldest videos first")
        size, passed = limit or _PAGE, after is None
        rows: list[Video] = []
        for page in count(1):
            params = {"page_num": str(page), "page_size": str(size)}
            body = self._object((yield from self._ask("GET", self._asked_at, params=params)))
            tasks = [self._parse(task) for task in body.get("items") or ()]
            for video in tasks:
                rows += [video] if passed else []
                passed = passed or video.id == after
            more = bool(tasks) and page * size < (body.get("total") or 0)
            if len(rows) >= size or not more:
                break
        return rows[:size], more or len(rows) > size

    def delete(self, video_id: str) -> Flow[None]:
        """DELETE a task that has ended, and its clip."""
        response = yield self._request("DELETE", f"{self._made_at}/{path_part(video_id)}")
        gone = not response.ok and isinstance(self._error(response), NotFound)
        if not (gone and response.attempt > 1):  # else an earlier try, whose answer was lost, has done it
            self._answer(response)

    def cancel(self, video_id: str) -> Flow[None]:
        """DELETE a task if it is queued: of one that has just ended it would be the clip's end."""
        if (yield from self.retrieve(video_id)).status == "queued":
            response = yield self._request("DELETE", f"{self._made_at}/{path_part(video_id)}")
            if response.status not in {400, 409}:
                self._answer(response)
                return
            # It runs by now, or an earlier try, whose answer was lost, has done it.
            if (yield from self.retrieve(video_id)).status == "cancelled":
                return
        raise UnsupportedOperation(
            f"{self.profile.name} stops a job only while it is queued.",
            hint="It will be finished, and billed.",
        )

    # --- pieces ----------------------------------------------------------------------------------------

    def _task(self, video_id: str) -> Flow[dict[str, Any]]:
        body = yield from self._ask("GET", f"{self._asked_at}/{path_part(video_id)}")
        return self._object(self._told(body), "id", "status")

    def _parse(self, task: Any) -> Video:
        task = self._object(task, "id", "status")
        error, used = task.get("error"), task.get("usage") or {}
        if not error and task["status"] == "expired":
            error = {"code": "expired", "message": "The task was not done in the time that it had."}
        video = Video(
            id=str(task["id"]),
            status=task["status"],
            model=task.get("model") or self.deployment.model,
            created_at=task.get("created_at") or 0,
            seconds=task.get("duration"),
            size=_pixels(str(task.get("ratio")), str(task.get("resolution"))),
            error=self._failure(error) if error else None,
        )
        if video.status == "completed":
            video.completed_at = task.get("updated_at")
            tokens = {name: used[name] for name in ("completion_tokens", "total_tokens") if used.get(name)}
            video.usage = Usage(**tokens, duration_seconds=float(video.seconds or 0))
        return video

    def _kind_of(self, status: int, code: str | None, message: str) -> type[ProviderError] | None:
        return InsufficientCredits if code in _OVERDUE else None


def content_of(request: VideoRequest) -> list[dict[str, Any]]:
    """The prompt and each picture in its role."""
    frames = [("first_frame", request.input_reference), ("last_frame", request.last_frame)]
    if request.references and any(picture for _, picture in frames):
        raise InvalidRequest(
            "A clip is made from a first or last frame or from reference pictures, not from both.",
            param="references",
        )
    roles = frames + [("reference_image", picture) for picture in request.references]
    return [{"type": "text", "text": request.prompt}] + [
        {"type": "image_url", "image_url": {"url": picture.data_url}, "role": role}
        for role, picture in roles
        if picture
    ]


def ratio_of(request: VideoRequest, size: str | None) -> str | None:
    """The shape, unless it is that of a frame."""
    return aspect_of(size) if size and not (request.input_reference or request.last_frame) else None


@lru_cache
def _pixels(ratio: str, resolution: str) -> str | None:
    """The size that a task tells by shape and class; None for ``adaptive``, or where it tells none."""
    try:
        return size_of(ratio, resolution)
    except InvalidRequest:
        return None
