"""OpenAI's moderation of text and pictures, which is free of charge (source: openai-openapi 2.3.0)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Unpack

from soravid.deployments import ProviderProfile
from soravid.errors import InvalidRequest
from soravid.guardrails.base import BaseGuardrail, Common, check_action
from soravid.guardrails.blocked import THING
from soravid.guardrails.http import openai_like
from soravid.guardrails.verdicts import ALLOW, STAGES, Action, Context, Stage, Verdict, check_choice
from soravid.transport import Transport
from soravid.types import Reference

CATEGORIES = {
    "harassment": "harassment",
    "harassment/threatening": "threats",
    "hate": "hate",
    "hate/threatening": "hate with threats",
    "illicit": "unlawful acts",
    "illicit/violent": "violent unlawful acts",
    "self-harm": "self-harm",
    "self-harm/intent": "an intent of self-harm",
    "self-harm/instructions": "instructions for self-harm",
    "sexual": "sexual content",
    "sexual/minors": "sexual content with minors",
    "violence": "violence",
    "violence/graphic": "graphic violence",
}
"""The categories, in an end user's words.

A picture counts only for sexual, self-harm (all three), violence and violence/graphic: the others look at
text alone.
"""
_PROFILE = ProviderProfile(
    name="openai",
    key_vars=("OPENAI_API_KEY",),
    base_vars=("OPENAI_BASE_URL", "OPENAI_API_BASE"),
    default_base="https://api.openai.com/v1",
    base_path="/v1",
)


class OpenAIModeration(BaseGuardrail):
    """Asks ``POST {api_base}/moderations`` about the prompt, each picture and each sampled frame.

    The endpoint takes one picture a request, so each is asked about by itself.

    Args:
        api_key: the key, or ``os.environ/NAME``; else ``OPENAI_API_KEY``.
        api_base: a server's address; else ``OPENAI_BASE_URL``, else OpenAI's own.
        model: a moderation model; the older ``text-moderation-*`` take no pictures.
        threshold: the score from 0 to 1 from which on a category counts, for all categories or by category.
            A category without one counts where the model itself flags it.
        action: ``block`` or ``flag``.

    Raises:
        MissingKey: there is no key.
        InvalidRequest: a category that does not exist, or a threshold outside 0 to 1.
    """

    kind = "openai_moderation"
    usual = STAGES

    def __init__(
        self,
        *,
        api_key: str | None = None,
        api_base: str | None = None,
        model: str = "omni-moderation-latest",
        threshold: float | Mapping[str, float] | None = None,
        action: Action = "block",
        transport: Transport | None = None,
        **common: Unpack[Common],
    ) -> None:
        super().__init__(**common)
        self._model, self._action = model, check_action(action, "block", "flag")
        if isinstance(threshold, Mapping):
            self._from = {str(name): _score(score) for name, score in threshold.items()}
        else:
            self._from = {} if threshold is None else dict.fromkeys(CATEGORIES, _score(threshold))
        for name in self._from:
            check_choice("threshold", name, tuple(CATEGORIES))
        self._endpoint = openai_like(
            _PROFILE, "moderations", model, api_key=api_key, api_base=api_base, transport=transport
        )

    async def check(self, stage: Stage, context: Context) -> Verdict:
        """See ``Guardrail.check``."""
        questions: list[Any] = [[_part(image)] for image in context.images(stage)]
        if stage == "prompt":
            questions = [context.prompt]
        scores: dict[str, float] = {}
        for found in await asyncio.gather(*map(self._ask, questions)):
            for name, score in found.items():
                scores[name] = max(score, scores.get(name, 0.0))
        if not scores:
            return ALLOW
        worst_first = sorted(scores, key=lambda name: scores[name], reverse=True)
        words = ", ".join(CATEGORIES.get(name, name) for name in worst_first)
        return Verdict(
            self._action, ", ".join(worst_first), f"{THING[stage]} is not allowed here because of {words}."
        )

    async def _ask(self, question: Any) -> dict[str, float]:
        """The categories that count, with their scores."""
        body = {"model": self._model, "input": question}
        answer = await self._endpoint.post(body, timeout=self.timeout)
        try:
            (result,) = answer["results"]
            flagged, scores = result["categories"], result["category_scores"]
            names = flagged.keys() | scores.keys()
            if not names:
                raise self._endpoint.malformed()
            return {
                name: float(scores.get(name) or 0.0)
                for name in names
                if self._counts(name, bool(flagged.get(name)), float(scores.get(name) or 0.0))
            }
        except (KeyError, TypeError, ValueError, AttributeError):
            raise self._endpoint.malformed() from None

    def _counts(self, name: str, flagged: bool, score: float) -> bool:
        return score >= self._from[name] if name in self._from else flagged


def _part(image: Reference) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": image.data_url}}


def _score(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise InvalidRequest(f"A threshold must be a number from 0 to 1, not {value!r}.", param="threshold")
    return float(value)
