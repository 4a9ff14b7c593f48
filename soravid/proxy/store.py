"""The media store: finished clips on this machine's disk, for longer than their provider keeps them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from soravid.ledger import JobRow
from soravid.proxy.options import MediaOptions

_LEFT_OVER = 86_400.0
"""Seconds after which a file that was never finished belongs to nobody."""


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

    def expires_at(self, row: JobRow) -> int | None:
        """When a clip is removed for its age, in Unix seconds; None: never, or there is none yet."""
        if self._options.max_age is None or row.ended_at is None or row.status != "completed":
            return None
        return int(row.ended_at + self._options.max_age)

    def remove(self, row: JobRow) -> None:
        """Remove what is here of a job."""
        for variant in ("video", "thumbnail", "spritesheet"):
            with suppress(FileNotFoundError):
                self.path(row, variant).unlink()

    def sweep(self) -> int:
        """Remove what is too old, then the oldest of what is too much; returns how many files.

        A clip that somebody is just being sent arrives whole: its file goes when the last reader does.
        """
        now, removed = time.time(), 0
        kept: list[tuple[float, int, Path]] = []
        for path, stat in self._files():
            age = now - stat.st_mtime
            unfinished = path.name.startswith(".")
            most = _LEFT_OVER if unfinished else self._options.max_age
            if most is not None and age > most:
                removed += _unlinked(path)
            elif not unfinished:
                kept.append((stat.st_mtime, stat.st_size, path))
        total, most_bytes = sum(size for _, size, _ in kept), self._options.max_bytes
        for _, size, path in sorted(kept) if most_bytes is not None else ():
            if most_bytes is not None and total <= most_bytes:
                break
            total -= size
            removed += _unlinked(path)
        return removed

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        for folder in self._options.path.iterdir():
            if folder.is_dir() and len(folder.name) == 2:
                for path in folder.iterdir():
                    with suppress(OSError):
                        yield path, path.stat()


def _unlinked(path: Path) -> bool:
    try:
        path.unlink()
    except OSError:
        return False
    return True
