"""Events to emit, and the log as it lies on the disk."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from soravid.observe import Event, EventName


def event(name: EventName = "job.submitted", **more: Any) -> Event:
    known: dict[str, Any] = {
        "at": time.time(),
        "job_id": "job_0123456789abcdef",
        "session": "s1",
        "model": "openai/sora-2",
        "deployment": "openai/sora-2@api.openai.com",
        "prompt": "A red kite",
        "parameters": {"operation": "create", "seconds": "8"},
        "held": 800_000_000,
    }
    return Event(name=name, **(known | more))


def log(home: Path) -> Path:
    return home / "log" / "soravid.jsonl"


def lines(home: Path) -> list[dict[str, Any]]:
    """Every line of every file, read past soravid; a line that is not JSON fails."""
    files = [*sorted((home / "log").glob("soravid-*.jsonl")), log(home)]
    return [json.loads(line) for file in files if file.exists() for line in file.read_bytes().splitlines()]
