"""What the environment says of the log, read when a line is written."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal, cast, get_args

from soravid.observe.faults import tell_once

Mode = Literal["off", "full", "hashed"]


@dataclass(frozen=True, slots=True)
class LogOptions:
    """``SORAVID_LOG`` (full), ``SORAVID_LOG_DAYS`` (30) and ``SORAVID_LOG_MB`` (20).

    Attributes:
        mode: ``hashed`` writes digests of prompts, parameters and error messages.
        days: files whose last line is older are removed; 0: none is.
        most_bytes: a file that is larger is closed and another one begun.
    """

    mode: Mode
    days: int
    most_bytes: int


def log_options() -> LogOptions:
    """The options now. What cannot be read writes less, not more: an unknown mode is ``off``."""
    mode = os.environ.get("SORAVID_LOG", "").strip().lower() or "full"
    if mode not in get_args(Mode):
        tell_once(f"SORAVID_LOG must be off, full or hashed, not {mode!r}. Nothing is logged.")
        mode = "off"
    return LogOptions(
        mode=cast(Mode, mode),
        days=_whole("SORAVID_LOG_DAYS", 30),
        most_bytes=max(1, _whole("SORAVID_LOG_MB", 20)) * 1_000_000,
    )


def _whole(name: str, normal: int) -> int:
    text = os.environ.get(name, "").strip()
    if text and not (text.isdecimal() and len(text) < 10):
        tell_once(f"{name} must be a whole number, not {text!r}: {normal} is used.")
        return normal
    return int(text or normal)
