"""From a finished clip on: what it shows, joined ones, and one that goes on where another ends."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

import soravid
from soravid.clips import Clip
from soravid.editing import continue_from, join
from soravid.errors import InvalidRequest, SoravidError, UnknownKeyword
from soravid.media import last_frame, probe
from tests.core.conftest import fake, home, openai, surroundings, url  # noqa: F401 - fixtures
from tests.core.helpers import jobs
from tests.fakes.openai import OpenAIFake
from tests.media.making import BLUE, GREEN, RED, make, packets


@pytest.fixture
def clip() -> Clip:
    return soravid.generate("A red kite", seconds=1, size="320x180").wait()


def test_a_clip_shows_what_is_in_it(clip: Clip) -> None:
    assert (clip.info.seconds, clip.info.size, clip.info.fps) == (1.0, "320x180", 24.0)
    assert clip.frame(0.5).size == (320, 180)
    assert clip.frame(-0.01).tobytes() == clip.frame(1).tobytes()
    frames = list(clip.frames())
    assert [frame.shape for frame in frames] == [(180, 320, 3)] * 24
    assert np.array_equal(frames[12], np.asarray(clip.frame(0.5)))
    assert len(list(clip.frames(every=0.25))) == 4
    assert clip.filmstrip(count=3).size == (3 * 160 + 4, 90)
    assert clip.credentials is None


def test_joined_beside_the_first_clip(clip: Clip) -> None:
    job = soravid.generate("A blue kite", seconds=1, size="320x180")
    joined = join([clip, job, str(clip.path)])
    assert joined == clip.path.with_name(f"{clip.path.stem}-joined.mp4")
    assert probe(joined).seconds == 3.0
    assert packets(joined) == packets(clip.path) + packets(job.path) + packets(clip.path)
    assert join([clip]).name == f"{clip.path.stem}-joined-2.mp4"
    assert join(iter([clip])).name == f"{clip.path.stem}-joined-3.mp4"


def test_joined_where_it_is_wanted(tmp_path: Path) -> None:
    clips = [make(tmp_path / f"{n}.mp4", colour) for n, colour in enumerate((RED, GREEN))]
    assert join(clips, tmp_path / "new" / "film.mp4") == tmp_path / "new" / "film.mp4"
    assert join(clips, f"{tmp_path}/films/") == tmp_path / "films" / "0-joined.mp4"
    with pytest.raises(InvalidRequest, match="exists already"):
        join(clips, tmp_path / "new" / "film.mp4")


def test_what_cannot_be_joined(clip: Clip) -> None:
    with pytest.raises(InvalidRequest, match="no clips"):
        join([])
    for wrong in (clip, clip.path, str(clip.path)):
        with pytest.raises(InvalidRequest, match="a list"):
            join(wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidRequest, match="not int"):
        join([clip, 5])  # type: ignore[list-item]


def test_going_on_starts_with_the_last_frame(clip: Clip, home: Path) -> None:  # noqa: F811
    following = continue_from(clip, "It climbs", seconds=1).wait()
    asked = json.loads(jobs(home)[-1]["parameters"])
    assert asked["input_reference"] == hashlib.sha256(last_frame(clip.path)).hexdigest()
    assert (asked["size"], following.model) == ("320x180", clip.model)
    assert following.info.size == "320x180"


def test_going_on_from_a_job_waits_for_it(home: Path) -> None:  # noqa: F811
    job = soravid.generate("A red kite", seconds=1, size="320x180")
    second = continue_from(job, "It climbs", seconds=1, size="180x320", take=2)
    assert second.wait().info.size == "180x320"
    assert json.loads(jobs(home)[-1]["parameters"])["take"] == 2


def test_going_on_from_a_file(tmp_path: Path) -> None:
    file = make(tmp_path / "a.mp4", BLUE, size=(256, 144))
    following = continue_from(str(file), "It climbs", seconds=1, path=tmp_path / "b.mp4").wait()
    assert following.model == "local/animatic"
    assert following.path == tmp_path / "b.mp4"
    assert following.info.size == "256x144"


def test_going_on_with_the_clips_own_model(openai: OpenAIFake) -> None:  # noqa: F811
    first = soravid.generate("A red kite", model="openai/my-model", size="720x1280", seconds=4)
    second = continue_from(first, "It climbs", seconds=4)
    assert second.view.model == "openai/my-model"
    assert second.wait().size == "720x1280"
    assert openai.creates == 2


def test_a_misspelt_argument_is_named(clip: Clip) -> None:
    with pytest.raises(UnknownKeyword, match="secnods"):
        continue_from(clip, "It climbs", secnods=4)  # type: ignore[call-arg]


def test_going_on_from_what_failed(tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"nothing")
    with pytest.raises(SoravidError):
        continue_from(tmp_path / "bad.mp4", "It climbs")
    with pytest.raises(InvalidRequest, match="not int"):
        continue_from(5, "It climbs")  # type: ignore[arg-type]
