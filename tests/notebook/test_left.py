"""Jobs that were left running are offered in a line: never taken up unasked, nor taken from who has them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

import soravid
from soravid import planning
from tests.core.helpers import running
from tests.ledger.helpers import Clock

LEFT = """
import os, sys, soravid
for prompt in sys.argv[1:]:
    job = soravid.generate(prompt, seconds=1, size='64x64', extra_body={'pace': 1})
    while not job._row.video_id:
        pass
print('ready', flush=True)
sys.stdin.readline()
os._exit(9)
"""


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SORAVID_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SORAVID_POLL_SECONDS", "0.1")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False  # type: ignore[union-attr]
    yield shell
    shell.run_line_magic("unload_ext", "soravid")
    InteractiveShell.clear_instance()
    planning.pipeline.cache_clear()


@pytest.fixture
def other(shell: InteractiveShell) -> Iterator[subprocess.Popen[str]]:
    """Another process of the same journal, with two jobs that run."""
    command = [sys.executable, "-c", LEFT, "a kite", "a fox"]
    with running(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield process


def loaded(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    shell.run_line_magic("load_ext", "soravid")
    return capsys.readouterr().out


def killed(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.close()
    process.wait(10)


def test_nothing_is_said_where_nothing_was_left(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert loaded(shell, capsys) == ""
    assert not (tmp_path / "home").exists(), "looking makes nothing"
    soravid.generate("a kite", seconds=1, size="64x64").wait()
    shell.run_line_magic("unload_ext", "soravid")
    assert loaded(shell, capsys) == ""


def test_jobs_of_a_process_that_has_ended_are_offered_and_not_taken_up(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], other: subprocess.Popen[str]
) -> None:
    killed(other)
    assert loaded(shell, capsys) == "soravid: 2 jobs were left running. %video resume brings them.\n"
    assert not any(job.waited_for for job in soravid.jobs())
    shell.run_line_magic("video", "resume")
    assert capsys.readouterr().out.count(".mp4") == 2
    shell.run_line_magic("unload_ext", "soravid")
    assert loaded(shell, capsys) == ""


def test_what_another_process_has_in_hand_is_not_lost(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], other: subprocess.Popen[str]
) -> None:
    assert loaded(shell, capsys) == ""
    shell.run_line_magic("video", "resume")
    assert capsys.readouterr().out == (
        "Nothing was left running.\n2 jobs are in the hands of another kernel or program.\n"
    )


def test_what_is_long_past_its_time_is_not_offered_again_and_again(
    shell: InteractiveShell,
    capsys: pytest.CaptureFixture[str],
    other: subprocess.Popen[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    killed(other)
    monkeypatch.setattr("soravid.living.time", Clock(time.time() + 3 * 86_400))
    assert loaded(shell, capsys) == ""


def test_a_run_without_a_person_is_offered_nothing(
    shell: InteractiveShell,
    capsys: pytest.CaptureFixture[str],
    other: subprocess.Popen[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    killed(other)
    monkeypatch.setenv("SORAVID_WAIT", "1")
    assert loaded(shell, capsys) == ""
