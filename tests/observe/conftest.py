"""Each test has a home of its own, and leaves no subscriber, callback or told fault behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from soravid import callbacks, observe
from soravid.observe import emitting, faults, redact, spans


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture(autouse=True)
def surroundings(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SORAVID_HOME", str(home))
    for name in ("SORAVID_LOG", "SORAVID_LOG_DAYS", "SORAVID_LOG_MB"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(faults, "_told", set())
    monkeypatch.setattr(spans, "_providers", None)
    monkeypatch.setattr(spans, "_instruments", None)
    monkeypatch.setattr(redact, "_known", {})
    monkeypatch.setattr(redact, "_spellings", ())
    emitting._home.cache_clear()
    yield
    for each in callbacks._lists:
        each.clear()
    observe.flush()
    files = emitting._files.pop(home, None)
    if files:
        files.close()
