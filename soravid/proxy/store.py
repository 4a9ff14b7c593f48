"""The media store: finished clips on this machine's disk, for longer than their provider keeps them.

``bucket`` is the same for a bucket.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from soravid.ledger import JobRow
from soravid.proxy.media import MediaOptions

if TYPE_CHECKING:
    from soravid.proxy.bucket import Blob

T = TypeVar("T")

VARIANTS = ("video", "thumbnail", "spritesheet")

_LEFT_OVER = 86_400.0
"""Seconds after which a file that was never finished belongs to nobody."""


def open_store(options: MediaOptions) -> Store:
    """The media store that was asked for. Blocking.

    Raises:
        InvalidRequest: its bucket cannot be used.
    """
    if options.bucket is None:
        return Store(options)
    from soravid.proxy.bucket import BucketStore

    return BucketStore(options, options.bucket)


class Store:
    """A folder of clips, each named by its job, in folders of a few."""

    def __init__(self, options: MediaOptions) -> None:
        self._options = options
        options.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self._options.path

    def path(self, row: JobRow, variant: str = "video") -> Path:
        """Where a job's clip lies, or is to lie; or its still."""
        name = row.id.removeprefix("job_")
        ending = "mp4" if variant == "video" else variant
        return self._options.path / name[:2] / f"{name}.{ending}"

    def find(self, row: JobRow, variant: str = "video") -> Path | None:
        """A job's clip or still, if it is here."""
        path = self.path(row, variant)
        return path if path.is_file() else None

    async def look(self, row: JobRow, variant: str = "video") -> Path | Blob | None:
        """A job's clip or still, wherever it is kept."""
        return self.find(row, variant)

    async def keep(self, row: JobRow, variant: str = "video") -> None:
        """Keep what has just come to its ``path``: there."""

    async def bring(self, row: JobRow) -> None:
        """Have a clip in the folder, if there is one: something is to be made from it."""

    def expires_at(self, row: JobRow) -> int | None:
        """When a clip is removed for its age, in Unix seconds; None: never, or there is none yet."""
        if self._options.max_age is None or row.ended_at is None or row.status != "completed":
            return None
        return int(row.ended_at + self._options.max_age)

    def remove(self, row: JobRow) -> None:
        """Remove what is here of a job."""
        for variant in VARIANTS:
            with suppress(FileNotFoundError):
                self.path(row, variant).unlink()

    def sweep(self) -> int:
        """Remove what is too old, then the oldest of what is too much; returns how many files.

        A clip that somebody is just being sent arrives whole: its file goes when the last reader does.
        """
        now = time.time()
        files = [
            (stat.st_mtime, stat.st_size, path)
            for path, stat in self._files()
            if not path.name.startswith(".")
        ]
        return sum(map(_unlinked, overdue(files, self._options, now))) + self._without_left_overs(now)

    def measured(self) -> tuple[int, int]:
        """How many files there are, and how many bytes they have. Blocking."""
        sizes = [stat.st_size for path, stat in self._files() if not path.name.startswith(".")]
        return len(sizes), sum(sizes)

    def _without_left_overs(self, now: float) -> int:
        """Remove what was never finished; returns how many files."""
        return sum(
            _unlinked(path)
            for path, stat in self._files()
            if path.name.startswith(".") and now - stat.st_mtime > _LEFT_OVER
        )

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        for folder in self._options.path.iterdir():
            if folder.is_dir() and len(folder.name) == 2:
                for path in folder.iterdir():
                    with suppress(OSError):
                        yield path, path.stat()


def overdue(files: Iterable[tuple[float, int, T]], options: MediaOptions, now: float) -> list[T]:
    """Of files with their times and sizes: what is too old, and the oldest of what is too much."""
    gone: list[T] = []
    kept: list[tuple[float, int, T]] = []
    for at, size, name in files:
        if options.max_age is not None and now - at > options.max_age:
            gone.append(name)
        else:
            kept.append((at, size, name))
    total = sum(size for _, size, _ in kept)
    for _, size, name in sorted(kept, key=lambda each: each[0]):
        if options.max_bytes is None or total <= options.max_bytes:
            break
        total -= size
        gone.append(name)
    return gone


def _unlinked(path: Path) -> bool:
    try:
        path.unlink()
    except OSError:
        return False
    return True
