"""What several stories look at: the journal's file, pictures, and processes of their own."""

from __future__ import annotations

import io
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx2
from PIL import Image

from tests.fakes.base import Fake

KEY = "sk-test"
MODEL = "openai/sora-2"
ROOT = Path(__file__).parents[2]


def picture_bytes(width: int = 720, height: int = 1280, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(buffer, kind)
    return buffer.getvalue()


def save_picture(path: Path, width: int = 720, height: int = 1280) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture_bytes(width, height, "JPEG"))
    return path


def posts(fake: Fake) -> int:
    """How many billable requests arrived."""
    return len(fake.asked("POST"))


def query(home: Path, text: str) -> list[dict[str, Any]]:
    """Rows of the journal's file, read past soravid."""
    file = home / "journal.db"
    if not file.exists():
        return []
    with closing(sqlite3.connect(file)) as db:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'jobs'").fetchone():
            return []  # another process is about to make it
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute(text)]


def jobs(home: Path) -> list[dict[str, Any]]:
    return query(home, "SELECT * FROM jobs ORDER BY created_at")


def kinds(home: Path) -> list[str]:
    """The kinds of all entries, in order."""
    return [row["kind"] for row in query(home, "SELECT kind FROM entries ORDER BY id")]


def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait for what another thread or process is about to do."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "It did not happen in time."
        time.sleep(0.01)


def environment(**more: str | Path) -> dict[str, str]:
    """This environment, from which another process imports the project as well."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **{name: str(value) for name, value in more.items()}}


def python(code: str, *arguments: str, timeout: float = 30.0, **more: str | Path) -> str:
    """What a program in a process of its own prints; its errors are ours."""
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    done = subprocess.run(command, env=environment(**more), capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def running(command: list[str], **streams: int) -> Iterator[subprocess.Popen[str]]:
    """A process that does not outlive the block."""
    with subprocess.Popen(command, env=environment(), text=True, **streams) as process:  # type: ignore[call-overload]
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def fake_process(*options: str) -> Iterator[str]:
    """The address of a fake OpenAI in a process of its own."""
    command = [sys.executable, "-m", "tests.fakes.openai", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def videos_at(url: str) -> list[dict[str, Any]]:
    """What the account of a fake holds: one for each billable request."""
    headers = {"authorization": f"Bearer {KEY}"}
    found: list[dict[str, Any]] = httpx2.get(f"{url}/v1/videos?limit=100", headers=headers).json()["data"]
    return found
