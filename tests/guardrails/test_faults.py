"""Servers that fail, for every guardrail that asks one: what is told, and what never is."""

from __future__ import annotations

import base64
import logging
import time
from typing import Any

import pytest

from soravid import loop
from soravid.guardrails import (
    ChatModeration,
    Context,
    Guard,
    GuardrailUnavailable,
    OpenAIModeration,
    WebHook,
)
from soravid.transport import Transport
from tests.fakes.moderation import ModerationFake
from tests.fakes.server import serve
from tests.guardrails.conftest import KEY, check

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


MALFORMED = [
    b"<html>",
    b"{}",
    b'{"results": []}',
    b'{"results": [{}, {}]}',
    b'{"results": [{"categories": {}, "category_scores": {}}]}',
    b'{"results": [{"categories": [], "category_scores": 1}]}',
    b'{"choices": []}',
    b"null",
    b"[1]",
]


def _all(url: str, transport: Transport, **common: Any) -> list[Any]:
    return [
        OpenAIModeration(api_key=KEY, api_base=f"{url}/v1", transport=transport, **common),
        ChatModeration(f"{url}/v1", "llama-guard", api_key=KEY, transport=transport, **common),
        WebHook(f"{url}/hook?token={KEY}", secret=SECRET, transport=transport, **common),
    ]


@pytest.mark.parametrize("raw", MALFORMED)
def test_a_malformed_answer_is_never_an_allow(
    raw: bytes, url: str, transport: Transport, fake: ModerationFake
) -> None:
    fake.key, fake.raw = None, raw
    for guardrail in _all(url, transport):
        with pytest.raises(GuardrailUnavailable, match="cannot be understood"):
            check(Guard([guardrail]))


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500, 503])
def test_an_error_answer_tells_neither_key_nor_prompt(
    status: int, url: str, transport: Transport, fake: ModerationFake, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    fake.key, fake.status = None, status
    for guardrail in _all(url, transport):
        with pytest.raises(GuardrailUnavailable) as refused:
            check(Guard([guardrail]), "a secret prompt")
        told = str(refused.value) + repr(refused.value.__cause__) + repr(guardrail)
        assert f"127.0.0.1 answered with HTTP {status}" in told
        for secret in (KEY, "secret prompt", SECRET):
            assert secret not in told + caplog.text
    assert len(fake.requests) == (6 if status in {429, 500, 503} else 3)  # asked again where that may help


def test_an_errors_code_is_told_only_where_it_is_one(
    url: str, transport: Transport, fake: ModerationFake
) -> None:
    fake.key, fake.status, fake.code = None, 400, f"No such key: {KEY}"
    for guardrail in _all(url, transport):
        with pytest.raises(GuardrailUnavailable) as refused:
            check(Guard([guardrail]))
        assert KEY not in str(refused.value)


def test_a_wrong_key_is_said_to_be_one(url: str, transport: Transport) -> None:
    guard = Guard([OpenAIModeration(api_key="sk-other", api_base=f"{url}/v1", transport=transport)])
    with pytest.raises(GuardrailUnavailable) as refused:
        check(guard)
    assert str(refused.value).endswith("127.0.0.1 answered with HTTP 401 (invalid_api_key). Check its key.")


def test_a_server_that_is_slow_or_gone(url: str, transport: Transport, fake: ModerationFake) -> None:
    fake.key, fake.delay = None, 5.0
    for guardrail in _all(url, transport, timeout=0.2):
        begun = time.monotonic()
        with pytest.raises(
            GuardrailUnavailable, match=r"did not answer within 0\.2 s|did not answer in time"
        ):
            check(Guard([guardrail]))
        assert time.monotonic() - begun < 3
    with serve(fake) as address:
        gone = address
    for guardrail in _all(gone, transport, on_error="allow"):
        (flag,) = check(Guard([guardrail])).flags
        assert flag.rule == "guardrail_unavailable"
        assert "could not be reached (ConnectError)" in flag.reason


def test_without_a_transport_it_has_its_own_and_any_loop_will_do(url: str, fake: ModerationFake) -> None:
    import asyncio

    fake.key = None
    guard = Guard([ChatModeration(url, "llama-guard")])
    for _ in range(2):
        assert asyncio.run(guard.check("prompt", Context(prompt="A boat"))).prompt == "A boat"
    assert "authorization" not in fake.requests[0].headers
    from soravid.guardrails import http

    loop.run(http._own_transport().close())
