"""The command line in a process of its own: a terminal, Ctrl-C, pipes, other processes' jobs, the engine."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

import soravid
from tests.core.helpers import MODEL, environment, jobs, kinds, posts, running, until
from tests.fakes.openai import OpenAIFake

KITE = ["generate", "a kite", "-m", MODEL]
TINY = ["-s", "1", "-z", "128x128"]


def soravid_command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "import sys; from soravid.cli import main; sys.exit(main())", *arguments]


def run(*arguments: str, timeout: float = 20.0, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        soravid_command(*arguments),
        env=environment(**more),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
    )


def said(done: subprocess.CompletedProcess[str]) -> str:
    """What a command that worked prints."""
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def told(done: subprocess.CompletedProcess[str], code: int) -> str:
    """What a command that failed says on the other stream: never a traceback."""
    assert (done.returncode, done.stdout) == (code, "")
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_terminal_sees_the_job_move_and_one_line_stay(openai: OpenAIFake) -> None:
    openai.polls_to_finish = 40
    master, slave = pty.openpty()
    with running(soravid_command(*KITE), stdout=slave, stderr=slave) as process:
        os.close(slave)
        output = b""
        try:
            while chunk := os.read(master, 4096):
                output += chunk
        except OSError:
            pass  # what a terminal says when its last user has gone
        os.close(master)
        assert process.wait(10) == 0
    text = output.decode()
    assert re.search(r"\rsoravid: in progress \d+%", text)
    assert "kite-" in text.splitlines()[-1].split("\x1b[K")[-1]


def test_ctrl_c_leaves_the_job_and_says_how_to_go_on(openai: OpenAIFake, home: Path) -> None:
    openai.polls_to_finish = 10_000
    with running(soravid_command(*KITE), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        until(lambda: any(row["status"] == "in_progress" for row in jobs(home)))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (130, "")
    assert "the job goes on" in err
    assert "soravid jobs resume" in err
    assert "Traceback" not in err
    assert kinds(home) == ["hold"]
    openai.finish(next(iter(openai.videos)))
    assert "kite-" in said(run("jobs", "resume"))
    assert posts(openai) == 1


def test_cancel_of_a_provider_that_does_not_is_exit_2(openai: OpenAIFake) -> None:
    video = soravid.video_generation("a kite", MODEL)
    assert "does not stop" in told(run("jobs", "cancel", video.id, timeout=15), 2)


def test_cancel_of_a_job_of_the_local_engine_stops_it(home: Path) -> None:
    job = soravid.generate("a kite", seconds=2, size="128x128", extra_body={"pace": 20})
    until(lambda: jobs(home)[0]["video_id"])
    assert said(run("jobs", "cancel", job.id, timeout=15)) == f"{job.id} is cancelled.\n"
    assert (jobs(home)[0]["status"], kinds(home)) == ("cancelled", ["hold", "void"])


def test_cancel_of_a_finished_job_does_not_say_that_it_is_cancelled(openai: OpenAIFake) -> None:
    job = soravid.generate("a kite", model=MODEL)
    job.wait()
    done = run("jobs", "cancel", job.id, timeout=15)
    assert "is cancelled" not in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [["models"], ["spend"], ["doctor"], ["jobs"], ["generate", "a", *TINY]])
def test_a_terminal_without_unicode_is_no_obstacle(command: list[str]) -> None:
    done = run(*command, PYTHONIOENCODING="ascii", LC_ALL="C", PYTHONUTF8="0")
    assert (done.returncode, done.stderr) == (0, "")


def test_nothing_is_left_open_when_a_command_ends(openai: OpenAIFake) -> None:
    assert said(run(*KITE, PYTHONWARNINGS="error"))


def test_a_reader_that_leaves_early_is_no_obstacle() -> None:
    script = f"{' '.join(map(repr, soravid_command('models')))} | true"
    done = subprocess.run(
        ["bash", "-c", script], env=environment(), capture_output=True, text=True, timeout=30
    )
    assert done.stderr == ""


# --- the engine on a port ---


@contextmanager
def engine(*arguments: str) -> Iterator[str]:
    command = soravid_command("engine", "--port", "0", *arguments)
    with running(command, stderr=subprocess.PIPE) as process:
        assert process.stderr
        found = re.search(r"http://\S+/v1", process.stderr.readline())
        assert found
        yield found[0]
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def test_the_engine_is_served_and_used_like_any_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    with engine() as address:
        monkeypatch.setenv("LOCAL_API_BASE", address)
        clip = soravid.generate("a kite", seconds=1, size="128x128").wait(20)
        assert httpx2.get(f"{address}/videos").json()["data"][0]["id"] == clip.video.id


def test_an_engine_with_a_key_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with engine("--api-key", "sk-mine") as address:
        monkeypatch.setenv("LOCAL_API_BASE", address)
        with pytest.raises(soravid.SoravidError, match="key"):
            soravid.video_generation("a kite", seconds=1)
        assert soravid.video_generation("a kite", seconds=1, api_key="sk-mine").status


def test_a_port_that_is_taken_is_one_line_and_exit_2() -> None:
    with engine() as address:
        port = address.rpartition(":")[2].removesuffix("/v1")
        assert port in told(run("engine", "--port", port), 2)
