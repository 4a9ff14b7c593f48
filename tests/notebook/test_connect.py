"""A session at a shared proxy: a real one, in a process of its own, and what is none."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from nbclient.exceptions import CellExecutionError
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

import soravid
from soravid import catalog, loop, settings
from soravid.connecting import Connected, in_clear
from soravid.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    ConnectionLost,
    InsufficientCredits,
    InvalidRequest,
    MissingKey,
    NoProxy,
    ServerError,
    SoravidError,
    UnknownKeyword,
)
from soravid.key_budget import KeyBudget, key_budget
from soravid.notebook.widgets.form_choices import model_rows
from soravid.planning import current
from tests.core.helpers import python
from tests.fakes.server import serve
from tests.notebook.kernel import kernel
from tests.proxy.operated import MASTER, Proxy, running

SMALL: dict[str, Any] = {"seconds": 1, "size": "128x128"}
SETTINGS: dict[str, Any] = {
    "model_list": [
        {"model_name": "draft", "litellm_params": {"model": "local/animatic"}},
        {
            "model_name": "mystery",
            "litellm_params": {
                "model": "openai/new",
                "api_key": "sk-test",
                "api_base": "http://127.0.0.1:9/v1",
            },
        },
    ],
    "general_settings": {"master_key": MASTER},
    "soravid_settings": {"models": [{"id": "local/animatic", "prices": {"any": "0.10"}}]},
}


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with running(tmp_path_factory.mktemp("shared") / "home", SETTINGS) as proxy:
        yield proxy


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SORAVID_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SORAVID_POLL_SECONDS", "0.05")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    yield
    soravid.disconnect()


@pytest.fixture
def key(proxy: Proxy) -> str:
    """A key without a budget, and without a name."""
    return str(proxy.key()["key"])


def ids(table: object) -> list[str]:
    return [row["Model"] for row in table]  # type: ignore[attr-defined]


# --- connected ----------------------------------------------------------------------------------------


def test_the_session_is_the_proxys_from_then_on(proxy: Proxy) -> None:
    mine = proxy.key(key_alias="ada", max_budget=2, budget_duration="30d", expires="2100-01-01T00:00:00Z")
    told = soravid.connect(proxy.url, mine["key"])
    place = proxy.url.removeprefix("http://")
    assert re.fullmatch(
        rf"Connected to {place} as ada · \$2.00 left of \$2.00 · begins anew on \d+ \w+( \d+)?, \d\d:\d\d · "
        rf"the key is good until (31 Dec 2099|1 Jan 2100), \d\d:\d\d · 2 models\n"
        r"A cell that names no model makes soravid/draft \(\$0.10/s\)\.",
        repr(told),
    )
    assert "ada" in told._repr_mimebundle_()["text/html"]

    # What there is to choose from is what the key may use, in the proxy's order and at its prices.
    table = soravid.models()
    assert table.caption == f"Models at {place} (2)"
    assert [(row["Model"], row["Price"], row["Seconds"]) for row in table] == [
        ("soravid/draft", "$0.10/s", "1 to 60"),
        ("soravid/mystery", "price unknown", ""),
    ]
    assert [row[0] for row in model_rows()] == ids(table)
    assert {"soravid/draft", "local/animatic"} <= {*ids(soravid.models("animatic"))}

    # A clip that names no model is the proxy's, and its money the key's.
    clip = soravid.generate("A red kite", **SMALL).wait(60)
    assert (clip.model, str(clip.cost)) == ("soravid/draft", "0.1")
    budget = loop.run(key_budget(current().transport))
    assert budget
    assert (budget.name, budget.left) == ("ada", "$1.90 left of $2.00")
    with pytest.raises(InsufficientCredits, match=r"\$1.90 left; this clip may cost \$6.00") as spent:
        soravid.generate("A film", seconds=60, size="128x128").wait(60)
    assert spent.value.title == "The key's budget does not cover it"
    assert "$1.90 left of $2.00" in repr(soravid.connect())
    soravid.observe.flush()
    written = [file.read_bytes() for file in Path().rglob("*") if file.is_file()]
    assert written
    assert not any(mine["key"].encode() in content for content in written)

    soravid.disconnect()
    assert settings.default_model() == "local/animatic"
    assert "soravid/draft" not in ids(soravid.models())
    with pytest.raises(InvalidRequest, match="connected to no proxy"):
        soravid.connect()


def test_another_key_means_other_models(proxy: Proxy, key: str) -> None:
    narrow = proxy.key(models=["mystery"])["key"]
    assert soravid.connect(proxy.url, key).models == ("soravid/draft", "soravid/mystery")
    assert catalog.find("soravid/draft")
    told = soravid.connect(proxy.url, narrow)
    assert (told.models, told.default) == (("soravid/mystery",), "soravid/mystery")
    assert catalog.find("soravid/draft") is None
    assert ids(soravid.models()) == ["soravid/mystery"]
    nothing = soravid.connect(proxy.url, proxy.key(models=["no-such"])["key"])
    assert (nothing.models, nothing.default) == ((), "local/animatic")
    assert "This key may use no model. Ask whoever runs the proxy." in repr(nothing)


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/"])
def test_an_address_may_end_as_people_end_it(proxy: Proxy, key: str, end: str) -> None:
    assert soravid.connect(proxy.url + end, key).url == proxy.url


def test_the_environments_model_stays_the_default(
    proxy: Proxy, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SORAVID_MODEL", "local/animatic")
    assert soravid.connect(proxy.url, key).default == "local/animatic"


def test_a_proxy_that_wants_no_key_asks_for_none() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        rows = [{"id": "draft"}] if scope["path"] == "/v1/models" else None
        await JSONResponse({"data": rows})(scope, receive, send)

    with serve(app) as url:
        told = soravid.connect(url)
    assert (told.key, told.models) == (None, ("soravid/draft",))
    assert "no budget of its own · 1 model" in repr(told)


# --- whose key ----------------------------------------------------------------------------------------


def test_the_environments_key_goes_to_its_own_proxy_only(
    proxy: Proxy, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SORAVID_API_KEY", key)
    assert len(soravid.connect(proxy.url).models) == 2
    soravid.disconnect()
    monkeypatch.setenv("SORAVID_PROXY_URL", f"{proxy.url}/v1/")
    assert len(soravid.connect().models) == 2  # a hub has set both
    soravid.disconnect()
    monkeypatch.setenv("SORAVID_PROXY_URL", "http://another:4000")
    with pytest.raises(MissingKey, match=r"There is no key for .* Set SORAVID_API_KEY"):
        soravid.connect(proxy.url)


def test_a_key_that_was_taken_once_is_not_asked_for_again(proxy: Proxy) -> None:
    made = proxy.key(key_alias="to-turn-in-a-notebook")
    soravid.connect(proxy.url, made["key"])
    assert soravid.connect(proxy.url).key
    proxy.master.post("/key/regenerate", json={"key": made["token"]}).raise_for_status()
    with pytest.raises(AuthenticationFailed, match=r"It did once\. Run it again to type another"):
        soravid.connect()
    with pytest.raises(MissingKey):
        soravid.connect(proxy.url)


def test_no_child_process_and_no_repr_has_the_key(proxy: Proxy, key: str) -> None:
    told = soravid.connect(proxy.url, key)
    assert key not in repr(told) + repr(settings.proxy()) + repr(dict(os.environ))
    assert key not in str(told._repr_mimebundle_())


def test_a_terminal_asks_without_an_echo(proxy: Proxy, key: str) -> None:
    code = f"import soravid; print(repr(soravid.connect({proxy.url!r})))"
    child = pexpect.spawn(sys.executable, ["-W", "error", "-c", code], encoding="utf-8", timeout=30)
    child.expect("Key for 127.0.0.1:[0-9]+: ")
    child.sendline(key)
    child.expect("Connected to .*2 models")
    child.expect(pexpect.EOF)
    assert key not in child.before + str(child.match)
    child.close()
    assert child.exitstatus == 0


def test_where_nobody_can_type_a_kernel_says_what_to_set(proxy: Proxy, key: str, tmp_path: Path) -> None:
    with kernel(tmp_path) as notebook:
        notebook.run("%load_ext soravid\nimport soravid, os")
        (told,) = notebook.run(f"%video connect {proxy.url}")
        assert "Set SORAVID_API_KEY; where somebody can type" in told["data"]["text/plain"]
        (told,) = notebook.run("%video connect")
        assert told["data"]["text/plain"] == "Not connected to a proxy"
        (told,) = notebook.run(f"%video connect {proxy.url} {key}")
        assert key not in str(told)
        assert "it would stay in the notebook" in str(told)
        with pytest.raises(CellExecutionError):  # with the line that raised it among its details
            notebook.run(f"soravid.connect({proxy.url!r}, {'sk-' + 'wrong' * 9!r})")
        assert "does not know this key" in str(notebook.notebook.cells[-1].outputs)
        assert "wrongwrong" not in str(notebook.notebook.cells[-1].outputs)
        notebook.run(f"os.environ['SORAVID_API_KEY'] = {key!r}")
        (told,) = notebook.run(f"%video connect {proxy.url}")
        assert "2 models" in told["data"]["text/html"]


def test_a_job_that_was_left_is_taken_up_by_whoever_connects_again(
    proxy: Proxy, key: str, tmp_path: Path
) -> None:
    start = f"""
import sys, soravid
soravid.connect({proxy.url!r}, sys.argv[1])
print(soravid.generate("A kite that is left", seconds=1, size="128x128").id)
"""
    job = python(start, key, SORAVID_HOME=str(tmp_path / "home")).strip()
    with pytest.raises(MissingKey, match=rf"%video connect {proxy.url}\S* asks for it"):
        soravid.find_job(job).wait(60)
    soravid.connect(proxy.url, key)
    assert soravid.find_job(job).wait(60).path


# --- what is wrong ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("host:4000", "host:4000 needs http:// or https:// before it. Try https://host:4000, or http://"),
        ("localhost:4000", "localhost:4000 needs http:// or https:// before it. Try http://localhost:4000."),
        ("ftp://host", "ftp://host is no address of a proxy. It looks like http://host:4000."),
        ("http://", "http:// is no address"),
        ("http://host:99999", "http://host:99999 is no address"),
        ("sk-secret", "The address holds a key, or something else that does not belong there."),
        ("http://sk-secret@host", "The address holds a key"),
        ("http://host?key=sk-secret", "The address holds a key"),
    ],
)
def test_an_address_that_cannot_be_is_told_before_anything_is_sent(url: str, says: str) -> None:
    with pytest.raises(InvalidRequest) as wrong:
        soravid.connect(url, "sk-secret")
    assert str(wrong.value).startswith(says)
    assert "sk-secret" not in str(wrong.value)


def test_what_cannot_be_reached_says_why(proxy: Proxy) -> None:
    there = proxy.url.removeprefix("http://")
    for url, says in (
        ("http://nobody.invalid:4000", "There is no host named nobody.invalid."),
        ("http://127.0.0.1:9", "Nothing answers at 127.0.0.1:9. Does the proxy run, and on this port?"),
        (f"https://{there}", f"{there} does not speak https. Try http://{there}."),
    ):
        with pytest.raises(ConnectionFailed, match=re.escape(says)):
            soravid.connect(url, "sk-secret")


LOGIN = "<html><form>Sign in to the hub</form></html>"


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (lambda: HTMLResponse(LOGIN), NoProxy, "is no soravid proxy"),
        (lambda: HTMLResponse(LOGIN, 401), NoProxy, "is no soravid proxy"),
        (lambda: JSONResponse({"detail": "Not Found"}, 404), NoProxy, "it often has a port"),
        (lambda: JSONResponse({"models": []}), NoProxy, "is no soravid proxy"),
        (lambda: RedirectResponse("https://elsewhere.invalid/"), NoProxy, "sends one on to another address"),
        (lambda: Response("bad gateway", 502), ServerError, r"with an error \(502\). Try again in a moment"),
    ],
)
def test_what_is_no_proxy_never_sees_the_key(answer: Any, kind: type[SoravidError], says: str) -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(str(scope["headers"]))
        await answer()(scope, receive, send)

    with serve(app) as url, pytest.raises(kind, match=says):
        soravid.connect(url, "sk-secret")
    assert len(seen) == 1
    assert "sk-secret" not in seen[0]
    assert settings.proxy() is None


def test_what_hangs_up_gives_no_answer() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise ConnectionResetError

    with serve(app) as url, pytest.raises((ConnectionLost, ServerError)):
        soravid.connect(url, "sk-secret")


def test_a_path_is_left_out(proxy: Proxy) -> None:
    with pytest.raises(NoProxy, match=f"Leave the path out: {proxy.url}"):
        soravid.connect(f"{proxy.url}/docs", "sk-secret")


def test_a_key_that_is_not_taken_says_why_and_changes_nothing(
    proxy: Proxy, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    soravid.connect(proxy.url, key)
    over = proxy.key(key_alias="over", expires="2020-01-01T00:00:00Z")["key"]
    shut = proxy.key(key_alias="shut", blocked=True)["key"]
    for secret, says in (
        ("sk-wrong", "does not know this key. Check api_key."),
        (over, "The key over has expired. Ask whoever runs the proxy for a new one."),
        (shut, "The key shut is blocked. Ask whoever runs the proxy."),
    ):
        with pytest.raises(AuthenticationFailed, match=says) as wrong:
            soravid.connect(proxy.url, secret)
        assert wrong.value.title == "The proxy did not accept the key"
        assert secret not in str(wrong.value)
    monkeypatch.setenv("SORAVID_API_KEY", "sk-wrong")
    with pytest.raises(AuthenticationFailed, match="SORAVID_API_KEY holds it"):
        soravid.connect(proxy.url)
    assert settings.proxy() == settings.Proxy(proxy.url, key, ("soravid/draft", "soravid/mystery"))
    with pytest.raises(UnknownKeyword, match="Did you mean api_key"):
        soravid.connect(proxy.url, apikey=key)  # type: ignore[call-arg]


def test_a_key_in_clear_is_warned_of() -> None:
    assert [
        in_clear(url) for url in ("http://lab:4000", "https://lab", "http://localhost:1", "http://[::1]:1")
    ] == [*(True, False, False, False)]
    told = Connected("http://lab:4000", KeyBudget("ada", None, 400_000_000), ("soravid/a",), "soravid/a")
    assert str(told).startswith("Connected to lab:4000 as ada · $0.40 spent, no limit · 1 model\n")
    assert str(told).endswith(
        "http sends the key unencrypted: others on the way can read it. Ask for an https address."
    )


# --- the magic's line ---------------------------------------------------------------------------------


def test_the_line_completes_and_goes_back(proxy: Proxy, key: str, tmp_path: Path) -> None:
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False  # type: ignore[union-attr]
    shell.run_line_magic("load_ext", "soravid")
    try:
        soravid.connect(proxy.url, key)
        completer = shell.Completer
        assert completer

        def completed(text: str) -> list[str]:
            with provisionalcompleter():
                return [found.text for found in completer.completions(text, len(text))]

        assert completed("%%video -m ") == ["soravid/draft", "soravid/mystery"]
        assert completed("%video connect --") == ["--off"]
        for line in ("connect --of", "connect http://a http://b"):
            assert shell.run_cell(f"%video {line}").error_in_exec  # type: ignore[no-untyped-call]
        assert shell.run_cell("%video connect --off").success  # type: ignore[no-untyped-call]
        assert settings.proxy() is None
    finally:
        shell.run_line_magic("unload_ext", "soravid")
        InteractiveShell.clear_instance()
