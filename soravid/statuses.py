"""The states of a job, in one spelling whichever server tells of it."""

from __future__ import annotations

from typing import Literal

Status = Literal["queued", "in_progress", "completed", "failed", "cancelled"]

FINAL: frozenset[str] = frozenset({"completed", "failed", "cancelled"})
"""The states after which nothing changes. Anything else, also a word nobody knows, is still running."""

_WORDS: dict[Status, str] = {
    "queued": "queued pending submitted starting preprocessing throttled in_queue created waiting",
    "in_progress": "in_progress processing running dreaming generating requires_action requires_continuation",
    "completed": "completed succeeded succeed success done",
    "failed": "failed error expired incomplete budget_exceeded deleted",
    "cancelled": "cancelled canceled",
}
_STATUS: dict[str, Status] = {word: status for status, words in _WORDS.items() for word in words.split()}


def normal_status(word: str) -> Status:
    """Our word for any spelling of a status; an unknown word means that it is still running."""
    return _STATUS.get(word.lower(), "in_progress")
