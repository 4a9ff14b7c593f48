"""A job as callers see it: OpenAI's video object with its cost, or in LiteLLM's words."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Literal

from soravid import guarding
from soravid.from_row import video_of
from soravid.functions import _in_these_words
from soravid.ledger import JobRow
from soravid.money import to_usd
from soravid.proxy import names
from soravid.proxy.store import Store
from soravid.types import VideoError

Words = Literal["openai", "litellm"]
_MOST = 10_000


class Objects:
    """Makes the objects and keeps the newest, as bytes: most polls are answered by the one of before.

    ``arriving`` says whether a finished clip is still on its way to the store: until it is here, a job is
    shown as running, so that whoever hears that it is completed can have it at once.
    """

    def __init__(self, store: Store, arriving: Callable[[JobRow], bool]) -> None:
        self._store = store
        self._arriving = arriving
        self._made: dict[tuple[str, Words], tuple[float, bool, bytes]] = {}

    def body(self, row: JobRow, words: Words = "openai") -> bytes:
        """The object as JSON."""
        arriving = row.status == "completed" and self._arriving(row)
        known = self._made.get((row.id, words))
        if known and known[:2] == (row.updated_at, arriving):
            return known[2]
        body = json.dumps(self.video(row, words), ensure_ascii=False, separators=(",", ":")).encode()
        self._made[row.id, words] = row.updated_at, arriving, body
        while len(self._made) > _MOST:
            del self._made[next(iter(self._made))]
        return body

    def video(self, row: JobRow, words: Words = "openai") -> dict[str, Any]:
        """The object."""
        video = video_of(row)
        video.id, video.model = names.public_id(row), names.model_of(row)
        video.remixed_from_video_id = row.labels.get(names.SOURCE)
        video.expires_at = self._store.expires_at(row)
        if row.status == "completed":
            video.progress = 100
            if self._arriving(row):
                video.status, video.progress, video.completed_at = "in_progress", 99, None
            elif held_back := guarding.held_back(row):
                video.status = "failed"
                video.error = VideoError(code=held_back.code, message=held_back.message)
        elif row.status in {"submitting", "unknown"}:
            video.status = "queued"  # to a caller it waits, until it is known what has become of it
        if words == "litellm":
            video = _in_these_words(video)
        shown = video.model_dump()
        cost = row.cost if row.final else row.held
        shown["cost"] = None if cost is None else f"{to_usd(cost):f}"
        shown["cost_nano_usd"] = cost
        return shown


def money_headers(row: JobRow) -> dict[str, str]:
    """What a clip may cost and, once that is known, what it did; in USD."""
    headers: dict[str, str] = {}
    if row.held is not None:
        headers["x-soravid-estimate-usd"] = f"{to_usd(row.held):f}"
    if row.final and row.cost is not None:
        headers["x-soravid-cost-usd"] = f"{to_usd(row.cost):f}"
    cost = row.cost if row.final else row.held
    if cost is not None:
        headers["x-litellm-response-cost"] = f"{to_usd(cost):f}"
    return headers
