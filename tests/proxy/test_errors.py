"""Every refusal is one sentence in OpenAI's envelope; a mistake costs nothing and reaches nobody."""

from __future__ import annotations

import json
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import httpx2
import pytest

from tests.proxy.conftest import Shared
from tests.proxy.operated import MODEL, bearer, good

KITE = {"model": MODEL, "prompt": "A kite"}


@pytest.fixture(scope="module")
def client(shared: Shared) -> httpx2.Client:
    return shared.key()


def envelope(answer: httpx2.Response) -> dict[str, Any]:
    """The error, if it stands in the envelope and nothing else does."""
    body = answer.json()
    assert list(body) == ["error"]
    error = body["error"]
    assert {"message", "type", "param", "code"} <= error.keys()
    assert error["message"].strip()
    assert not error["message"].startswith("{"), "JSON inside JSON"
    return dict(error)


@pytest.mark.parametrize(
    ("fields", "status", "code", "param", "words"),
    [
        ({"prompt": ""}, 400, "invalid_value", "prompt", "empty"),
        ({"prompt": 7}, 400, "invalid_value", "prompt", "text"),
        ({"prompt": "a" * 32_001}, 400, "invalid_value", "prompt", "32001"),
        ({"prompt": "\x00"}, 400, "invalid_value", None, "character"),
        ({"seconds": "5"}, 400, "invalid_value", "seconds", "4 or 8"),
        ({"seconds": "-5"}, 400, "invalid_value", "seconds", "-5"),
        ({"seconds": "abc"}, 400, "invalid_value", "seconds", "abc"),
        ({"seconds": 1e9}, 400, "invalid_value", "seconds", "positive number"),
        ({"size": "banana"}, 400, "invalid_value", "size", "WIDTHxHEIGHT"),
        ({"size": "10x10"}, 400, "invalid_value", "size", "720x1280"),
        ({"seed": "x"}, 400, "invalid_value", "seed", "whole number"),
        ({"seed": 1}, 400, "unsupported_operation", "seed", "takes no seed"),
        ({"model": "kitten"}, 404, "model_not_found", "model", "Did you mean kite?"),
        ({"model": 7}, 400, "invalid_value", "model", "text"),
        ({"model": "gemini/veo"}, 404, "model_not_found", "model", "There is no model"),
        ({"secnods": 4}, 400, "unknown_parameter", "secnods", "'seconds'"),
        ({"num_steps": 4}, 400, "unknown_parameter", "num_steps", "soravid_settings.pass_on"),
        ({"api_key": "sk-mine"}, 400, "unknown_parameter", "api_key", "for the proxy to say"),
        ({"api_base": "http://elsewhere"}, 400, "unknown_parameter", "api_base", "for the proxy"),
        ({"metadata": {"soravid.key": "me"}}, 400, "invalid_value", "metadata", "soravid"),
        ({"metadata": {"a": "b" * 600}}, 400, "invalid_value", "metadata", "short texts"),
        ({"user": "u" * 600}, 400, "invalid_value", "user", "512"),
        ({"input_reference": "/etc/passwd"}, 400, "invalid_value", "input_reference", "file part"),
        ({"input_reference": "file:///etc/passwd"}, 400, "invalid_value", "input_reference", "file part"),
        ({"input_reference": {"file_id": "f"}}, 400, "invalid_value", "input_reference", "file part"),
        ({"input_reference": "data:image/png;base64,AAAA"}, 400, "invalid_value", "input_reference", "PNG"),
        ({"last_frame": "../clip.png"}, 400, "invalid_value", "last_frame", "file part"),
        ({"references": ["x.png"]}, 400, "invalid_value", "references", "file part"),
        ({"references": ["http://h/a.png"] * 17}, 400, "invalid_value", "references", "At most 16"),
        ({"fallbacks": "draft"}, 400, "invalid_value", "fallbacks", "list of models"),
        ({"fallbacks": ["openai/sora-2"]}, 404, "model_not_found", "model", "openai/sora-2"),
        ({"video": "video_1"}, 400, "invalid_value", "video", "no source"),
        ({"max_cost": "nothing"}, 400, "invalid_value", "max_cost", "USD"),
    ],
)
def test_a_mistake_is_told_and_nothing_is_sent(
    shared: Shared,
    client: httpx2.Client,
    fields: dict[str, Any],
    status: int,
    code: str,
    param: str | None,
    words: str,
) -> None:
    before = len(shared.fake.asked("POST"))
    answer = client.post("/v1/videos", json={**KITE, **fields})
    error = envelope(answer)
    assert (answer.status_code, error["code"], error["param"]) == (status, code, param)
    assert words in error["message"]
    assert len(shared.fake.asked("POST")) == before


@pytest.mark.parametrize(
    ("prompt", "status", "code"),
    [
        ("[refuse]", 400, "moderation_blocked"),
        ("[429 always]", 429, "rate_limit_exceeded"),
        ("[500]", 500, "outcome_unknown"),
    ],
)
def test_the_provider_s_status_is_kept(shared: Shared, prompt: str, status: int, code: str) -> None:
    answer = shared.key().post("/v1/videos", json={**KITE, "prompt": prompt})
    error = envelope(answer)
    assert (answer.status_code, error["code"]) == (status, code)
    assert ("retry-after" in answer.headers) is (status == 429)
    assert shared.creates(prompt) == 1  # whatever it was, it was sent once


def test_a_create_whose_answer_is_lost_is_not_sent_again(shared: Shared) -> None:
    """The caller is told the id: it can ask for it, and again with the same key, and pays once."""
    client, headers = shared.key(), {"idempotency-key": "lost-1"}
    body = {**KITE, "prompt": "A kite [500] [lost]"}
    answer = client.post("/v1/videos", json=body, headers=headers)
    error = envelope(answer)
    assert (error["code"], answer.headers["x-should-retry"]) == ("outcome_unknown", "false")
    told = good(client.get(f"/v1/videos/{error['video_id']}"))
    assert told["status"] == "queued"
    again = client.post("/v1/videos", json=body, headers=headers)
    assert envelope(again)["code"] == "outcome_unknown"
    assert shared.creates(body["prompt"]) == 1


def test_a_create_that_was_taken_and_not_answered_is_found(shared: Shared) -> None:
    client = shared.key()
    made = good(client.post("/v1/videos", json={**KITE, "prompt": "A kite, answered late [lost]"}))
    assert shared.proxy.ended(client, made["id"])["status"] == "completed"
    assert shared.creates("A kite, answered late [lost]") == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nowhere"),
        ("GET", "/v1/nowhere"),
        ("POST", "/v1/chat/completions"),
        ("POST", "/openai/v1/videos"),
        ("GET", "/v1/videos/video_1/content/more"),
        ("GET", "/v1/videos/"),
    ],
)
def test_nothing_passes_by_the_routes(shared: Shared, client: httpx2.Client, method: str, path: str) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, envelope(answer)["code"]) == (404, "unknown_url")
    assert shared.fake.asked(method, path) == []


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/videos", "GET, HEAD, POST"),
        ("POST", "/v1/videos/video_1", "DELETE, GET, HEAD"),
        ("DELETE", "/v1/models", "GET, HEAD"),
        ("GET", "/key/generate", "POST"),
        ("PATCH", "/health/liveliness", "GET, HEAD"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(
    client: httpx2.Client, method: str, path: str, allowed: str
) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, envelope(answer)["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({}, "didn't provide"),
        ({"authorization": "Bearer"}, "didn't provide"),
        (bearer("sk-not-one-of-ours"), "Incorrect"),
        ({"authorization": "Basic c2s6c2s="}, "Incorrect"),
    ],
)
def test_nobody_comes_in_without_a_key(shared: Shared, header: dict[str, str], words: str) -> None:
    for method, path in (("GET", "/v1/videos"), ("POST", "/videos/generations"), ("GET", "/key/list")):
        answer = httpx2.request(method, f"{shared.proxy.url}{path}", headers=header)
        assert answer.status_code == 401
        assert words in envelope(answer)["message"]


def test_a_key_may_come_in_litellm_s_header(shared: Shared) -> None:
    key = shared.proxy.key()["key"]
    assert httpx2.get(f"{shared.proxy.url}/v1/models", headers={"x-litellm-api-key": key}).status_code == 200


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "invalid_json"),
        (b"[]", "application/json", 400, "invalid_json"),
        (b'{"seed": NaN}', "application/json", 400, "invalid_json"),
        (b'{"prompt": "\\ud800", "model": "kite"}', "application/json", 400, "invalid_value"),
        (b"[" * 100_000, "application/json", 400, "invalid_json"),
        (b"prompt=a", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b"x", "multipart/form-data", 400, "invalid_body"),
        (b"--b\r\nbroken", "multipart/form-data; boundary=b", 400, "missing_required_parameter"),
        (b"", "application/json", 400, "missing_required_parameter"),
    ],
)
def test_a_body_that_is_none(
    client: httpx2.Client, content: bytes, kind: str, status: int, code: str
) -> None:
    answer = client.post("/v1/videos", content=content, headers={"content-type": kind})
    assert (answer.status_code, envelope(answer)["code"]) == (status, code)


def test_a_body_that_is_too_large_is_refused_before_it_is_read(shared: Shared) -> None:
    headers = {"content-type": "application/json", "content-length": str(65 << 20)}
    with closing(HTTPConnection(shared.proxy.url.removeprefix("http://"), timeout=10)) as connection:
        connection.request("POST", "/v1/videos", b"{", headers | bearer(shared.proxy.key()["key"]))
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["error"]["code"]) == (413, "too_large")


def test_a_clip_that_is_not_ready_has_no_content(shared: Shared, client: httpx2.Client) -> None:
    video_id = shared.proxy.make(client, "A kite [error]")
    assert shared.proxy.ended(client, video_id)["error"]["message"]
    answer = client.get(f"/v1/videos/{video_id}/content")
    assert (answer.status_code, envelope(answer)["code"]) == (409, "content_not_ready")


@pytest.mark.parametrize(
    ("query", "param"),
    [("order=up", "order"), ("limit=101", "limit"), ("limit=-1", "limit"), ("limit=x", "limit")],
)
def test_a_list_is_asked_for_as_it_can_be(client: httpx2.Client, query: str, param: str) -> None:
    answer = client.get(f"/v1/videos?{query}")
    assert (answer.status_code, envelope(answer)["param"]) == (400, param)


def test_the_page_of_the_routes_is_there(shared: Shared) -> None:
    page = good(httpx2.get(f"{shared.proxy.url}/openapi.json"))
    assert {"/videos", "/videos/generations", "/key/generate", "/health/readiness"} <= page["paths"].keys()
    create = page["paths"]["/videos"]["post"]
    assert {"application/json", "multipart/form-data"} == create["requestBody"]["content"].keys()
    assert create["security"] == [{"bearer": []}]
    assert httpx2.get(f"{shared.proxy.url}/docs").headers["content-type"].startswith("text/html")


def test_it_says_that_it_is_alive_and_ready_to_anybody(shared: Shared) -> None:
    for name in ("liveliness", "readiness"):
        assert httpx2.get(f"{shared.proxy.url}/health/{name}").status_code == 200
