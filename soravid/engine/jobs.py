"""What the routes do: make, find, list and delete jobs, each once, across threads and processes."""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import threading
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from soravid.engine.locks import FileLock
from soravid.engine.ownership import Ownership
from soravid.engine.scheduler import Scheduler
from soravid.engine.store import CONTENT, Job, Request, Store, read_json, write_json
from soravid.engine.wire import WireError


class Engine:
    """The jobs of one home. Blocking (files, short locks): call it from a thread, not from an event loop."""

    def __init__(self, home: Path, parallel: int | None) -> None:
        self._store = Store(home)
        self._ownership = Ownership(home)
        self._scheduler = Scheduler(self._store, parallel or max(1, (os.cpu_count() or 1) // 2))
        self._create = threading.Lock()
        self._process = os.getpid()
        atexit.register(self.close)

    def close(self) -> None:
        """Stop the drawing; unfinished jobs are taken up by the next process that asks for them."""
        if os.getpid() != self._process:
            return  # a forked child at its end: the jobs are its parent's
        self._scheduler.close()
        self._ownership.release()

    def create(
        self,
        request: Request,
        reference: bytes | None = None,
        *,
        key: str | None = None,
        parent: Job | None = None,
    ) -> Job:
        """Make a job and queue it; with the idempotency `key` of an earlier call, return that call's job.

        Raises:
            WireError: 409 when the key was used for another request.
        """
        if key is None:
            return self._add(request, reference, parent)
        digest = _digest(request, reference, parent)
        path = self._store.home / "idempotency" / f"{hashlib.sha256(key.encode()).hexdigest()}.json"
        path.parent.mkdir(exist_ok=True)
        with self._create, FileLock(self._ownership.claim):
            earlier = read_json(path)
            job = self.find(earlier["id"], claimed=True) if earlier else None
            if earlier is not None and job is not None:
                if earlier["digest"] != digest:
                    message = "This Idempotency-Key was used for a different request; use a new key."
                    raise WireError(409, message, code="idempotency_conflict")
                return job
            job = self._add(request, reference, parent)
            write_json(path, {"id": job.id, "digest": digest})
            return job

    def _add(self, request: Request, reference: bytes | None, parent: Job | None) -> Job:
        job = Job(
            id=self._store.new_id(),
            created_at=int(time.time()),
            request=request,
            owner=self._ownership.hold(),
            remixed_from=parent.id if parent else None,
        )
        self._store.add(job, reference)
        # The answer shows the job as it was made, not as the drawing thread changes it.
        answer = replace(job)
        self._scheduler.submit(job)
        return answer

    def find(self, job_id: str, *, claimed: bool = False) -> Job | None:
        """Return a job, or None; one that died with its process is queued again under its id.

        `claimed` says that the caller holds the claim lock already.
        """
        job = self._scheduler.live(job_id)
        if job is not None:
            return job
        job = self._store.read(job_id)
        if job is None or not job.live or self._ownership.alive(job.owner):
            return job
        if claimed:
            return self._adopt(job_id)
        with FileLock(self._ownership.claim):
            return self._adopt(job_id)

    def _adopt(self, job_id: str) -> Job | None:
        # Read again: another process may have taken it since.
        job = self._store.read(job_id)
        if job is None or not job.live or self._ownership.alive(job.owner):
            return job
        dead, job.owner = job.owner, self._ownership.hold()
        job.status, job.progress = "queued", 0
        try:
            self._store.write(job)
        except FileNotFoundError:
            return None
        self._ownership.bury(dead)
        answer = replace(job)
        self._scheduler.submit(job)
        return answer

    def page(self, after: str | None, limit: int, order: str) -> tuple[list[Job], bool]:
        """Return up to `limit` jobs by time (`order` ``asc`` or ``desc``) and whether more follow.

        Raises:
            WireError: 404 when there is no job `after`.
        """
        ids = self._store.ids()
        if order == "desc":
            ids.reverse()
        if after is not None:
            if after not in ids:
                raise WireError(404, f"No video with id {after[:80]!r}.", param="after", code="not_found")
            ids = ids[ids.index(after) + 1 :]
        jobs = [job for job_id in ids[:limit] if (job := self.find(job_id)) is not None]
        return jobs, len(ids) > limit

    def delete(self, job_id: str) -> bool:
        """Delete a job and its files, stopping its drawing, and say whether there was one."""
        if self._scheduler.live(job_id) is None and self._store.read(job_id) is None:
            return False
        self._scheduler.cancel(job_id)
        self._store.remove(job_id)
        return True

    def content(self, job: Job, variant: str) -> tuple[Path, str]:
        """Return the file of a completed job's `variant` and its media type."""
        name, media_type = CONTENT[variant]
        return self._store.folder(job.id) / name, media_type

    def reference(self, job: Job) -> bytes | None:
        """Return the bytes of a job's reference image."""
        name = job.request.reference
        return None if name is None else (self._store.folder(job.id) / name).read_bytes()


def _digest(request: Request, reference: bytes | None, parent: Job | None) -> str:
    said: dict[str, Any] = {"request": asdict(request), "parent": parent.id if parent else None}
    if reference is not None:
        said["image"] = hashlib.sha256(reference).hexdigest()
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
