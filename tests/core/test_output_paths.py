"""Where a clip goes when somebody says where."""

from __future__ import annotations

from pathlib import Path

import pytest

import soravid
from soravid.notebook.options import output
from tests.core.helpers import MODEL, posts
from tests.fakes.openai import OpenAIFake


@pytest.mark.parametrize("exists", [True, False])
def test_a_folder_takes_every_clip_under_its_own_name(openai: OpenAIFake, exists: bool) -> None:
    if exists:
        Path("clips").mkdir()
    for take in (1, 2):
        soravid.generate("a kite", model=MODEL, take=take, path=output("clips/", take)).wait()
    assert len(list(Path("clips").glob("kite-*.mp4"))) == 2


def test_takes_of_a_named_file_are_numbered() -> None:
    assert [output("kite.mp4", take) for take in (1, 2, 3)] == ["kite.mp4", "kite-2.mp4", "kite-3.mp4"]


def test_a_rerun_with_a_file_gives_that_file_and_no_copy(openai: OpenAIFake) -> None:
    for _ in range(3):
        path = soravid.generate("a kite", model=MODEL, path="kite.mp4", reuse=True).path
        assert path == Path("kite.mp4").absolute()
    assert posts(openai) == 1
    assert [path.name for path in Path().rglob("*.mp4")] == ["kite.mp4"]


def test_a_file_through_a_link_is_the_same_file(openai: OpenAIFake) -> None:
    Path("real").mkdir()
    Path("link").symlink_to("real")
    for _ in range(2):
        soravid.generate("a kite", model=MODEL, path="link/kite.mp4", reuse=True).wait()
    assert [path.name for path in Path("real").iterdir()] == ["kite.mp4"]


def test_a_rerun_that_names_another_file_copies_the_clip_there(openai: OpenAIFake) -> None:
    first = soravid.generate("a kite", model=MODEL, reuse=True).path
    other = soravid.generate("a kite", model=MODEL, path="out/kite.mp4", reuse=True).path
    assert other.read_bytes() == first.read_bytes()
    assert posts(openai) == 1
