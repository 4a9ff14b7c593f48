"""The files in ``deploy/``: what they name is there, what they want is documented, and a proxy may finish."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from soravid import cli
from soravid.proxy import keeper, server
from tests.docs.blocks import ROOT

DEPLOY = ROOT / "deploy"
PAGE = (ROOT / "docs" / "how-to" / "many-machines.md").read_text()
ENDING = server._LAST_CALLS + server._GRACE + keeper._ENDING
"""Seconds that a proxy may take to end."""


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return loaded


@pytest.fixture(scope="module")
def unit() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string((DEPLOY / "soravid-proxy.service").read_text())
    return parser


def test_services_name_what_there_is(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"postgres", "proxy", "entrance"}
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        assert all("healthcheck" in services[other] for other in service.get("depends_on", {}))
        for volume in service["volumes"]:
            source = volume.partition(":")[0]
            assert (DEPLOY / source).is_file() if source.startswith("./") else source in compose["volumes"]
    build = services["proxy"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).samefile(DEPLOY / "Dockerfile")
    assert "name proxy\n" in (DEPLOY / "Caddyfile").read_text()


def test_every_variable_of_the_compose_file_is_documented(compose: dict[str, Any]) -> None:
    used = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", PAGE, re.MULTILINE))
    assert used == documented


def test_the_replicas_are_given_what_their_configuration_asks_for(compose: dict[str, Any]) -> None:
    proxy, file = compose["services"]["proxy"], DEPLOY / "config.yaml"
    assert set(re.findall(r"os\.environ/(\w+)", file.read_text())) == set(proxy["environment"])
    given = dict.fromkeys(proxy["environment"], "postgresql://host/database")
    command = [sys.executable, "-m", "soravid", "proxy", "--config", str(file), "--check"]
    checked = subprocess.run(command, cwd=ROOT, env=os.environ | given, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    clips = yaml.safe_load(file.read_text())["soravid_settings"]["media_store"]["path"]
    assert f"clips:{clips}" in proxy["volumes"]


def test_the_image_holds_what_it_starts() -> None:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    copied = [name for line in lines if line.startswith("COPY") for name in line.split()[1:-1]]
    assert all((ROOT / name).exists() for name in copied)
    entry, command = (
        yaml.safe_load(line.partition(" ")[2]) for line in lines if line.startswith(("ENTRYPOINT", "CMD"))
    )
    assert entry == ["soravid"]
    told = cli._parser().parse_args(command)
    assert (command[0], told.host) == ("proxy", "0.0.0.0")
    assert f":{told.config}:ro" in (DEPLOY / "compose.yaml").read_text()


def test_a_proxy_has_time_to_end(compose: dict[str, Any], unit: configparser.ConfigParser) -> None:
    grace = compose["services"]["proxy"]["stop_grace_period"]
    assert float(grace.removesuffix("s")) > ENDING
    service = unit["Service"]
    assert float(service["TimeoutStopSec"]) > ENDING
    assert (service["KillSignal"], service["KillMode"]) == ("SIGTERM", "mixed")
    assert service["Restart"] == "always"


def test_the_unit_starts_a_proxy_with_variables_that_have_a_value(unit: configparser.ConfigParser) -> None:
    service = unit["Service"]
    given = dict(pair.split("=", 1) for pair in shlex.split(service["Environment"]))
    started = re.sub(r"\$\{(\w+)\}", lambda name: given[name[1]], service["ExecStart"])
    program, *words = shlex.split(started)
    told = cli._parser().parse_args(words)
    assert (Path(program).name, words[0]) == ("soravid", "proxy")
    assert (told.host, told.port) == ("127.0.0.1", 4000)
    for path in (service["EnvironmentFile"], service["ReadWritePaths"], str(Path(told.config).parent)):
        assert path in PAGE


def test_the_unit_may_write_to_nothing_else(unit: configparser.ConfigParser) -> None:
    service = unit["Service"]
    wanted = {"NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes"}
    assert {name: service[name] for name in wanted} == wanted
    assert service["CapabilityBoundingSet"] == ""
    assert service["User"] == service["StateDirectory"] == "soravid"
