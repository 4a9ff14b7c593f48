"""The journal: every hold ends once, whoever writes, in whatever order, from however many processes."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import soravid
from soravid.deployments import Deployment
from soravid.errors import RateLimited
from soravid.ledger.journal import Journal
from soravid.types import FINAL, Video, VideoRequest
from tests.core.helpers import MODEL, environment, kinds, query
from tests.fakes.openai import OpenAIFake

HERE = Deployment(provider="openai", model="sora-2", api_base="http://127.0.0.1/v1", own_host=False)
KITE = VideoRequest(model=MODEL, prompt="a kite")
HELD, COST = 400, 300


@pytest.fixture
def journal(home: Path) -> Iterator[Journal]:
    journal = Journal(home)
    yield journal
    journal.close()


def told(status: str) -> Video:
    return Video(id="video_1", status=status)


# --- one job ---


def test_a_hold_is_there_before_anything_is_sent(journal: Journal) -> None:
    journal.open(KITE, HERE, HELD)[0]
    spend = journal.spend()
    assert (spend.held, spend.settled, spend.jobs) == (HELD, 0, 1)


def test_a_finished_job_spends_its_cost_and_frees_the_rest(journal: Journal) -> None:
    row = journal.open(KITE, HERE, HELD)[0]
    row = journal.observe(row.id, told("completed"), COST)
    assert (journal.spend().settled, journal.spend().held, row.cost) == (COST, 0, COST)


@pytest.mark.parametrize("status", ["failed", "cancelled"])
@pytest.mark.parametrize("cost", [None, 0])
def test_a_job_without_a_clip_costs_nothing(journal: Journal, status: str, cost: int | None) -> None:
    row = journal.observe(journal.open(KITE, HERE, HELD)[0].id, told(status), cost)
    assert (journal.spend().settled, journal.spend().held, row.cost) == (0, 0, 0)


def test_a_refused_clip_that_is_billed_all_the_same_is_spent(journal: Journal, home: Path) -> None:
    row = journal.observe(journal.open(KITE, HERE, HELD)[0].id, told("failed"), COST)
    assert (journal.spend().settled, journal.spend().held, row.cost) == (COST, 0, COST)
    assert kinds(home) == ["hold", "spend"]


def test_what_the_file_says_corrects_the_cost_once(journal: Journal, home: Path, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"a clip")
    row = journal.observe(journal.open(KITE, HERE, HELD)[0].id, told("completed"), COST)
    assert (row.seconds, row.size) == (None, None)  # the provider has said neither
    for cost in (COST - 100, COST + 7):
        row = journal.stored(row.id, clip, None, ("3", "640x360", cost))
    assert (row.seconds, row.size, row.cost) == ("3", "640x360", COST - 100)
    assert (journal.spend().settled, kinds(home)) == (COST - 100, ["hold", "spend", "adjust"])


def test_the_first_end_counts(journal: Journal, home: Path) -> None:
    row = journal.open(KITE, HERE, HELD)[0]
    journal.observe(row.id, told("cancelled"), 0)
    journal.observe(row.id, told("completed"), COST)
    assert (journal.get(row.id).status, kinds(home)) == ("cancelled", ["hold", "void"])


def test_a_late_word_does_not_make_a_finished_job_run_again(journal: Journal) -> None:
    row = journal.open(KITE, HERE, HELD)[0]
    journal.observe(row.id, told("completed"), COST)
    assert journal.observe(row.id, told("in_progress"), None).status == "completed"


def test_a_late_answer_to_the_create_does_not_make_a_finished_job_run_again(journal: Journal) -> None:
    """Two processes clear up the same lost job; the slower one has an old answer in its hand."""
    row = journal.open(KITE, HERE, HELD)[0]
    journal.submitted(row.id, told("queued"))
    journal.observe(row.id, told("completed"), COST)
    assert journal.submitted(row.id, told("queued")).status == "completed"


def test_an_unknown_price_is_counted_and_not_zero(journal: Journal) -> None:
    row = journal.open(KITE, HERE, None)[0]
    assert (journal.spend().unpriced, str(journal.spend())) == (
        1,
        "$0.00 spent · $0.00 held · saved $0.00 · 1 with unknown price",
    )
    assert journal.observe(row.id, told("completed"), None).cost is None
    assert journal.spend().unpriced == 1


def test_a_session_knows_its_own_spend(home: Path) -> None:
    mine, theirs = Journal(home, "mine"), Journal(home, "theirs")
    mine.observe(mine.open(KITE, HERE, HELD)[0].id, told("completed"), COST)
    theirs.open(KITE, HERE, HELD)
    assert (mine.spend("mine").settled, mine.spend("mine").held) == (COST, 0)
    assert (mine.spend("theirs").settled, mine.spend("theirs").held) == (0, HELD)
    assert (mine.spend().settled, mine.spend().held) == (COST, HELD)
    mine.close()
    theirs.close()


def test_a_job_belongs_to_the_session_that_asked_for_it(home: Path) -> None:
    """Another process that happens to see the end does not take over the bill."""
    mine, theirs = Journal(home, "mine"), Journal(home, "theirs")
    theirs.observe(mine.open(KITE, HERE, HELD)[0].id, told("completed"), COST)
    assert (mine.spend("mine").settled, mine.spend("theirs").settled) == (COST, 0)
    mine.close()
    theirs.close()


WHO = st.integers(0, 1)
STEPS = st.lists(
    st.one_of(
        st.tuples(WHO, st.just("observe"), st.sampled_from(["queued", "in_progress", *sorted(FINAL)])),
        st.tuples(WHO, st.sampled_from(["unknown", "refused"]), st.just("")),
        st.tuples(WHO, st.just("submitted"), st.sampled_from(["queued", "in_progress"])),
    ),
    max_size=8,
)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Journal, Journal]]:
    """Two users of one journal, for many examples."""
    home = tmp_path_factory.mktemp("journal")
    journals = Journal(home), Journal(home)
    yield journals
    for journal in journals:
        journal.close()


@given(steps=STEPS, held=st.none() | st.integers(0, 10**12), cost=st.none() | st.integers(0, 10**12))
@settings(max_examples=40, deadline=None)
def test_every_hold_ends_once_in_whatever_order_things_are_heard(
    two: tuple[Journal, Journal], steps: list[tuple[int, str, str]], held: int | None, cost: int | None
) -> None:
    before = two[0].spend()
    row, _ = two[0].open(KITE, HERE, held)
    for who, what, status in steps:
        if what == "observe":
            two[who].observe(row.id, told(status), cost)
        elif what == "submitted":
            two[who].submitted(row.id, told(status))
        else:
            getattr(two[who], what)(row.id, RateLimited("wait"))
    ended, after = two[0].get(row.id), two[0].spend()
    entries = query(two[0].home, f"SELECT kind FROM entries WHERE job_id = '{row.id}' ORDER BY id")
    ends_it = {*FINAL, "refused"}
    first_end = next((status or what for _, what, status in steps if (status or what) in ends_it), "")
    billed = bool(cost) and first_end in FINAL  # also a job without a clip, if its provider says so
    ends = {"": [], "completed": ["spend"]}.get(first_end, ["spend"] if billed else ["void"])
    assert [entry["kind"] for entry in entries] == ["hold", *ends]
    assert ended.final == bool(first_end)
    assert after.settled - before.settled == ((cost or 0) if ends == ["spend"] else 0)
    assert after.held - before.held == (0 if ends else held or 0)


# --- several writers ---


def test_two_processes_settle_one_job_once(journal: Journal, home: Path) -> None:
    ids = [journal.open(KITE, HERE, HELD)[0].id for _ in range(20)]
    code = """if True:
        import sys
        from pathlib import Path
        from soravid.ledger.journal import Journal
        from soravid.types import Video
        journal = Journal(Path(sys.argv[1]))
        for job in sys.argv[2:]:
            journal.observe(job, Video(id="video_1", status="completed"), 300)
        """
    command = [sys.executable, "-c", code, str(home), *ids]
    both = [subprocess.Popen(command, env=environment()) for _ in range(2)]
    assert [each.wait(30) for each in both] == [0, 0]
    assert (journal.spend().settled, journal.spend().held, len(kinds(home))) == (20 * COST, 0, 40)


def test_several_processes_may_open_a_new_journal_at_once(home: Path) -> None:
    code = """if True:
        import sys, time
        from pathlib import Path
        from soravid.ledger.journal import Journal
        time.sleep(max(0, float(sys.argv[2]) - time.time()))
        Journal(Path(sys.argv[1])).spend()
        """
    start = str(time.time() + 1.5)
    command = [sys.executable, "-c", code, str(home), start]
    many = [subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE) for _ in range(4)]
    errors = [each.communicate(timeout=30)[1].decode() for each in many]
    assert [each.returncode for each in many] == [0] * 4, errors


def test_threads_write_without_losing_a_cent(journal: Journal) -> None:
    def work() -> None:
        for _ in range(10):
            journal.observe(journal.open(KITE, HERE, HELD)[0].id, told("completed"), COST)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert journal.spend().settled == 40 * COST


def test_a_locked_journal_is_waited_for(openai: OpenAIFake, home: Path) -> None:
    soravid.spend()
    with closing(
        sqlite3.connect(home / "journal.db", isolation_level=None, check_same_thread=False)
    ) as other:
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(0.6, other.execute, ["ROLLBACK"]).start()
        assert soravid.video_generation("a kite", MODEL).status == "queued"
