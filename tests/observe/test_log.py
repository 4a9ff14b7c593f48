"""What is emitted is in the log: whole, private, in order, and for as long as was said."""

from __future__ import annotations

import json
import logging
import os
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from soravid import observe
from soravid.observe.files import LogFiles
from tests.core.helpers import environment, python
from tests.observe.helpers import event, lines, log

DAY = 86_400
WRITER = """
import sys
from pathlib import Path
from soravid.observe.files import LogFiles
files = LogFiles(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    line = b'{"name":"job.status","at":1.0,"session":"%s","progress":%d,"prompt":"%s"}\\n'
    text = line % (sys.argv[2].encode(), number, b"x" * (number % 700))
    files.append([text], most_bytes=int(sys.argv[4]), days=30)
"""


def test_an_event_is_read_back_as_it_was(home: Path) -> None:
    told = event(cost=-5, labels={"team": "grün"}, elapsed=1.5, trace_id="0" * 31 + "1")
    observe.emit(told)
    assert observe.flush()
    assert list(observe.read()) == [told]


def test_money_stands_in_the_line_as_whole_numbers_and_as_text(home: Path) -> None:
    observe.emit(event(held=800_000_000, cost=1))
    observe.flush()
    (line,) = lines(home)
    assert (line["held"], line["held_usd"]) == (800_000_000, "0.8")
    assert (line["cost"], line["cost_usd"]) == (1, "0.000000001")


@pytest.mark.parametrize("text", ["one\ntwo", "\u2028", "\ud800", "\x00", 'a "quoted" \\ word', "夜の港"])
def test_any_prompt_makes_one_line(home: Path, text: str) -> None:
    observe.emit(event(prompt=text))
    observe.flush()
    assert log(home).read_bytes().count(b"\n") == 1
    assert [each.prompt for each in observe.read()] == [text]


def test_only_the_owner_can_read_the_log(home: Path) -> None:
    observe.emit(event())
    observe.flush()
    assert stat.S_IMODE(log(home).stat().st_mode) == 0o600
    assert stat.S_IMODE(log(home).parent.stat().st_mode) == 0o700


def test_events_of_one_job_or_of_a_time_are_found(home: Path) -> None:
    observe.emit(event(job_id="job_a", at=10.0))
    observe.emit(event(job_id="job_b", at=20.0, prompt="job_a"))
    observe.emit(event(job_id="job_a", at=30.0))
    observe.flush()
    assert [each.at for each in observe.read(home, job_id="job_a")] == [10.0, 30.0]
    assert [each.at for each in observe.read(home, since=15.0)] == [20.0, 30.0]


def test_a_home_without_a_log_has_no_events(home: Path) -> None:
    assert list(observe.read(home)) == []


def test_each_home_has_its_own_log(home: Path, tmp_path: Path) -> None:
    observe.emit(event(job_id="job_a"))
    observe.emit(event(job_id="job_b"), tmp_path / "other")
    observe.flush()
    assert [each.job_id for each in observe.read(home)] == ["job_a"]
    assert [each.job_id for each in observe.read(tmp_path / "other")] == ["job_b"]


# --- off, hashed ---


def test_off_writes_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SORAVID_LOG", "off")
    observe.emit(event())
    assert observe.flush()
    assert not home.exists()


def test_hashed_hides_what_was_asked_for(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SORAVID_LOG", "hashed")
    secret = "a person by the name of Ada"
    for prompt in (secret, secret, "another"):
        observe.emit(
            event(
                prompt=prompt,
                parameters={"negative_prompt": secret, "extra_body": {"style": secret}},
                error_code="bad_request",
                error_message=f"The prompt '{secret}' is not allowed.",
            )
        )
    observe.flush()
    assert b"Ada" not in b"".join(file.read_bytes() for file in (home / "log").iterdir())
    first, again, other = observe.read()
    assert first.prompt == again.prompt != other.prompt
    assert first.error_code == "bad_request"
    assert first.parameters is not None
    assert first.parameters.keys() == {"negative_prompt", "extra_body"}


def test_the_same_prompt_has_another_digest_in_another_home(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SORAVID_LOG", "hashed")
    observe.emit(event())
    observe.emit(event(), tmp_path / "other")
    observe.flush()
    (here,), (there,) = observe.read(home), observe.read(tmp_path / "other")
    assert here.prompt != there.prompt
    assert stat.S_IMODE((home / "log" / "salt").stat().st_mode) == 0o600


def test_processes_that_begin_together_share_one_salt(home: Path) -> None:
    code = "from pathlib import Path; import sys; from soravid.observe.hashing import salt_of; "
    code += "print(salt_of(Path(sys.argv[1])).hex())"
    command = [sys.executable, "-c", code, str(home)]
    started = [
        subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) for _ in range(6)
    ]
    assert len({process.communicate(timeout=60)[0] for process in started}) == 1
    assert [path.name for path in (home / "log").iterdir()] == ["salt"]


def test_a_mode_that_nobody_knows_writes_nothing_and_is_told_once(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SORAVID_LOG", "hash")
    for _ in range(3):
        observe.emit(event())
        observe.flush()
    assert not log(home).exists()
    assert [record.message for record in caplog.records] == [
        "SORAVID_LOG must be off, full or hashed, not 'hash'. Nothing is logged."
    ]


# --- files ---


@pytest.mark.parametrize("most", ["1000000000", "20000"], ids=["one file", "many files"])
def test_lines_of_several_processes_never_mix_and_none_is_lost(home: Path, most: str) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(home), f"p{each}", "400", most], env=environment()
        )
        for each in range(5)
    ]
    assert [process.wait(60) for process in started] == [0] * 5
    written = [(line["session"], line["progress"]) for line in lines(home)]
    assert sorted(written) == [(f"p{each}", number) for each in range(5) for number in range(400)]
    for each in range(5):
        own = [number for session, number in written if session == f"p{each}"]
        assert own == sorted(own)
    assert len(list(observe.read(home))) == 2000
    assert (len(list((home / "log").glob("soravid-*"))) > 20) == (most == "20000")


def test_a_large_file_is_put_away(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SORAVID_LOG_MB", "1")
    for number in range(5):
        observe.emit(event(progress=number, prompt="kite " * 120_000))
        observe.flush()
    sizes = [path.stat().st_size for path in (home / "log").glob("*.jsonl")]
    assert len(sizes) == 3
    assert max(sizes) < 1_300_000
    assert [each.progress for each in observe.read()] == [0, 1, 2, 3, 4]


def test_yesterday_is_put_away_and_what_is_too_old_removed(home: Path) -> None:
    files, now = LogFiles(home), time.time()
    for age in (40, 20, 1):
        files.append([b'{"name":"job.held","at":%d}\n' % age], most_bytes=10**9, days=30)
        os.utime(log(home), (now - age * DAY, now - age * DAY))
    files.append([b'{"name":"job.held","at":0}\n'], most_bytes=10**9, days=30)
    files.close()
    assert [line["at"] for line in lines(home)] == [20, 1, 0]


def test_nothing_is_removed_where_days_is_0(home: Path) -> None:
    files, old = LogFiles(home), (datetime.now(UTC) - timedelta(days=4000)).timestamp()
    files.append([b'{"name":"job.held","at":1}\n'], most_bytes=10**9, days=0)
    os.utime(log(home), (old, old))
    files.append([b'{"name":"job.held","at":2}\n'], most_bytes=10**9, days=0)
    files.close()
    assert [line["at"] for line in lines(home)] == [1, 2]


def test_a_line_that_broke_off_costs_no_other(home: Path) -> None:
    log(home).parent.mkdir(parents=True)
    log(home).write_bytes(b'{"name":"job.held","at":1.0}\n{"name":"job.su')
    observe.emit(event(at=2.0))
    observe.flush()
    assert [each.at for each in observe.read()] == [1.0, 2.0]


def test_a_log_that_was_deleted_is_made_anew(home: Path) -> None:
    observe.emit(event(job_id="job_a"))
    observe.flush()
    log(home).unlink()
    observe.emit(event(job_id="job_b"))
    observe.flush()
    assert [each.job_id for each in observe.read()] == ["job_b"]


def test_reading_misses_nothing_while_files_are_put_away(home: Path) -> None:
    files = LogFiles(home)
    for number in range(50):
        files.append([b'{"name":"job.held","at":%d}\n' % number], most_bytes=100, days=30)
    reading = observe.read(home)
    seen = [next(reading).at]
    for number in range(50, 60):
        files.append([b'{"name":"job.held","at":%d}\n' % number], most_bytes=100, days=30)
    files.close()
    seen += [each.at for each in reading]
    assert seen[:50] == list(range(50))
    assert seen == sorted(set(seen))


def test_a_log_that_cannot_be_written_is_told_once_and_stops_nobody(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home.write_text("a file where the folder should be")
    before = observe.lost()
    for _ in range(3):
        observe.emit(event())
        assert observe.flush()
    assert observe.lost() == before + 3
    assert len(caplog.records) == 1
    assert caplog.records[0].levelno == logging.WARNING
    assert "Jobs go on without it." in caplog.records[0].message


def test_a_full_disk_is_told_and_the_next_line_is_whole(home: Path) -> None:
    # A limit on the file's size stands for the disk: the write is cut short in the same way.
    code = """
import resource, signal, sys
from pathlib import Path
from soravid.observe.files import LogFiles
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
home = Path(sys.argv[1])
files = LogFiles(home)
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
try:
    files.append([b'{"name":"job.held","at":1,"prompt":"' + b"x" * 200 + b'"}\\n'], most_bytes=10**9, days=30)
except OSError as full:
    print(full.strerror)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
files.append([b'{"name":"job.held","at":2}\\n'], most_bytes=10**9, days=30)
"""
    assert python(code, str(home)) == "No space left on device\n"
    assert [each.at for each in observe.read(home)] == [2]
    assert json.loads(log(home).read_bytes().splitlines()[-1])["at"] == 2
