"""One folder per job: ``job.json`` (written atomically), the clip, its pictures and the reference image."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

Status = Literal["queued", "in_progress", "completed", "failed"]

CONTENT = {
    "video": ("clip.mp4", "video/mp4"),
    "thumbnail": ("thumbnail.webp", "image/webp"),
    "spritesheet": ("spritesheet.jpg", "image/jpeg"),
}

_ID = re.compile(r"video_[0-9a-f]{32}")


@dataclass(frozen=True)
class Request:
    """What was asked for, with every default filled in. `seconds` is a string, as on the wire.

    `seed` None means the prompt's own; `base` is the prompts a remix builds on, oldest first; `reference` is
    the reference image's file name in the job's folder.
    """

    prompt: str
    seconds: str = "4"
    size: str = "1280x720"
    seed: int | None = None
    fps: int = 24
    pace: float = 0.0
    metadata: dict[str, Any] = field(default_factory=dict)
    base: tuple[str, ...] = ()
    reference: str | None = None

    @property
    def frames(self) -> int:
        """Number of frames of the clip."""
        return max(1, round(float(self.seconds) * self.fps))

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.size.split("x")[0])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.size.split("x")[1])

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Request:
        """Rebuild a request from its stored form."""
        return cls(**{**value, "base": tuple(value["base"])})


@dataclass
class Job:
    """One job as it is stored. `owner` names the engine that draws it, see `Ownership`."""

    id: str
    created_at: int
    request: Request
    owner: str
    status: Status = "queued"
    progress: int = 0
    completed_at: int | None = None
    remixed_from: str | None = None
    error: dict[str, str] | None = None

    @property
    def live(self) -> bool:
        """Whether the job still has to end."""
        return self.status in ("queued", "in_progress")

    def video(self) -> dict[str, Any]:
        """Return the video object of the OpenAI Videos API."""
        return {
            "id": self.id,
            "object": "video",
            "model": "animatic",
            "status": self.status,
            "progress": self.progress,
            "created_at": self.created_at,
            "completed_at": self.completed_at,
            "expires_at": None,
            "prompt": self.request.prompt,
            "size": self.request.size,
            "seconds": self.request.seconds,
            "remixed_from_video_id": self.remixed_from,
            "error": self.error,
        }


class Store:
    """The job folders under one home. Every method may be called from any thread or process."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)

    def folder(self, job_id: str) -> Path:
        """Return the folder of a job, whether it exists or not."""
        return self.home / job_id

    def new_id(self) -> str:
        """Make an id which sorts by time, so that a listing reads only the jobs it shows."""
        return f"video_{time.time_ns() // 1000:016x}{secrets.token_hex(8)}"

    def add(self, job: Job, reference: bytes | None) -> None:
        """Make the folder of a new job, ``job.json`` last: readers see the job once that is there."""
        folder = self.folder(job.id)
        folder.mkdir()
        if reference is not None and job.request.reference is not None:
            (folder / job.request.reference).write_bytes(reference)
        self.write(job)

    def write(self, job: Job) -> None:
        """Replace ``job.json`` in one step.

        Raises:
            FileNotFoundError: the job was deleted.
        """
        write_json(self.folder(job.id) / "job.json", asdict(job))

    def read(self, job_id: str) -> Job | None:
        """Return the job, or None when there is none of this id."""
        if not _ID.fullmatch(job_id):
            return None
        value = read_json(self.folder(job_id) / "job.json")
        try:
            return Job(**{**value, "request": Request.from_json(value["request"])}) if value else None
        except (KeyError, TypeError):
            return None  # not written by this engine

    def ids(self) -> list[str]:
        """Return the ids of all jobs, oldest first."""
        return sorted(path.name for path in self.home.iterdir() if _ID.fullmatch(path.name))

    def remove(self, job_id: str) -> None:
        """Delete a job's folder; it vanishes in one step, the files follow."""
        bin_ = self.home / f"deleted_{secrets.token_hex(8)}"
        with suppress(FileNotFoundError):
            self.folder(job_id).rename(bin_)
        shutil.rmtree(bin_, ignore_errors=True)


def write_json(path: Path, value: object) -> None:
    """Write a JSON file so that a reader sees the old text or the new, never a part.

    Raises:
        FileNotFoundError: the folder is gone.
    """
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    partial.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    for attempt in range(5):
        try:
            partial.replace(path)
        except PermissionError:
            # Windows refuses for as long as a reader has the old file open.
            if attempt == 4:
                raise
            time.sleep(0.02)
        else:
            return


def read_json(path: Path) -> dict[str, Any] | None:
    """Read a JSON object, or None when the file is absent or is not one."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None
