"""The log's files: lines appended by any number of processes, put away by day and size, read back."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from soravid import settings
from soravid.observe.events import Event, from_line

if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_LOCK, 1)

else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX)


NAME = "soravid.jsonl"
_DAY = 86_400
_AT_ONCE = 64 * 1024
"""Bytes of whole lines in one write."""


def folder(home: Path) -> Path:
    """Where the log of a home is."""
    return home / "log"


class LogFiles:
    """Appends to ``<home>/log/soravid.jsonl``; for one thread.

    Lines go out whole, in O_APPEND: those of several processes never mix. A file of yesterday, or one that
    is too large, is renamed to ``soravid-<when>.jsonl`` before the next line is written.
    """

    def __init__(self, home: Path) -> None:
        self._folder = folder(home)
        self._path = self._folder / NAME
        self._handle: int | None = None

    def append(self, lines: Iterable[bytes], *, most_bytes: int, days: int) -> None:
        """Write lines, each with its line break.

        Raises:
            OSError: the disk is full, or the folder cannot be written.
        """
        chunk = bytearray()
        for line in lines:
            if chunk and len(chunk) + len(line) > _AT_ONCE:
                self._write(bytes(chunk), most_bytes, days)
                chunk.clear()
            chunk += line
        if chunk:
            self._write(bytes(chunk), most_bytes, days)

    def close(self) -> None:
        """Close the file."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _write(self, data: bytes, most_bytes: int, days: int) -> None:
        handle = self._current(most_bytes, days)
        if os.write(handle, data) < len(data):  # the disk is full; the next line begins on its own
            self.close()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _current(self, most_bytes: int, days: int) -> int:
        """The file to write to: another process may have put ours away, or it is time that we do."""
        there = self._stat()
        if there is not None and _is_over(there, most_bytes):
            self._put_away(most_bytes, days)
            there = self._stat()
        if self._handle is not None and (
            there is None or not os.path.samestat(there, os.fstat(self._handle))
        ):
            self.close()
        if self._handle is None:
            self._handle = self._open(days)
        return self._handle

    def _open(self, days: int) -> int:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # prompts are private
        _remove_old(self._folder, days)
        handle = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        size = os.fstat(handle).st_size
        if size:
            os.lseek(handle, size - 1, os.SEEK_SET)
            if os.read(handle, 1) != b"\n":  # somebody's last line broke off
                os.write(handle, b"\n")
        return handle

    def _stat(self) -> os.stat_result | None:
        try:
            return self._path.stat()
        except FileNotFoundError:
            return None

    def _put_away(self, most_bytes: int, days: int) -> None:
        with _alone(self._folder):
            there = self._stat()
            if there is None or not _is_over(there, most_bytes):
                return  # another process was first
            now = time.time_ns()
            when = datetime.fromtimestamp(now // 10**9, UTC).strftime("%Y%m%dT%H%M%S")
            with suppress(PermissionError):  # Windows, where another process has it open: it grows on
                self._path.rename(self._folder / f"soravid-{when}.{now % 10**9:09}.jsonl")
            _remove_old(self._folder, days)


def read(
    home: str | os.PathLike[str] | None = None, job_id: str | None = None, since: float | None = None
) -> Iterator[Event]:
    """The events of a home's log, oldest file first; lines that are broken are passed over.

    Events that were just emitted are there after ``flush()``.

    Args:
        home: ``SORAVID_HOME`` where it is not given.
        job_id: only the events of that job.
        since: Unix seconds; only events from then on.
    """
    place = folder(Path(home).expanduser() if home is not None else settings.home())
    wanted = None if job_id is None else f'"{job_id}"'.encode()
    for file in _opened(place, since):
        with file:
            for line in file:
                if wanted is not None and wanted not in line:
                    continue
                try:
                    event = from_line(line)
                except ValueError:
                    continue
                if (job_id is None or event.job_id == job_id) and (since is None or event.at >= since):
                    yield event


def _opened(place: Path, since: float | None) -> Iterator[BinaryIO]:
    """Every file, oldest first. The newest is opened before the others are listed: none is missed."""
    try:
        newest = (place / NAME).open("rb")
    except FileNotFoundError:
        newest = None
    try:
        for path in sorted(place.glob("soravid-*.jsonl")):
            with suppress(FileNotFoundError):
                facts = path.stat()
                same = newest is not None and os.path.samestat(facts, os.fstat(newest.fileno()))
                if not same and (since is None or facts.st_mtime >= since):
                    yield path.open("rb")
        if newest is not None:
            yield newest
    finally:
        if newest is not None:
            newest.close()


def _is_over(file: os.stat_result, most_bytes: int) -> bool:
    """Whether a file has lines, and is too large or of another day (in UTC)."""
    return file.st_size > 0 and (
        file.st_size >= most_bytes or int(file.st_mtime) // _DAY != int(time.time()) // _DAY
    )


def _remove_old(place: Path, days: int) -> None:
    """Remove the files that were put away and whose last line is older than ``days``."""
    if not days:
        return
    oldest = time.time() - days * _DAY
    for path in place.glob("soravid-*.jsonl"):
        with suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Keep other processes from putting the same file away; the lock ends with its process."""
    handle = os.open(place / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(handle)
        yield
    finally:
        os.close(handle)
