"""Every example of the guide runs as it stands, against fakes at its addresses."""

from __future__ import annotations

import ast
import asyncio
import re
import sys
import types
from pathlib import Path

import pytest
import yaml

from soravid.guardrails import from_config
from tests.fakes.moderation import ModerationFake
from tests.guardrails.conftest import KEY, check

GUIDE = (Path(__file__).parents[2] / "docs" / "guardrails.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def test_the_examples_run(
    url: str,
    fake: ModerationFake,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", f"{url}/v1")
    fake.key = None
    _configuration(monkeypatch, tmp_path)
    (config, litellm) = (yaml.safe_load(text) for text in blocks("yaml"))
    names: dict[str, object] = {"config": config, "folder": tmp_path}
    for text in blocks("python"):
        code = compile(
            text.replace("http://localhost:8000", url),
            "guide",
            "exec",
            flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
        )
        made = eval(code, names)
        if made is not None:
            asyncio.run(made)
    assert capsys.readouterr().out.splitlines() == [
        "The prompt has a word that is not allowed here. Change the prompt and try again; nothing was sent.",
        "kill*",
    ]
    assert {call.path for call in fake.requests} == {"/v1/moderations", "/v1/chat/completions", "/hook"}
    guard = from_config(litellm["guardrails"])
    assert check(guard, "acme", guardrails=("words",)).prompt == "***"


def _configuration(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "words.txt").write_text("kill\n")
    rules = types.ModuleType("my_rules")
    rules.strict = lambda prompt: None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "my_rules", rules)
