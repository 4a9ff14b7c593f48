"""A service of one's own: what it is asked, how that is signed, and what its answers do."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import httpx2
import pytest
from openai import InvalidWebhookSignatureError, OpenAI

from soravid.errors import InvalidRequest
from soravid.guardrails import (
    Guard,
    GuardrailBlocked,
    GuardrailUnavailable,
    WebHook,
)
from soravid.transport import Transport
from tests.fakes.moderation import ModerationFake
from tests.guardrails.conftest import check, picture

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


def test_a_web_hook_decides(url: str, transport: Transport, fake: ModerationFake) -> None:
    fake.key = None
    guard = Guard([WebHook(f"{url}/hook?token=t0ken", secret=SECRET, transport=transport)])
    fake.hook = lambda question: {"action": "rewrite", "text": question["prompt"] + ", é 日本"}
    more: Any = {"model": "a/b", "user": "me", "labels": {"team": "x"}, "negative_prompt": "rain"}
    assert check(guard, "A “boat”", **more).prompt == "A “boat”, é 日本"
    assert fake.requests[0].fields == {
        "stage": "prompt",
        "prompt": "A “boat”",
        "negative_prompt": "rain",
        "model": "a/b",
        "user": "me",
        "operation": "create",
        "labels": {"team": "x"},
    }
    fake.hook = lambda question: {"action": "block", "reason": "Not on Sundays.", "rule": "sunday"}
    with pytest.raises(GuardrailBlocked, match="Not on Sundays") as refused:
        check(guard)
    assert refused.value.rule == "sunday"
    assert "t0ken" not in repr(guard.guardrails[0]) + str(refused.value)


def test_the_signature_is_what_openais_client_accepts(
    url: str, transport: Transport, fake: ModerationFake
) -> None:
    """OpenAI's web hooks are signed in the same standard, so its client can tell."""
    fake.key = None
    check(Guard([WebHook(f"{url}/hook", secret=SECRET, transport=transport)]), "A “boat” \u2028 日本 🚣")
    call = fake.requests[0]
    with OpenAI(api_key="x") as client:
        client.webhooks.verify_signature(call.body, call.headers, secret=SECRET)
        with pytest.raises(InvalidWebhookSignatureError):
            client.webhooks.verify_signature(call.body + b" ", call.headers, secret=SECRET)
    assert abs(int(call.headers["webhook-timestamp"]) - time.time()) < 60
    fake.requests.clear()
    check(Guard([WebHook(f"{url}/hook", transport=transport)]))
    assert "webhook-signature" not in fake.requests[0].headers


def test_pictures_go_to_a_web_hook_where_they_are_wanted(
    url: str, transport: Transport, fake: ModerationFake
) -> None:
    fake.key = None
    hook = WebHook(f"{url}/hook", images=True, stages="input_image", transport=transport)
    check(Guard([hook]), stage="input_image", pictures=(picture(),))
    assert fake.requests[0].fields["images"] == [picture().data_url]


@pytest.mark.parametrize(
    "answer", [{}, [], None, "block", {"action": "blok"}, {"action": "rewrite"}, {"action": 1}]
)
def test_an_answer_that_is_no_verdict_is_a_failure(
    answer: Any, url: str, transport: Transport, fake: ModerationFake
) -> None:
    fake.key, fake.hook = None, lambda question: answer
    with pytest.raises(GuardrailUnavailable, match="cannot be understood"):
        check(Guard([WebHook(f"{url}/hook", transport=transport)]))


def test_addresses_and_secrets_that_cannot_work() -> None:
    for address in ("ftp://host", "host/path", "https://me:secret@host", "http://host:99999", ""):
        with pytest.raises(InvalidRequest, match="url must be an address") as refused:
            WebHook(address)
        assert "secret" not in str(refused.value)
    for secret in ("whsec_", "not base64!", "whsec_c2hvcnQ="):
        with pytest.raises(InvalidRequest, match="secret must be whsec_") as refused:
            WebHook("https://host", secret=secret)
        assert "c2hvcnQ" not in str(refused.value)


def test_what_is_signed_is_what_httpx_sends() -> None:
    body = {"prompt": "é “boat”\u2028", "user": None}
    sent = httpx2.Request("POST", "http://x", json=body).content
    assert json.loads(sent) == body
