"""Bad input is refused in OpenAI's envelope with one clear sentence, and never with a 500."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soravid.engine import create_app

from .conftest import Served, png

FORM = {"content-type": "multipart/form-data; boundary=x"}
JSON = {"content-type": "application/json"}


def refusal(answer: httpx2.Response) -> dict[str, Any]:
    error: dict[str, Any] = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"].strip()
    return error


def _reference(value: Any, says: str) -> tuple[dict[str, Any], str, str]:
    return {"prompt": "a", "input_reference": value}, "input_reference", says


@pytest.mark.parametrize(
    ("fields", "param", "says"),
    [
        ({}, "prompt", "required"),
        ({"prompt": None}, "prompt", "required"),
        ({"prompt": ""}, "prompt", "1 to 32000"),
        ({"prompt": " \n"}, "prompt", "1 to 32000"),
        ({"prompt": "x" * 32001}, "prompt", "it has 32001"),
        ({"prompt": 7}, "prompt", "string"),
        ({"prompt": ["a"]}, "prompt", "string"),
        ({"prompt": "a\x00b"}, "prompt", "control characters"),
        ({"prompt": "a\x1bb"}, "prompt", "control characters"),
        ({"prompt": "\ud800"}, "prompt", "plain text"),
        ({"prompt": "a", "seconds": "0"}, "seconds", "1 to 60"),
        ({"prompt": "a", "seconds": "61"}, "seconds", "1 to 60"),
        ({"prompt": "a", "seconds": -4}, "seconds", "1 to 60"),
        ({"prompt": "a", "seconds": "four"}, "seconds", "number"),
        ({"prompt": "a", "seconds": "nan"}, "seconds", "number"),
        ({"prompt": "a", "seconds": 10**400}, "seconds", "number"),
        ({"prompt": "a", "seconds": True}, "seconds", "number"),
        ({"prompt": "a", "seconds": {}}, "seconds", "number"),
        ({"prompt": "a", "seconds": ""}, "seconds", "number"),
        ({"prompt": "a", "size": "720p"}, "size", "WIDTHxHEIGHT"),
        ({"prompt": "a", "size": "1281x720"}, "size", "even"),
        ({"prompt": "a", "size": "62x64"}, "size", "64"),
        ({"prompt": "a", "size": "3842x64"}, "size", "3840"),
        ({"prompt": "a", "size": "１２８x128"}, "size", "WIDTHxHEIGHT"),
        ({"prompt": "a", "size": 720}, "size", "WIDTHxHEIGHT"),
        ({"prompt": "a", "seed": "x"}, "seed", "integer"),
        ({"prompt": "a", "seed": 1.5}, "seed", "integer"),
        ({"prompt": "a", "seed": 2**64}, "seed", "integer"),
        ({"prompt": "a", "fps": 0}, "fps", "1 to 60"),
        ({"prompt": "a", "fps": 61}, "fps", "1 to 60"),
        ({"prompt": "a", "pace": -1}, "pace", "0 to 60"),
        ({"prompt": "a", "metadata": "x"}, "metadata", "JSON object"),
        ({"prompt": "a", "metadata": {"a": "b" * 20000}}, "metadata", "JSON object"),
        _reference({"image_url": "https://example.com/a.png"}, "fetches nothing"),
        _reference({"image_url": "/etc/passwd"}, "fetches nothing"),
        _reference({"file_id": "file_1"}, "fetches nothing"),
        _reference(5, "fetches nothing"),
        _reference("data:image/png;base64,!!", "base64"),
        _reference("data:image/png;base64,aGk=", "cannot be read"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(
    served: Served, fields: dict[str, Any], param: str, says: str
) -> None:
    answer = served.http.post("/videos", content=json.dumps(fields).encode(), headers=JSON)
    error = refusal(answer)
    assert (answer.status_code, error["param"], error["type"]) == (400, param, "invalid_request_error")
    assert says in error["message"]
    assert len(error["message"]) < 300


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", JSON, 400),
        (b"[]", JSON, 400),
        (b'{"prompt": "a", "seconds": NaN}', JSON, 400),
        (b"\xff\xfe", JSON, 400),
        (b"[" * 100_000, JSON, 400),
        (b"", JSON, 400),
        (b"x", FORM, 400),
        (b"--x\r\nnonsense\r\n", FORM, 400),
        (b'--x\r\nContent-Disposition: form-data; name="prompt"\r\n\r\na', FORM, 400),
        (b"", {"content-type": "multipart/form-data"}, 400),
        (b"prompt=a", {"content-type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_a_malformed_body_is_refused(
    served: Served, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = served.http.post("/videos", content=body, headers=headers)
    assert answer.status_code == status
    refusal(answer)


@pytest.mark.parametrize("data", [png()[:60], png(kind="JPEG")[:-40], b"GIF89a", b"", b"<svg/>"])
def test_a_damaged_picture_is_refused_before_a_job_is_made(served: Served, data: bytes) -> None:
    before = served.http.get("/videos").json()["first_id"]
    answer = served.http.post(
        "/videos", data={"prompt": "a"}, files={"input_reference": ("a.png", data, "image/png")}
    )
    assert (answer.status_code, refusal(answer)["code"]) == (400, "invalid_image")
    assert served.http.get("/videos").json()["first_id"] == before


def test_a_picture_of_more_than_20_mb_is_refused(served: Served) -> None:
    for size in (21, 40):
        files = {"input_reference": ("a.png", bytes(size * 2**20), "image/png")}
        answer = served.http.post("/videos", data={"prompt": "a"}, files=files)
        assert (answer.status_code, refusal(answer)["param"]) == (413, "input_reference")


def test_an_unknown_model_is_not_found(served: Served) -> None:
    answer = served.http.post("/videos", json={"prompt": "a", "model": "sora-2"})
    assert (answer.status_code, refusal(answer)["code"]) == (404, "model_not_found")


@pytest.mark.parametrize(
    "unknown", ["video_1", "video_" + "0" * 32, "..", "%2e%2e%2fx", "x" * 500, "idempotency"]
)
def test_an_unknown_id_is_not_found(served: Served, unknown: str) -> None:
    calls = [
        served.http.get(f"/videos/{unknown}"),
        served.http.delete(f"/videos/{unknown}"),
        served.http.get(f"/videos/{unknown}/content"),
        served.http.post(f"/videos/{unknown}/remix", json={"prompt": "a"}),
        served.http.get("/videos", params={"after": unknown}),
    ]
    for answer in calls:
        assert answer.status_code in (404, 405)
        refusal(answer)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/videos", 405),
        ("POST", "/videos/video_1", 405),
        ("GET", "/videos/video_1/remix", 405),
        ("GET", "/nothing", 404),
        ("GET", "/videos/", 404),
        ("GET", "/videos?limit=101", 400),
        ("GET", "/videos?limit=-1", 400),
        ("GET", "/videos?limit=x", 400),
        ("GET", "/videos?order=up", 400),
        ("GET", "/videos/video_1/content?variant=gif", 400),
    ],
)
def test_a_wrong_address_or_query_is_refused(served: Served, method: str, path: str, status: int) -> None:
    answer = served.http.request(method, path)
    assert answer.status_code == status
    refusal(answer)


def test_wrong_methods_are_told_the_right_ones(served: Served) -> None:
    allowed = served.http.put("/videos").headers["allow"]
    assert {"GET", "POST"} <= set(allowed.split(", "))


def test_the_right_key_is_asked_for(serve: Callable[..., Served]) -> None:
    engine = serve(api_key="secret")
    assert refusal(engine.http.get("/videos"))["code"] == "invalid_api_key"
    assert engine.http.get("/videos", headers={"authorization": "Bearer wrong"}).status_code == 401
    assert engine.http.get("/videos", headers={"authorization": "Bearer secret"}).status_code == 200
    assert engine.http.get("/healthz").json() == {"status": "ok"}


def test_the_engine_lists_its_model(served: Served) -> None:
    assert [model["id"] for model in served.http.get("/models").json()["data"]] == ["animatic"]


def test_every_path_works_without_v1(served: Served) -> None:
    root = served.url.removesuffix("/v1")
    assert httpx2.get(f"{root}/healthz").status_code == 200
    assert httpx2.get(f"{root}/videos").json()["object"] == "list"


def test_json_and_multipart_ask_for_the_same(served: Served) -> None:
    fields = {
        "prompt": "a",
        "seconds": "1",
        "size": "64x64",
        "seed": "3",
        "fps": "5",
        "model": "local/animatic",
    }
    odd = {"user": "u", "style": "x", "metadata": '{"a": 1}', "metadata[b]": "2"}
    url = "data:image/png;base64," + base64.b64encode(png()).decode()
    one = served.http.post("/videos", json=fields | odd | {"input_reference": {"image_url": url}}).json()
    two = served.http.post(
        "/videos", data=fields | odd, files={"input_reference": ("r", png(), "image/png")}
    ).json()
    contents = [served.content(served.wait(video["id"])["id"]) for video in (one, two)]
    assert contents[0] == contents[1]


def test_pages_of_the_list_follow_each_other(serve: Callable[..., Served]) -> None:
    engine = serve()
    assert engine.http.get("/videos").json() == {
        "object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False,
    }  # fmt: skip
    made = [engine.create("[refuse]")["id"] for _ in range(5)]

    def page(**query: Any) -> tuple[list[str], bool]:
        answer = engine.http.get("/videos", params=query).json()
        ids = [video["id"] for video in answer["data"]]
        assert (answer["first_id"], answer["last_id"]) == ((ids[0], ids[-1]) if ids else (None, None))
        return ids, answer["has_more"]

    assert page() == (made[::-1], False)
    assert page(order="asc", limit=2) == (made[:2], True)
    assert page(order="asc", limit=2, after=made[1]) == (made[2:4], True)
    assert page(order="asc", limit=2, after=made[3]) == (made[4:], False)
    assert page(limit=0) == ([], True)


def test_prompts_can_ask_to_be_refused_or_to_fail(served: Served) -> None:
    refused, failed = served.make("A kite [refuse]"), served.make("A kite [fail]")
    assert (refused["status"], refused["error"]["code"]) == ("failed", "moderation_blocked")
    assert (failed["status"], failed["error"]["code"]) == ("failed", "render_failed")
    answer = served.http.get(f"/videos/{refused['id']}/content")
    assert (answer.status_code, refusal(answer)["code"]) == (409, "content_not_ready")


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
_names = ("prompt", "seconds", "size", "seed", "fps", "pace", "metadata", "input_reference", "model")


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.sampled_from(_names), _values, min_size=1))
def test_no_json_makes_the_engine_fail(
    tmp_path_factory: pytest.TempPathFactory, fields: dict[str, Any]
) -> None:
    fields = {"prompt": "[refuse]", **fields}

    async def post() -> httpx2.Response:
        # A new event loop at every call, without lifespan events: as the client uses the engine in-process.
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=_app(tmp_path_factory)), base_url="http://e"
        ) as http:
            return await http.post("/videos", content=json.dumps(fields).encode(), headers=JSON)

    assert asyncio.run(post()).status_code in (200, 400, 404)


_apps: list[Any] = []


def _app(factory: pytest.TempPathFactory) -> Any:
    if not _apps:
        _apps.append(create_app(Path(factory.mktemp("fuzz")), parallel=1))
    return _apps[0]
