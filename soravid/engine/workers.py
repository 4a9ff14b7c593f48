"""The drawing processes: started when needed, kept warm for the next clip, gone with this process.

A worker speaks JSON lines: a job in on stdin, events out on stdout. It is a fresh interpreter rather than a
`multiprocessing` child, which would import the user's ``__main__`` again (or copy a kernel with its threads).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

# -P and an appended path: a `queue.py` beside the user's notebook must not shadow the standard library's.
_BOOT = "import sys; sys.path.append({root!r}); from soravid.engine.worker import main; main()"
_ROOT = str(Path(__file__).resolve().parents[2])


class Worker:
    """One drawing process."""

    def __init__(self) -> None:
        # One thread for BLAS: its products here are tiny, and its helper threads cost start time and memory.
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        # An own session, so that the interrupt of a notebook cell does not stop the drawing.
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and text
            [sys.executable, "-P", "-c", _BOOT.format(root=_ROOT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def run(self, job: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Draw one clip; yields its events, ends after ``done`` or ``failed`` or with the process."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            return
        with suppress(OSError):
            stdin.write(json.dumps(job).encode() + b"\n")
            stdin.flush()
        for line in stdout:
            event = json.loads(line)
            yield event
            if event["event"] in ("done", "failed"):
                return

    def kill(self) -> None:
        """Stop the process at once and wait for its end."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


class WorkerPool:
    """Warm workers at rest, at most `spare` of them. Thread-safe."""

    def __init__(self, spare: int) -> None:
        self._spare = spare
        self._resting: list[Worker] = []
        self._lock = threading.Lock()

    def take(self) -> Worker:
        """Return a resting worker, or start one."""
        with self._lock:
            while self._resting:
                worker = self._resting.pop()
                if worker.alive():
                    return worker
                worker.kill()
        return Worker()

    def give(self, worker: Worker) -> None:
        """Take back a worker which is at rest or dead."""
        with self._lock:
            if worker.alive() and len(self._resting) < self._spare:
                self._resting.append(worker)
                return
        worker.kill()

    def close(self) -> None:
        """Stop the resting workers."""
        with self._lock:
            resting, self._resting = self._resting, []
        for worker in resting:
            worker.kill()
