"""The example of docs/plugins.md, whole: installed as a distribution of its own, and used."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

import soravid
from soravid import catalog, errors, providers
from tests.core.helpers import kinds
from tests.fakes.base import Operation, Refusal
from tests.fakes.jobs import JobFake
from tests.fakes.recorder import Recorded
from tests.fakes.server import serve

PAGE = Path(__file__).parents[2] / "docs/plugins.md"


@dataclass(eq=False)
class AcmeFake(JobFake):
    """The wire that the page describes."""

    def routes_of(self) -> list[tuple[str, str, Operation]]:
        return [("POST", "/v1/clips", self._create), ("GET", "/v1/clips/{id}", self._retrieve)]

    def refused_at_create(self) -> Refusal:
        return self.error(400, "Not this.", "content_policy_violation")

    async def _create(self, request: Request, call: Recorded) -> Response:
        job = await self.begin(request, call.fields["text"], length=call.fields["length"])
        return JSONResponse({"clip_id": job.id})

    async def _retrieve(self, request: Request, call: Recorded) -> Response:
        job = self.poll(request.path_params["id"])
        if job.status == "completed":
            length = job.values["length"]
            return JSONResponse(
                {
                    "state": "ready",
                    "url": self.link(request, job),
                    "length": length,
                    "price_usd": f"{length / 20}",
                }
            )
        if job.status == "failed":
            return JSONResponse({"state": "broken", "reason": "blocked", "text": "Not this."})
        return JSONResponse({"state": "working", "percent": round(100 * job.progress)})


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AcmeFake]:
    """The page's files, installed; and Acme."""
    blocks = dict(re.findall(r"## `([\w.]+)`\n\n```\w+\n(.*?)```", PAGE.read_text(), re.DOTALL))
    site = tmp_path / "site"
    info = site / "acme_video-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "acme_video.py").write_text(blocks["acme_video.py"])
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-video\nVersion: 1.0\n")
    section = re.search(
        r'entry-points\."(soravid\.providers)"\]\n(\w+) = "([\w:]+)"', blocks["pyproject.toml"]
    )
    assert section
    (info / "entry_points.txt").write_text(f"[{section[1]}]\n{section[2]} = {section[3]}\n")
    monkeypatch.syspath_prepend(site)
    with serve(fake := AcmeFake()) as url:
        monkeypatch.setenv("ACME_API_KEY", fake.api_key)
        monkeypatch.setenv("ACME_API_BASE", url)
        _forget()
        yield fake
    sys.modules.pop("acme_video", None)
    monkeypatch.undo()
    _forget()


def _forget() -> None:
    for remembered in (providers.names, providers.plugins, providers.provider_class, catalog._catalogue):
        remembered.cache_clear()


def test_the_adapter_is_short() -> None:
    (code,) = re.findall(r"## `acme_video.py`\n\n```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(code.splitlines()) < 200


def test_a_plugin_makes_a_clip_and_settles_it(acme: AcmeFake, home: Path) -> None:
    clip = soravid.generate("a kite", model="acme/swift", seconds=10, aspect_ratio="9:16").wait()
    assert acme.asked("POST")[0].fields == {"model": "swift", "text": "a kite", "length": 10, "shape": "9:16"}
    assert (clip.cost, clip.size, kinds(home)) == (Decimal("0.5"), "160x90", ["hold", "spend"])


def test_its_models_and_its_key_are_shown(acme: AcmeFake) -> None:
    (row,) = soravid.models("acme")
    assert (row["Model"], row["Seconds"], row["Price"], row["State"]) == (
        "acme/swift",
        "5 or 10",
        "$0.05/s",
        "ready",
    )
    assert any(row["Part"] == "acme" and row["State"] == "ready" for row in soravid.doctor())


def test_its_mistakes_are_told_before_anything_is_sent(acme: AcmeFake) -> None:
    with pytest.raises(errors.InvalidRequest, match="5 or 10, not 7"):
        soravid.generate("a kite", model="acme/swift", seconds=7)
    with pytest.raises(errors.UnsupportedOperation, match="takes no seed"):
        soravid.generate("a kite", model="acme/swift", seed=1)
    assert acme.requests == []


def test_its_refusals_are_refusals(acme: AcmeFake) -> None:
    for prompt in ("[refuse]", "[moderation]"):
        with pytest.raises(errors.Refused):
            soravid.generate(prompt, model="acme/swift").wait()


def test_what_it_cannot_do_is_refused(acme: AcmeFake) -> None:
    job = soravid.generate("a kite", model="acme/swift")
    with pytest.raises(errors.UnsupportedOperation, match="acme cannot stop"):
        job.cancel()


def test_a_broken_plugin_takes_nothing_down(acme: AcmeFake, tmp_path: Path) -> None:
    (tmp_path / "site/acme_video.py").write_text("raise ImportError('no such part')")
    sys.modules.pop("acme_video", None)
    _forget()
    with pytest.warns(UserWarning, match="acme cannot be used: no such part"):
        assert catalog.find("local/animatic")
