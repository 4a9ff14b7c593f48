"""A configuration is checked before anything is served, and a mistake is told with its line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from soravid import config, guarding, limiting
from soravid.errors import InvalidRequest
from soravid.ledger.keys import new_secret
from soravid.proxy.options import read_options, weakness
from soravid.routing import Groups, Policy
from tests.core.helpers import environment
from tests.proxy.operated import ROOT, good, running

GOOD = """\
model_list:
  - model_name: kite
    litellm_params:
      model: local/animatic
  - model_name: sora
    litellm_params:
      model: openai/sora-2
      api_key: os.environ/THE_KEY
      api_base: http://127.0.0.1:1/v1
router_settings:
  num_retries: 1
general_settings:
  master_key: os.environ/THE_MASTER
soravid_settings:
  media_store:
    path: clips
    max_age: 30d
    max_size_gb: 1.5
  references:
    allow: [images.lab, 10.1.0.0/16]
  pass_on: [fps]
"""


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a configuration puts in force for the whole process is put back."""
    monkeypatch.setattr(config, "_active", Groups([], Policy()))
    monkeypatch.setattr(limiting, "active", limiting.active)
    monkeypatch.setattr(guarding, "_active", None)
    monkeypatch.setenv("THE_KEY", "sk-1")
    monkeypatch.setenv("THE_MASTER", "sk-master")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def test_a_good_one_is_read_whole(file: Path) -> None:
    file.write_text(GOOD)
    told = read_options(file)
    assert (told.master_key, sorted(told.pass_on)) == ("sk-master", ["fps"])
    assert told.media.path == file.parent / "clips"
    assert (told.media.max_age, told.media.max_bytes) == (30 * 86_400, 3 << 29)
    assert (*told.allowed_hosts, *map(str, told.allowed_networks)) == ("images.lab", "10.1.0.0/16")
    assert "sk-master" not in repr(told)


@pytest.mark.parametrize(
    ("was", "becomes", "line", "words"),
    [
        ("model: openai/sora-2", "model: openai/sora-3", None, ""),  # at an address of one's own: anything
        ("model: openai/sora-2", "model: sora-2", 7, "provider/model"),
        ("model: openai/sora-2", "model: nobody/sora-2", 7, "nobody"),
        ("model: openai/sora-2", "modle: openai/sora-2", 7, "modle"),
        ("model_name: sora", "model_nam: sora", 5, "model_nam"),
        ("api_base: http://127.0.0.1:1/v1", "api_base: nowhere", 9, "https://host/v1"),
        ("api_key: os.environ/THE_KEY", "api_key: os.environ/NOT_SET", 8, "NOT_SET"),
        ("num_retries: 1", "num_retries: some", 11, "num_retries"),
        ("num_retries: 1", "num_retires: 1", 11, "Did you mean num_retries?"),
        ("master_key: os.environ/THE_MASTER", "masterkey: sk-1", 13, "Did you mean master_key?"),
        ("master_key: os.environ/THE_MASTER", "master_key: os.environ/NOT_SET", 13, "NOT_SET"),
        ("max_age: 30d", "max_age: soon", 17, "30m, 24h, 30d or 2w"),
        ("max_size_gb: 1.5", "max_size_gb: much", 18, "max_size_gb"),
        ("allow: [images.lab, 10.1.0.0/16]", "allow: [10.1.0.0/99]", 20, "10.1.0.0/99"),
        ("pass_on: [fps]", "pass_on: fps", 21, "list"),
        ("pass_on: [fps]", "past_on: [fps]", 21, "pass_on"),
        ("pass_on: [fps]", "lease_seconds: 0.1", 21, "from 1 to 600"),
        ("pass_on: [fps]", "pass_on: [fps", None, "YAML"),
        ("soravid_settings:", "soravid_setings:", 14, "soravid_settings"),
    ],
)
def test_a_mistake_is_told_with_its_line(
    file: Path, was: str, becomes: str, line: int | None, words: str
) -> None:
    file.write_text(GOOD.replace(was, becomes, 1))
    if not words:
        read_options(file)
        return
    with pytest.raises(InvalidRequest) as caught:
        read_options(file)
    assert words in str(caught.value)
    if line is not None:
        assert str(caught.value).startswith(f"config.yaml:{line}: ")


def test_an_account_without_a_key_is_told_before_anybody_asks_for_it(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    file.write_text(GOOD.replace("model: local/animatic", "model: gemini/gemini-omni-1.2-flash"))
    with pytest.raises(InvalidRequest, match=r"config.yaml:\d+: model_list\[0\] \(kite\).*GEMINI_API_KEY"):
        read_options(file)


def test_what_its_provider_has_shut_down_is_told_and_served(file: Path) -> None:
    """OpenAI closed its API; the configuration that everybody has names it, and may still be tried."""
    file.write_text(GOOD.replace("      api_base: http://127.0.0.1:1/v1\n", ""))
    (note,) = read_options(file).notes
    assert note == "model_list[1] (sora): openai/sora-2 was shut down on 2026-09-24."


def test_what_is_litellm_s_is_told_and_ignored(file: Path) -> None:
    file.write_text(GOOD.replace("general_settings:", "general_settings:\n  alerting: [slack]"))
    with pytest.warns(UserWarning, match="alerting"):
        read_options(file)


@pytest.mark.parametrize(
    "key", ["sk-1234", "sk-password", "sk-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "sk-2026112220261122"]
)
def test_a_weak_master_key_is_told_and_a_better_one_offered(key: str) -> None:
    words = weakness(key)
    assert words is not None
    assert key not in words
    assert weakness(words.rpartition(" ")[2]) is None


def test_a_strong_master_key_is_not(file: Path) -> None:
    assert weakness(new_secret()) is None
    assert weakness("sk-3f9ac1b27e4d86509bd1c7e2a4f8036d") is None


# --- the command ---


def command(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "soravid", "proxy", *arguments],
        cwd=ROOT,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_check_serves_nothing(file: Path, tmp_path: Path) -> None:
    file.write_text(GOOD)
    done = command(
        "--config", str(file), "--check", THE_KEY="sk-1", THE_MASTER="sk-m", SORAVID_HOME=str(tmp_path)
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("all is well. 2 models: kite, sora.\n")
    assert not (tmp_path / "journal.db").exists()


def test_a_mistake_ends_it_in_one_line(file: Path) -> None:
    file.write_text(GOOD.replace("num_retries: 1", "num_retires: 1"))
    done = command("--config", str(file), THE_KEY="sk-1", THE_MASTER="sk-m")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("soravid: config.yaml:11: ")
    assert done.stderr.count("\n") == 1


def test_without_a_master_key_it_is_for_this_machine_alone(tmp_path: Path) -> None:
    done = command("--host", "0.0.0.0", "--port", "0", SORAVID_HOME=str(tmp_path))
    assert done.returncode == 2
    assert "on this machine only" in done.stderr
    settings: dict[str, Any] = {
        "model_list": [{"model_name": "kite", "litellm_params": {"model": "local/animatic"}}]
    }
    with running(tmp_path / "home", settings) as proxy:
        assert "There is no master key" in "".join(proxy.said)
        assert [row["id"] for row in good(httpx2.get(f"{proxy.url}/v1/models"))["data"]] == ["kite"]
        key = good(httpx2.post(f"{proxy.url}/key/generate", json={"models": ["nothing"]}))["key"]
        assert good(proxy.client(key).get("/v1/models"))["data"] == []  # a key counts all the same
        port = proxy.url.rpartition(":")[2]
        for headers in (
            {"origin": "https://evil.example"},
            {"host": f"evil.example:{port}"},
            {"origin": "null"},
        ):
            body = {"files": {"prompt": (None, "A kite")}}
            answer = httpx2.post(f"{proxy.url}/v1/videos", headers=headers, **body)  # type: ignore[arg-type]
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "loopback_only")


def test_a_port_that_is_taken_is_one_line(tmp_path: Path) -> None:
    with running(
        tmp_path / "home", {"model_list": []} | {"general_settings": {"master_key": new_secret()}}
    ) as proxy:
        port = proxy.url.rpartition(":")[2]
        done = command("--port", port, SORAVID_HOME=str(tmp_path / "other"))
        assert done.returncode == 2
        assert f"127.0.0.1:{port} cannot be served" in done.stderr
        assert done.stderr.count("\n") == 1
