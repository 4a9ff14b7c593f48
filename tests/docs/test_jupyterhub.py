"""The hook of the JupyterHub page: what a hub's own Spawner does with it, before a real proxy."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jupyterhub.spawner import SimpleLocalProcessSpawner
from traitlets.config import Config

import soravid
from soravid.errors import AuthenticationFailed
from tests.docs.blocks import ROOT, blocks
from tests.notebook.test_connect import SETTINGS
from tests.proxy.operated import MASTER, Proxy, running

PAGE = ROOT / "docs" / "how-to" / "jupyterhub.md"


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with running(tmp_path_factory.mktemp("hub") / "home", SETTINGS) as proxy:
        yield proxy


class Hub:
    """A hub that has read the page's configuration."""

    def __init__(self, **more: Any) -> None:
        (text,) = [block.text for block in blocks(PAGE) if block.file == "jupyterhub_config.py"]
        self.config = Config(more)
        exec(compile(text, "jupyterhub_config.py", "exec"), {"c": self.config})

    def start(self, user: str, server: str = "") -> dict[str, str]:
        """Start a user's server as far as its environment; what soravid finds there."""
        owner = SimpleNamespace(name=user, url=f"/user/{user}/", settings={})
        spawner = SimpleLocalProcessSpawner(
            config=self.config,
            user=owner,
            hub=SimpleNamespace(public_host="", api_url="http://hub/hub/api", base_url="/hub/"),
            orm_spawner=SimpleNamespace(name=server, server=None),
        )
        asyncio.run(spawner.run_pre_spawn_hook())
        return {name: value for name, value in spawner.get_env().items() if "SORAVID" in name}


@pytest.fixture
def hub(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Hub:
    monkeypatch.setenv("SORAVID_PROXY_URL", proxy.url)
    monkeypatch.setenv("SORAVID_MASTER_KEY", MASTER)
    return Hub()


def keys(proxy: Proxy) -> list[str]:
    return sorted(key["key_alias"] for key in proxy.master.get("/key/list").json()["keys"])


def test_each_start_gives_the_users_one_key_a_new_secret(
    hub: Hub, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    first, other, big, again = hub.start("ada"), hub.start("lin"), hub.start("ada", "big"), hub.start("ada")
    secrets = [each["SORAVID_API_KEY"] for each in (first, other, big, again)]
    assert len({*secrets}) == 4
    assert [each.keys() for each in (first, again)] == [{"SORAVID_PROXY_URL", "SORAVID_API_KEY"}] * 2
    assert keys(proxy) == ["ada", "ada/big", "lin"]
    assert not any(secret in caplog.text for secret in [*secrets, MASTER])

    # As the user's notebook then has it: nothing to type; and the secret before opens nothing.
    monkeypatch.setenv("SORAVID_HOME", str(tmp_path / "home"))
    for name, value in again.items():
        monkeypatch.setenv(name, value)
    told = soravid.connect()
    assert repr(told).startswith(
        f"Connected to {proxy.url.removeprefix('http://')} as ada · $5.00 left of $5.00 ·"
    )
    soravid.disconnect()
    with pytest.raises(AuthenticationFailed):
        soravid.connect(proxy.url, first["SORAVID_API_KEY"])


def test_a_hub_starts_servers_also_without_the_proxy(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SORAVID_PROXY_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("SORAVID_MASTER_KEY", MASTER)
    logging.getLogger("traitlets").propagate = True
    assert Hub().start("ada") == {}
    assert "ada gets no key for video" in caplog.text
    assert MASTER not in caplog.text


def test_the_hubs_own_environment_stays(hub: Hub, proxy: Proxy) -> None:
    shared = Hub(SimpleLocalProcessSpawner={"environment": {"SORAVID_MODEL": "soravid/draft"}})
    assert shared.start("sam").keys() == {"SORAVID_MODEL", "SORAVID_PROXY_URL", "SORAVID_API_KEY"}
    mine = [shared.start(name)["SORAVID_API_KEY"] for name in ("sam", "eve")]
    assert mine[0] != mine[1]
    assert "SORAVID_API_KEY" not in str(shared.config)
