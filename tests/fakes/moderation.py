"""A fake of what guardrails ask: OpenAI's moderations, a moderation model behind a chat, and a web hook."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.fakes.base import Fake, Operation
from tests.fakes.checks import refusal
from tests.fakes.recorder import Recorded

PICTURED = {
    "sexual",
    "self-harm",
    "self-harm/intent",
    "self-harm/instructions",
    "violence",
    "violence/graphic",
}
WRITTEN = {
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "sexual/minors",
}


class ModerationFake(Fake):
    """The app: `/v1/moderations`, `/v1/chat/completions` and `/hook`.

    `judge` gives the scores of a text or of a picture's data URL; `say` the model's answer to a chat; `hook`
    the hook's to its question. `status` and `delay` (seconds) hold for everything; `raw` is sent as it is.
    """

    def __init__(self, key: str | None = None) -> None:
        super().__init__()
        self.key, self.status, self.delay = key, 200, 0.0
        self.code: str | None = None
        self.raw: bytes | None = None
        self.judge: Callable[[str], Mapping[str, float]] = lambda _: {}
        self.say: Callable[[str], str | None] = lambda _: "safe"
        self.hook: Callable[[dict[str, Any]], Any] = lambda _: {"action": "allow"}
        self.now, self.most = 0, 0

    def operations(self) -> Iterable[tuple[str, str, Operation]]:
        """Return the three."""
        return [
            ("POST", "/v1/moderations", self._moderate),
            ("POST", "/v1/chat/completions", self._chat),
            ("POST", "/hook", self._hook),
        ]

    def admit(self, call: Recorded) -> None:
        """Refuse another key, and everything while there is a fault."""
        if self.key and call.headers.get("authorization") != f"Bearer {self.key}":
            raise refusal(
                401,
                f"Incorrect API key provided: {call.headers.get('authorization')}.",
                code="invalid_api_key",
            )
        if self.status != 200:
            raise refusal(
                self.status, f"Something is wrong with {call.body!r}.", kind="server_error", code=self.code
            )

    async def _moderate(self, request: Request, call: Recorded) -> Response:
        given = call.fields["input"]
        parts = given if isinstance(given, list) else [given]
        images = [part for part in parts if isinstance(part, dict) and part["type"] == "image_url"]
        if len(images) > 1:
            message = f"Number of images ({len(images)}) exceeds maximum of 1"
            raise refusal(400, message, code="too_many_images", param="input")
        if parts and all(isinstance(part, str) for part in parts):
            results = [self._result({"text": part}) for part in parts]
        else:
            results = [self._result(*(self._plain(part) for part in parts))]
        return await self._send(
            {"id": "modr-7f", "model": call.fields.get("model", "omni-moderation-latest"), "results": results}
        )

    def _plain(self, part: dict[str, Any]) -> dict[str, str]:
        return {"text": part["text"]} if part["type"] == "text" else {"image": part["image_url"]["url"]}

    def _result(self, *parts: dict[str, str]) -> dict[str, Any]:
        scores = dict.fromkeys(sorted(PICTURED | WRITTEN), 0.0001)
        for part in parts:
            for kind, value in part.items():
                counted = PICTURED if kind == "image" else PICTURED | WRITTEN
                scores |= {name: score for name, score in self.judge(value).items() if name in counted}
        kinds = [kind for part in parts for kind in part]
        return {
            "flagged": any(score > 0.5 for score in scores.values()),
            "categories": {name: score > 0.5 for name, score in scores.items()},
            "category_scores": scores,
            "category_applied_input_types": {
                name: [kind for kind in kinds if kind == "text" or name in PICTURED] for name in scores
            },
        }

    async def _chat(self, request: Request, call: Recorded) -> Response:
        content = call.fields["messages"][-1]["content"]
        text = content if isinstance(content, str) else json.dumps(content)
        answer = {"role": "assistant", "content": self.say(text)}
        return await self._send(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 1764000000,
                "model": call.fields["model"],
                "choices": [{"index": 0, "message": answer, "finish_reason": "stop"}],
            }
        )

    async def _hook(self, request: Request, call: Recorded) -> Response:
        return await self._send(self.hook(call.fields))

    async def _send(self, body: Any) -> Response:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(self.delay)
        self.now -= 1
        return Response(self.raw) if self.raw is not None else JSONResponse(body)
