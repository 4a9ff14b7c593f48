"""Who gets into the admin page: whoever knows the master key, by a cookie that no other page can use."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from tests.fakes.server import serve
from tests.proxy.operated import MASTER, Proxy, config, fake, good, running


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    home = tmp_path_factory.mktemp("entry") / "home"
    with serve(fake()) as upstream, running(home, config(upstream)) as proxy:
        yield proxy


@pytest.fixture
def browser(proxy: Proxy) -> Iterator[httpx2.Client]:
    """A client that keeps cookies, and no key."""
    with httpx2.Client(base_url=proxy.url, timeout=30) as client:
        yield client


def sign_in(browser: httpx2.Client, key: str = MASTER, **headers: str) -> httpx2.Response:
    return browser.post("/admin/session", json={"key": key}, headers=headers)


def test_the_page_holds_nothing_and_lets_nothing_else_in(browser: httpx2.Client) -> None:
    answer = browser.get("/")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    rules = dict(each.strip().split(" ", 1) for each in answer.headers["content-security-policy"].split(";"))
    assert (rules["default-src"], rules["script-src"]) == ("'none'", "'self'")
    assert (rules["style-src"], rules["frame-ancestors"]) == ("'self'", "'none'")
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "http" not in answer.text.replace("%video connect http", "")
    again = browser.get("/", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert browser.get("/admin/static/page.py").status_code == 404
    assert browser.get("/admin/static/..%2Fentry.py").status_code == 404


@pytest.mark.parametrize(
    "path", ["/admin/now", "/admin/clips", "/admin/log", "/admin/posters/job_1", "/key/list"]
)
def test_without_a_sign_in_nothing_is_told(browser: httpx2.Client, proxy: Proxy, path: str) -> None:
    assert browser.get(path).status_code == 401
    assert proxy.client(proxy.key()["key"]).get(path).status_code == 403
    browser.cookies.set("soravid_admin", "guessed")
    assert browser.get(path).status_code == 401


def test_a_sign_in_opens_what_the_master_key_opens_until_the_sign_out(browser: httpx2.Client) -> None:
    assert good(browser.get("/admin/session"))["signed_in"] is False
    answer = sign_in(browser)
    assert good(answer) == {"signed_in": True}
    cookie = answer.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=strict", "path=/", "max-age=43200"))
    assert "secure" not in cookie
    assert MASTER.lower() not in cookie
    assert "secure" in sign_in(browser, **{"x-forwarded-proto": "https"}).headers["set-cookie"].lower()
    sign_in(browser)
    token = browser.cookies["soravid_admin"]
    assert good(browser.get("/admin/session"))["signed_in"] is True
    assert good(browser.post("/key/generate", json={"key_alias": "by-page"}))["key"].startswith("sk-")
    browser.request("DELETE", "/admin/session")
    assert "soravid_admin" not in browser.cookies
    browser.cookies.set("soravid_admin", token)  # whoever has kept it
    assert browser.get("/key/list").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},  # another port of the same host, which has the cookie, too
        {"origin": "http://evil.example"},
        {"origin": "null"},
    ],
)
def test_another_page_cannot_use_the_cookie(browser: httpx2.Client, headers: dict[str, str]) -> None:
    sign_in(browser)
    for answer in (
        browser.post("/key/generate", json={}, headers=headers),
        browser.get("/key/list", headers=headers),
        sign_in(browser, **headers),
        browser.request("DELETE", "/admin/session", headers=headers),
    ):
        assert answer.status_code == 403, answer.text
    assert browser.get("/key/list", headers={"sec-fetch-site": "same-origin"}).is_success
    assert browser.get("/key/list", headers={"origin": str(browser.base_url).rstrip("/")}).is_success


def test_the_keys_holder_is_not_taken_for_the_cookies(browser: httpx2.Client, proxy: Proxy) -> None:
    """A key that comes along counts, also where a browser adds the cookie."""
    sign_in(browser)
    key = proxy.key()["key"]
    assert browser.get("/key/list", headers={"authorization": f"Bearer {key}"}).status_code == 403


def test_a_database_holds_no_token(browser: httpx2.Client, proxy: Proxy) -> None:
    sign_in(browser)
    token = browser.cookies["soravid_admin"].encode()
    assert not any(token in path.read_bytes() for path in proxy.home.rglob("*") if path.is_file())


def test_guessing_is_slow(proxy: Proxy) -> None:  # last: from then on this machine has to wait
    with httpx2.Client(base_url=proxy.url, timeout=30) as browser:
        answers = [sign_in(browser, f"sk-guess-{k}") for k in range(9)]
        assert [each.status_code for each in answers] == [401] * 8 + [429]
        assert answers[0].json()["error"]["message"] == "That is not the master key."
        assert 0 < int(answers[-1].headers["retry-after"]) <= 61
        assert sign_in(browser).status_code == 429  # the right one, too
        assert sign_in(browser, "x" * 5000).status_code in {413, 429}


def test_without_a_master_key_the_page_is_open_on_this_machine(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    home = tmp_path_factory.mktemp("open") / "home"
    with serve(fake()) as upstream:
        settings = config(upstream) | {"general_settings": {}}
        with running(home, settings) as proxy, httpx2.Client(base_url=proxy.url) as browser:
            told = good(browser.get("/admin/session"))
            assert (told["signed_in"], told["needs_key"]) == (True, False)
            assert browser.get("/admin/now").is_success
            assert browser.get("/admin/now", headers={"host": "evil.example"}).status_code == 403
            assert sign_in(browser).json()["error"]["code"] == "no_master_key"
