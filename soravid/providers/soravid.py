"""Another soravid: a proxy that shares one account by keys of its own, and speaks the OpenAI dialect.

What it adds: the same ``Idempotency-Key`` gives the same job; a create takes ``seed``, ``negative_prompt``,
``audio``, ``user`` and the files ``last_frame`` and ``references``; ``cost`` in a finished video is what it
cost in USD as text (``cost_nano_usd`` the same as an integer); a row of ``GET /models`` holds what the
catalogue says of the model under ``soravid``; a key without budget is told by the code ``budget_exceeded``.

A model is named as the proxy names it: ``soravid/gemini/gemini-omni-1.2-flash``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

from soravid.deployments import ProviderProfile
from soravid.errors import (
    AuthenticationFailed,
    InsufficientCredits,
    InvalidRequest,
    ProviderError,
    ServerError,
)
from soravid.money import to_nano
from soravid.providers.base import Flow, Request, Response
from soravid.providers.openai import OpenAI
from soravid.types import Reference, Video, VideoRequest

_FACTS = frozenset(
    {
        "title",
        "abilities",
        "references",
        "seconds",
        "extend_seconds",
        "sizes",
        "default_seconds",
        "default_size",
        "prices",
        "silent_prices",
        "image_price",
        "free_images",
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

_ASK = "Ask whoever runs the proxy"
_TITLES: dict[type[ProviderError], str] = {
    AuthenticationFailed: "The proxy did not accept the key",
    InsufficientCredits: "The key's budget does not cover it",
}


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

    def listed(self) -> Flow[list[dict[str, Any]]]:
        """GET /models: a row for each model that the key may use, with its ``id`` as we name it.

        One whose proxy says nothing of it has nothing else: it may be anything.
        """
        body = yield from self._ask("GET", "models")
        rows = body.get("data") if isinstance(body, dict) else None
        if not isinstance(rows, list):
            raise ServerError("The proxy's list of models has no data.")
        return [_row(row) for row in rows if isinstance(row, dict) and row.get("id")]

    def models(self) -> Flow[Sequence[dict[str, Any]]]:
        """GET /models: the rows that hold what the catalogue says of them."""
        return [row for row in (yield from self.listed()) if len(row) > 1]

    def key_info(self) -> Flow[dict[str, Any] | None]:
        """GET /key/info, in LiteLLM's shape, money as ``Decimal``; None where the key may not ask."""
        url = f"{self._base().removesuffix('/v1')}/key/info"  # LiteLLM has it there, and there alone
        response = yield Request("GET", url, headers=self._credentials() | self.deployment.headers)
        try:
            info: Any = json.loads(response.content, parse_float=Decimal)["info"]
        except (ValueError, KeyError, TypeError):
            return None
        return info if response.ok and isinstance(info, dict) else None

    def _kind_of(self, status: int, code: str | None, message: str) -> type[ProviderError] | None:
        # It comes as 402, or as 429, which waiting would not cure.
        return InsufficientCredits if code == "budget_exceeded" else None

    def _error(self, response: Response) -> ProviderError:
        error = super()._error(response)
        error.title = _TITLES.get(type(error), error.title)
        if error.hint.startswith(_ASK) and _ASK in error.message:  # where the budget begins anew it says when
            error.hint = "Nothing was made."
        return error

    def _hint(self, kind: type[ProviderError]) -> str:
        if kind is InsufficientCredits:
            return f"{_ASK} for more budget; nothing was made."
        return super()._hint(kind)


def _row(row: dict[str, Any]) -> dict[str, Any]:
    said = row.get("soravid")
    facts = {name: fact for name, fact in said.items() if name in _FACTS} if isinstance(said, dict) else {}
    return facts | {"id": f"{Soravid.profile.name}/{row['id']}"}


def _nano(usd: Any) -> int | None:
    """USD as text in nano-USD; None where it is no amount, which must not keep a clip from its owner."""
    try:
        return None if usd is None else to_nano(usd)
    except InvalidRequest:
        return None
