"""Which engine draws which job, so that two processes sharing a home never draw one twice."""

from __future__ import annotations

import os
import re
import secrets
import threading
from contextlib import suppress
from pathlib import Path

from soravid.engine.locks import FileLock


class Ownership:
    """The name of one engine, alive for as long as its process holds the lock of that name.

    A job names its owner. When the owner's lock is free its process has died, and whoever holds the home's
    `claim` lock may put its own name there instead.
    """

    def __init__(self, home: Path) -> None:
        self._folder = home / "owners"
        self.name = secrets.token_hex(8)
        self.claim = home / "claim.lock"
        self._lock: FileLock | None = None
        self._guard = threading.Lock()

    def hold(self) -> str:
        """Take this engine's lock, once, and return its name."""
        with self._guard:
            if self._lock is None:
                self._folder.mkdir(exist_ok=True)
                lock = FileLock(self._folder / self.name)
                lock.acquire(timeout=5)
                self._lock = lock
                if hasattr(os, "register_at_fork"):
                    # A forked child has the file open too, and would keep the name alive after us.
                    os.register_at_fork(after_in_child=lock.release)
        return self.name

    def alive(self, name: str) -> bool:
        """Whether the engine of that name still runs."""
        if name == self.name:
            return True
        path = self._folder / name
        if not re.fullmatch(r"[0-9a-f]{16}", name) or not path.exists():
            return False
        lock = FileLock(path)
        if not lock.try_acquire():
            return True
        lock.release()
        return False

    def died(self, name: str) -> bool:
        """Whether the engine of that name ran here, and its process was killed."""
        return (self._folder / name).exists() and not self.alive(name)

    def bury(self, name: str) -> None:
        """Remove what a dead engine left."""
        with suppress(OSError):
            (self._folder / name).unlink()

    def release(self) -> None:
        """Let go of the name at the end of the process."""
        with self._guard:
            if self._lock is not None:
                self._lock.release()
                self._lock = None
                self.bury(self.name)
