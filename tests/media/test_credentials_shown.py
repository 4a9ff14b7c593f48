"""A clip's content credentials are read once, when it is stored, and told wherever it is shown."""

from __future__ import annotations

import json
import re
import sys
from html import unescape
from pathlib import Path

import pytest

import soravid
from soravid import cards, planning
from soravid.clips import CREDENTIALS, Clip
from tests.core.conftest import fake, home, openai, surroundings, url
from tests.core.helpers import MODEL, jobs, python
from tests.fakes import clips
from tests.fakes.openai import OpenAIFake
from tests.media.signing import OWNER, sign

__all__ = ["fake", "home", "openai", "surroundings", "url"]

LINE = f"Made with AI by Test Model 1.0, signed by {OWNER}"


@pytest.fixture
def signed(openai: OpenAIFake, tmp_path: Path) -> bytes:
    """What the provider hands out: a clip with content credentials."""
    plain = tmp_path / "plain.mp4"
    plain.write_bytes(clips.small_clip())
    openai.clip = sign(plain, tmp_path / "signed.mp4").read_bytes()
    return openai.clip


def told(clip: Clip) -> str | None:
    """What its card tells of them."""
    html = cards.finished_html(clip.view, "clip.mp4")
    found = re.search(r">Credentials</dt><dd [^>]*>(.*?)</dd>", html, re.DOTALL)
    return unescape(found[1]) if found else None


def test_the_card_and_the_journal_tell_them(signed: bytes, home: Path) -> None:
    made = soravid.generate("a kite", model=MODEL, metadata={"team": "x"}).wait()
    assert (told(made), str(made.credentials), made.info.credentials) == (LINE, LINE, True)
    assert json.loads(jobs(home)[0]["labels"]) == {"team": "x", CREDENTIALS: LINE}
    said = python("import soravid; print(soravid.jobs()[0].view.details['Credentials'])")
    assert said == f"{LINE}\n"


def test_a_reused_clip_tells_them_without_being_read_again(
    signed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    soravid.generate("a kite", model=MODEL, reuse=True).wait()
    planning.pipeline.cache_clear()
    monkeypatch.setitem(sys.modules, "c2pa", None)
    again = soravid.generate("a kite", model=MODEL, reuse=True).wait()
    assert (again.reused, told(again)) == (True, LINE)


def test_a_clip_without_says_nothing_of_them(openai: OpenAIFake, home: Path) -> None:
    made = soravid.generate("a kite", model=MODEL).wait()
    assert (told(made), json.loads(jobs(home)[0]["labels"])) == (None, {})


def test_a_clip_that_was_changed_says_so(openai: OpenAIFake, signed: bytes) -> None:
    at = signed.index(b"mdat") + 200
    openai.clip = signed[:at] + bytes([signed[at] ^ 1]) + signed[at + 1 :]
    line = told(soravid.generate("a kite", model=MODEL).wait())
    assert line is not None
    assert line.startswith("Not valid: the file was changed")


def test_a_clip_whose_credentials_are_damaged_is_stored_and_says_so(
    openai: OpenAIFake, signed: bytes
) -> None:
    at = signed.index(b"jumb")
    openai.clip = signed[:at] + bytes(64) + signed[at + 64 :]
    made = soravid.generate("a kite", model=MODEL).wait()
    assert (made.path.exists(), told(made)) == (True, "Damaged, cannot be read")


def test_without_the_library_a_clip_is_stored_and_says_what_reads_them(
    signed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "c2pa", None)
    made = soravid.generate("a kite", model=MODEL).wait()
    line = told(made)
    assert line is not None
    assert (made.path.exists(), line.endswith('pip install "soravid[c2pa]"')) == (True, True)


def test_a_caller_cannot_say_them(openai: OpenAIFake) -> None:
    with pytest.raises(soravid.errors.InvalidRequest, match=r"soravid\.\* are soravid's own"):
        soravid.generate("a kite", model=MODEL, metadata={CREDENTIALS: LINE})


def test_what_a_signer_wrote_is_only_ever_text(openai: OpenAIFake, signed: bytes, tmp_path: Path) -> None:
    plain = tmp_path / "plain.mp4"
    maker = "<img src=x>\n" + 90 * "x", "1"
    openai.clip = sign(plain, tmp_path / "odd.mp4", maker=maker).read_bytes()
    made = soravid.generate("a kite", model=MODEL).wait()
    html = cards.finished_html(made.view, "clip.mp4")
    assert "<img" not in html
    assert len(told(made) or "") < 200
