"""The journal and what is around it: disks, folders, forks, loops and the end of a process."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import soravid
from soravid.deployments import Deployment
from soravid.errors import JournalError
from soravid.ledger.journal import Journal
from soravid.types import FINAL, VideoRequest
from tests.core.helpers import MODEL, environment, jobs, posts, python, query
from tests.fakes.openai import OpenAIFake

HERE = Deployment(provider="openai", model="sora-2", api_base="http://127.0.0.1/v1", own_host=False)
KITE = VideoRequest(model=MODEL, prompt="a kite")


def unusable(home: Path, how: str) -> None:
    if how == "a file where the folder should be":
        home.write_text("not a folder")
    elif how == "a folder where the file should be":
        (home / "journal.db").mkdir(parents=True)
    else:
        home.mkdir()
        (home / "journal.db").write_bytes(b"This is not a database." * 100)


@pytest.mark.parametrize(
    "how", ["a file where the folder should be", "a folder where the file should be", "another file"]
)
def test_without_a_journal_nothing_is_sent(openai: OpenAIFake, home: Path, how: str) -> None:
    unusable(home, how)
    for make in (soravid.video_generation, soravid.generate):
        with pytest.raises(JournalError, match=r"home.*nothing was sent.*SORAVID_HOME"):
            make("a kite", model=MODEL)
    assert posts(openai) == 0


def test_a_journal_that_breaks_on_the_way_is_told_and_nothing_is_sent(openai: OpenAIFake, home: Path) -> None:
    soravid.spend()
    with closing(sqlite3.connect(home / "journal.db")) as other:
        other.execute("ALTER TABLE jobs RENAME TO elsewhere")
    for make in (soravid.video_generation, soravid.generate):
        with pytest.raises(JournalError, match="no such table: jobs"):
            make("a kite", model=MODEL)
    assert posts(openai) == 0


@pytest.mark.parametrize("name", ["with space", "50%20off", "what?now=1", "half#way", "ünï", "a;b", "a&b=c"])
def test_the_journal_lies_in_its_home_whatever_the_folder_is_called(tmp_path: Path, name: str) -> None:
    journal = Journal(tmp_path / name)
    journal.open(KITE, HERE, 400)
    journal.close()
    assert len(jobs(tmp_path / name)) == 1


def test_the_home_is_read_from_the_environment_each_time(
    openai: OpenAIFake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    soravid.video_generation("a kite", MODEL)
    monkeypatch.setenv("SORAVID_HOME", str(tmp_path / "second"))
    assert soravid.jobs() == []
    soravid.video_generation("a kite", MODEL)
    assert len(jobs(tmp_path / "second")) == 1


def test_an_interpreter_ends_quietly_with_a_job_in_flight(openai: OpenAIFake, home: Path) -> None:
    openai.polls_to_finish = 10_000
    code = 'import soravid; soravid.generate("a kite", model="openai/sora-2"); print("made")'
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("made\n", "", 0)
    assert query(home, "SELECT status FROM jobs")[0]["status"] not in FINAL


@pytest.mark.parametrize("many", [False, True])
def test_a_forked_process_can_go_on_and_so_can_its_parent(openai: OpenAIFake, many: bool) -> None:
    said = python(
        """if True:
        import gc, os, soravid, sys
        from soravid import planning
        if sys.argv[1] == "True":
            assert planning.current().transport.expect_many()
        def make():
            return soravid.video_generation("a kite", "openai/sora-2").status != "queued"
        make()
        child = os.fork()
        if not child:
            try:
                bad = make()
                gc.collect()
                os._exit(bad)
            finally:
                os._exit(3)
        print(os.waitpid(child, 0)[1], make())
        """,
        str(many),
    )
    assert said == "0 False\n"


def test_a_journal_is_used_from_any_event_loop(openai: OpenAIFake) -> None:
    async def make() -> str:
        return (await soravid.avideo_generation("a kite", MODEL)).id

    assert asyncio.run(make()) != asyncio.run(make())
