"""A moderation model of one's own behind an OpenAI-compatible chat, such as Llama Guard and ShieldGemma."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from typing import Any, Unpack

from soravid.deployments import ProviderProfile
from soravid.errors import InvalidRequest
from soravid.guardrails.base import BaseGuardrail, Common, check_action
from soravid.guardrails.blocked import THING
from soravid.guardrails.http import openai_like
from soravid.guardrails.verdicts import ALLOW, STAGES, Action, Context, Stage, Verdict
from soravid.transport import Transport

CATEGORIES = {
    "S1": "violent crimes",
    "S2": "non-violent crimes",
    "S3": "sex-related crimes",
    "S4": "child sexual exploitation",
    "S5": "defamation",
    "S6": "specialized advice",
    "S7": "privacy",
    "S8": "intellectual property",
    "S9": "indiscriminate weapons",
    "S10": "hate",
    "S11": "suicide and self-harm",
    "S12": "sexual content",
    "S13": "elections",
    "S14": "code interpreter abuse",
}
"""Llama Guard 3 and 4 (source: their model cards)."""
_PROFILE = ProviderProfile(name="chat_moderation", key_required=False, base_path="/v1")
_UNNAMED = "unsafe"


class ChatModeration(BaseGuardrail):
    """Asks ``POST {api_base}/chat/completions`` whether the prompt, a picture or a frame is safe.

    An answer begins with ``safe`` or ``unsafe`` and the categories (Llama Guard), or with ``No`` or ``Yes``
    (ShieldGemma: whether the policy is violated). Anything else is a failure of the guardrail. A picture goes
    out by itself, as every server takes that; one that goes along with a prompt, together with the prompt.

    Args:
        api_base: the server's address.
        model: the model, as the server names it.
        api_key: the server's key, or ``os.environ/NAME``; None where it asks for none.
        categories: the categories that count (``S1`` ...); all where none are given.
        policies: ShieldGemma's policies, name to text. Each is asked about by itself, and is sent as
            ``chat_template_kwargs={"guideline": ...}``, which vLLM and SGLang hand to the chat template.
        extra_body: further fields of the request.
        action: ``block`` or ``flag``.

    Raises:
        InvalidRequest: an address that cannot work.
    """

    kind = "chat_moderation"
    sees = STAGES

    def __init__(
        self,
        api_base: str,
        model: str,
        *,
        api_key: str | None = None,
        categories: Iterable[str] | None = None,
        policies: Mapping[str, str] | None = None,
        extra_body: Mapping[str, Any] | None = None,
        action: Action = "block",
        transport: Transport | None = None,
        **common: Unpack[Common],
    ) -> None:
        super().__init__(**common)
        if isinstance(categories, str):
            raise InvalidRequest("categories must be a list such as [S1, S12].", param="categories")
        self._model, self._action = model, check_action(action, "block", "flag")
        self._counting = None if categories is None else {name.upper() for name in categories}
        self._policies, self._extra = dict(policies or {}), dict(extra_body or {})
        self._endpoint = openai_like(
            _PROFILE, "chat/completions", model, api_key=api_key, api_base=api_base, transport=transport
        )

    async def check(self, stage: Stage, context: Context) -> Verdict:
        """See ``Guardrail.check``."""
        contents: list[Any] = [context.prompt]
        if stage != "prompt":
            text = [{"type": "text", "text": context.prompt}] if stage == "input_image" else []
            images = context.images(stage)
            contents = [
                [*text, {"type": "image_url", "image_url": {"url": image.data_url}}] for image in images
            ]
        policies = list(self._policies) or [""]
        answers = await asyncio.gather(
            *(self._ask(content, policy) for policy in policies for content in contents)
        )
        rules = list(dict.fromkeys(rule for answer in answers for rule in answer))
        if not rules:
            return ALLOW
        words = ", ".join(CATEGORIES.get(rule, rule) for rule in rules if rule != _UNNAMED)
        because = f" because of {words}" if words else ""
        return Verdict(self._action, ", ".join(rules), f"{THING[stage]} is not allowed here{because}.")

    async def _ask(self, content: Any, policy: str) -> list[str]:
        """The rules that are broken and count."""
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": "user", "content": content}],
            "temperature": 0,
            "max_tokens": 64,
            **self._extra,
        }
        if policy:
            given = body.get("chat_template_kwargs") or {}
            body["chat_template_kwargs"] = {**given, "guideline": f'"{policy}": {self._policies[policy]}'}
        answer = await self._endpoint.post(body, timeout=self.timeout)
        try:
            rules = _broken(answer["choices"][0]["message"]["content"], policy)
        except (AttributeError, KeyError, IndexError, TypeError, ValueError):
            raise self._endpoint.malformed() from None
        return [
            rule
            for rule in rules
            if self._counting is None or rule in self._counting or rule not in CATEGORIES
        ]


def _broken(answer: str, policy: str) -> list[str]:
    word = re.match(r"\W*([a-z]+)", answer.lower())
    match word and word[1]:
        case "safe" | "no":
            return []
        case "unsafe":
            return re.findall(r"\bS\d{1,2}\b", answer.upper()) or [_UNNAMED]
        case "yes":
            return [policy or _UNNAMED]
    raise ValueError(word)
