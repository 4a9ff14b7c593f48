"""What docs/security.md says, where no other story tells of it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import sync_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from soravid.errors import InvalidRequest
from soravid.ledger.journal import Journal
from tests.fakes.server import serve
from tests.notebook.book import launch
from tests.proxy.conftest import Shared
from tests.proxy.operated import Proxy, config, fake, running
from tests.proxy.test_pictures import PNG, fetch, options

MEBIBYTE = 1 << 20
SECRET = f"whsec_{base64.b64encode(b'x' * 32).decode()}"


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """A proxy that takes small bodies, and webhooks of a provider."""
    with serve(fake()) as upstream:
        settings = config(upstream, {"provider_webhooks": {"openai": SECRET}})
        settings["general_settings"]["max_request_size_mb"] = 1
        with running(tmp_path_factory.mktemp("narrow") / "home", settings) as proxy:
            yield proxy


# --- keys and bodies ---


def test_a_key_in_an_address_opens_nothing(shared: Shared) -> None:
    key = shared.proxy.key()["key"]
    for name in ("key", "api_key", "access_token", "authorization"):
        answer = httpx2.get(f"{shared.proxy.url}/v1/videos", params={name: key})
        assert answer.status_code == 401
    with_user = shared.proxy.url.replace("://", f"://x:{key}@")
    assert httpx2.get(f"{with_user}/v1/videos").status_code == 401


@pytest.mark.parametrize(
    ("path", "most"),
    [("/v1/videos", MEBIBYTE), ("/admin/session", 4096), ("/webhooks/openai", 64 << 10)],
)
def test_a_body_is_counted_as_it_comes(narrow: Proxy, path: str, most: int) -> None:
    """In chunks, so that it does not say how long it is."""

    def body() -> Iterator[bytes]:
        yield b'{"prompt": "'
        for _ in range(0, most, 2048):
            yield b"x" * 2048
        yield b'"}'

    answer = narrow.master.post(path, content=body(), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_a_clip_is_for_its_owner_s_player_alone(shared: Shared) -> None:
    client = shared.key()
    clip = shared.proxy.make(client)
    shared.proxy.ended(client, clip)
    headers = client.get(f"/v1/videos/{clip}/content").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "private" in headers["cache-control"]


def test_the_home_is_its_owner_s_alone(tmp_path: Path) -> None:
    Journal(tmp_path / "home").close()
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700


# --- pictures by address ---


@pytest.mark.parametrize("url", ["http://[::1", "http://a/\udc80", "http://a:b/", "http://\x00/"])
def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(InvalidRequest, match="address is none"):
        fetch(url, options())


def test_a_way_on_to_an_address_that_is_none_is_told() -> None:
    async def on(_: Request) -> Response:
        return Response(status_code=302, headers={"location": "http://[::1"})

    with serve(Starlette(routes=[Route("/on", on)])) as url, pytest.raises(InvalidRequest):
        fetch(f"{url}/on", options("127.0.0.0/8"))


def test_no_proxy_of_the_environment_s_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would resolve the name itself, after it was looked at here."""

    async def picture(_: Request) -> Response:
        return Response(PNG, media_type="image/png")

    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with serve(Starlette(routes=[Route("/picture.png", picture)])) as url:
        assert fetch(f"{url}/picture.png", options("127.0.0.0/8")) == PNG


# --- pages ---


@pytest.mark.browser
def test_the_api_page_works_and_loads_nothing_from_elsewhere(shared: Shared) -> None:
    asked, complaints = list[str](), list[str]()
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda wrong: complaints.append(str(wrong)))
        answer = page.goto(f"{shared.proxy.url}/v1/docs")
        page.get_by_text("Start a clip from a prompt").first.wait_for()
        browser.close()
    assert answer
    assert {url for url in asked if not url.startswith((shared.proxy.url, "data:"))} == set()
    assert complaints == []
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
