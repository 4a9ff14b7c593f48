"""Another soravid: a proxy that shares one account by keys of its own, and speaks the OpenAI dialect.

What it adds: the same ``Idempotency-Key`` gives the same job; a create takes ``seed``, ``negative_prompt``,
``audio``, ``user`` and the files ``last_frame`` and ``references``; ``cost`` in a finished video is what it
cost in USD as text (``cost_nano_usd`` the same as an integer); a row of ``GET /models`` holds what the
catalogue says of the model under ``soravid``; a key without budget is told by the code ``budget_exceeded``.

A model is named as the proxy names it: ``soravid/gemini/gemini-omni-1.2-flash``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from soravid.deployments import ProviderProfile
from soravid.errors import InsufficientCredits, InvalidRequest, ProviderError, ServerError
from soravid.money import to_nano
from soravid.providers.base import Flow
from soravid.providers.openai import OpenAI
from soravid.types import Reference, Video, VideoRequest

_FACTS = frozenset(
    {
        "title",
        "abilities",
        "references",
        "seconds",
        "sizes",
        "default_seconds",
        "default_size",
        "prices",
        "silent_prices",
        "image_price",
        "tolerance",
        "exact_picture",
        "bills_refusals",
        "retires_on",
        "source",
        "as_of",
        "note",
    }
)
"""What is taken over of a model: what a newer proxy says beyond that must not hide the rest."""


class Soravid(OpenAI):
    """``{api_base}/videos`` with a key of the proxy."""

    profile: ClassVar[ProviderProfile] = ProviderProfile(
        name="soravid",
        key_vars=("SORAVID_API_KEY",),
        base_vars=("SORAVID_PROXY_URL",),
        base_path="/v1",
        poll_seconds=3.0,
        replays_creates=True,
        states_cost=True,
        lists_status=True,
    )

    def _own_fields(self, request: VideoRequest) -> dict[str, Any]:
        return {"audio": request.audio, "user": request.user}

    def _pictures(self, request: VideoRequest) -> list[tuple[str, Reference]]:
        named = [("input_reference", request.input_reference), ("last_frame", request.last_frame)]
        named += [("references", picture) for picture in request.references]
        return [(name, picture) for name, picture in named if picture]

    def _parse(self, body: Any) -> Video:
        video = super()._parse(body)
        extra = video.model_extra or {}
        nano, usd = extra.pop("cost_nano_usd", None), extra.pop("cost", None)
        if video.final:  # before that it is an estimate
            video._bill = nano if isinstance(nano, int) else _nano(usd)
        return video

    def models(self) -> Flow[Sequence[dict[str, Any]]]:
        """GET /models: the rows that hold what the catalogue says of them."""
        body = yield from self._ask("GET", "models")
        rows = body.get("data") if isinstance(body, dict) else None
        if not isinstance(rows, list):
            raise ServerError("The proxy's list of models has no data.")
        return [
            {name: fact for name, fact in row["soravid"].items() if name in _FACTS}
            | {"id": f"{self.profile.name}/{row['id']}"}
            for row in rows
            if isinstance(row, dict) and row.get("id") and isinstance(row.get("soravid"), dict)
        ]

    def _kind_of(self, status: int, code: str | None, message: str) -> type[ProviderError] | None:
        # It comes as 402, or as 429, which waiting would not cure.
        return InsufficientCredits if code == "budget_exceeded" else None

    def _hint(self, kind: type[ProviderError]) -> str:
        if kind is InsufficientCredits:
            return "Ask whoever runs the proxy for more budget; nothing was made."
        return super()._hint(kind)


def _nano(usd: Any) -> int | None:
    """USD as text in nano-USD; None where it is no amount, which must not keep a clip from its owner."""
    try:
        return None if usd is None else to_nano(usd)
    except InvalidRequest:
        return None
