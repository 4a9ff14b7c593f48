"""The queue: first come first drawn, `parallel` at once, in threads that each drive one worker process."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, replace

from soravid.engine.store import Job, Store
from soravid.engine.workers import Worker, WorkerPool

_SAVE_EVERY = 0.25  # seconds between two writes of a running job's progress


class Task:
    """A live job of this process, and the worker that draws it."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.worker: Worker | None = None
        self.cancelled = False


class Scheduler:
    """Draws jobs in the background. Thread-safe; belongs to no event loop."""

    def __init__(self, store: Store, parallel: int) -> None:
        self._store = store
        self._parallel = parallel
        self._pool = WorkerPool(spare=parallel)
        self._queue: deque[Task] = deque()
        self._tasks: dict[str, Task] = {}
        self._running = 0
        self._closed = False
        self._lock = threading.Lock()

    def submit(self, job: Job) -> None:
        """Queue a job that is already stored."""
        with self._lock:
            if self._closed or job.id in self._tasks:
                return
            task = self._tasks[job.id] = Task(job)
            self._queue.append(task)
            if self._running < self._parallel:
                self._running += 1
                threading.Thread(target=self._drain, name="soravid-engine", daemon=True).start()

    def live(self, job_id: str) -> Job | None:
        """Return a copy of a live job of this process, with its present progress."""
        with self._lock:
            task = self._tasks.get(job_id)
            return None if task is None else replace(task.job)

    def cancel(self, job_id: str) -> None:
        """Drop a queued job, or kill the drawing of a running one."""
        with self._lock:
            task = self._tasks.pop(job_id, None)
            if task is None:
                return
            task.cancelled = True
            worker = task.worker
        if worker is not None:
            worker.kill()

    def close(self) -> None:
        """Stop everything at the end of the process; what was unfinished is drawn by the next one."""
        with self._lock:
            self._closed = True
            self._queue.clear()
            tasks = list(self._tasks)
        for job_id in tasks:
            self.cancel(job_id)
        self._pool.close()

    def _drain(self) -> None:
        while True:
            with self._lock:
                task = self._queue.popleft() if self._queue else None
                if task is None:
                    self._running -= 1
                    return
                if task.cancelled:
                    continue
            try:
                self._run(task)
            except Exception as error:
                # Without its folder the job was deleted meanwhile, by this process or another.
                if self._store.folder(task.job.id).exists():
                    self._finish(task, _failed("render_failed", f"The clip could not be drawn: {error}"))
            finally:
                with self._lock:
                    self._tasks.pop(task.job.id, None)

    def _run(self, task: Task) -> None:
        job = task.job
        job.status = "in_progress"
        self._store.write(job)
        if "[refuse]" in job.request.prompt:
            message = "The prompt asks to be refused: it contains [refuse]."
            self._finish(task, _failed("moderation_blocked", message))
        elif "[fail]" in job.request.prompt:
            self._finish(task, _failed("render_failed", "The prompt asks to fail: it contains [fail]."))
        else:
            self._draw(task)

    def _draw(self, task: Task) -> None:
        worker = self._pool.take()
        with self._lock:
            task.worker = worker
            cancelled = task.cancelled
        outcome: Callable[[Job], None] | None = None
        try:
            if not cancelled:
                outcome = self._follow(task, worker)
        finally:
            with self._lock:
                task.worker = None
                cancelled = task.cancelled
            if outcome is None:
                worker.kill()
            else:
                self._pool.give(worker)
        if not cancelled:
            self._finish(
                task, outcome or _failed("render_failed", "The drawing process stopped unexpectedly.")
            )

    def _follow(self, task: Task, worker: Worker) -> Callable[[Job], None] | None:
        job, saved = task.job, time.monotonic()
        message = {"id": job.id, "folder": str(self._store.folder(job.id)), "request": asdict(job.request)}
        for event in worker.run(message):
            if event["event"] == "done":
                return _completed
            if event["event"] == "failed":
                return _failed("render_failed", event["message"])
            # 100 is said only once the files are in place.
            job.progress = min(99, 100 * event["frames"] // job.request.frames)
            if time.monotonic() - saved > _SAVE_EVERY:
                saved = time.monotonic()
                self._store.write(job)
        return None

    def _finish(self, task: Task, outcome: Callable[[Job], None]) -> None:
        job = task.job
        with self._lock:
            if task.cancelled:
                return
            outcome(job)
        self._store.write(job)


def _completed(job: Job) -> None:
    job.progress = 100
    job.completed_at = int(time.time())
    job.status = "completed"


def _failed(code: str, message: str) -> Callable[[Job], None]:
    def apply(job: Job) -> None:
        job.error = {"code": code, "message": message}
        job.completed_at = int(time.time())
        job.status = "failed"

    return apply
