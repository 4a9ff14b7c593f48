"""A video inside the fake: its life from `queued` to an end, moved on by polls instead of by a clock."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

BLOCKED = "Your request was blocked by our moderation system."


@dataclass
class FakeVideo:
    """One job and, when it is completed, its clip."""

    id: str
    model: str
    prompt: str
    seconds: str
    size: str
    created_at: int
    polls_to_finish: int
    kept_since_creation: bool  # Azure keeps 24 h from creation, OpenAI about 1 h from completion
    remixed_from_video_id: str | None = None
    extensions: int = 0
    status: str = "queued"
    progress: int = 0
    completed_at: int | None = None
    expires_at: int | None = None
    error: dict[str, str] | None = None
    polls: int = 0
    stumbles: int = 0
    downloads: int = 0

    def __contains__(self, trigger: str) -> bool:
        """Tell whether the prompt holds a trigger such as `[slow]`."""
        return trigger in self.prompt

    @property
    def live(self) -> bool:
        """Whether it may still change."""
        return self.status not in ("completed", "failed")

    def poll(self, now: int) -> None:
        """Move on by one poll."""
        if not self.live:
            return
        if "[weird]" in self and self.status == "queued":
            self.status = "thinking"
            return
        self.polls += 1
        if self.polls >= self.polls_to_finish:
            self.finish(now)
        else:
            self.status = "in_progress"
            self.progress = 100 * self.polls // self.polls_to_finish

    def finish(self, now: int | None = None) -> None:
        """End it: completed, or failed when the prompt says so."""
        now = int(time.time()) if now is None else now
        if "[moderation]" in self:
            self.status, self.error = "failed", {"code": "moderation_blocked", "message": BLOCKED}
            return
        if "[error]" in self:
            self.status, self.error = (
                "failed",
                {"code": "server_error", "message": "The video could not be made."},
            )
            return
        self.status, self.progress, self.completed_at = "completed", 100, now
        self.expires_at = self.created_at + 86_400 if self.kept_since_creation else now + 3_600

    def expired(self, now: int) -> bool:
        """Tell whether its content is gone."""
        return self.expires_at is not None and now >= self.expires_at

    def heritage(self) -> dict[str, Any]:
        """Return what a remix, edit or extension takes over."""
        return {
            "model": self.model,
            "seconds": self.seconds,
            "size": self.size,
            "extensions": self.extensions,
        }

    def as_object(self) -> dict[str, Any]:
        """Return the video object of the wire. OpenAI's holds no usage."""
        return {
            "id": self.id,
            "object": "video",
            "model": self.model,
            "status": self.status,
            "progress": self.progress,
            "created_at": self.created_at,
            "completed_at": self.completed_at,
            "expires_at": self.expires_at,
            "prompt": self.prompt,
            "size": self.size,
            "seconds": self.seconds,
            "remixed_from_video_id": self.remixed_from_video_id,
            "error": self.error,
        }
