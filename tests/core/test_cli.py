"""The command line: each command, its exit code, and what goes to which stream."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

import soravid
from soravid.cli import main
from tests.core.helpers import MODEL, jobs, posts
from tests.fakes.openai import OpenAIFake

KITE = ["generate", "a kite", "-m", MODEL]
TINY = ["-s", "1", "-z", "128x128"]


class Done(NamedTuple):
    """What became of a command."""

    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    def command(*arguments: str, stdin: str = "") -> Done:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capsys.readouterr()
        try:
            code = main(arguments)
        except SystemExit as end:
            code = int(end.code or 0)
        return Done(code, *capsys.readouterr())

    return command


def said(done: Done) -> str:
    """What a command that worked prints."""
    assert (done.code, done.err) == (0, "")
    return done.out


def told(done: Done, code: int) -> str:
    """What a command that failed says, on the other stream."""
    assert (done.code, done.out) == (code, "")
    return done.err


# --- help ---


@pytest.mark.parametrize("command", ["", "generate", "models", "jobs", "spend", "engine", "doctor"])
def test_every_command_has_help(run: Run, command: str) -> None:
    assert said(run(*command.split(), "--help")).startswith(f"usage: soravid {command}".strip())


def test_the_version_is_told(run: Run) -> None:
    assert said(run("--version")) == f"soravid {soravid.__version__}\n"


@pytest.mark.parametrize(
    "arguments", [[], ["generat"], ["generate"], ["generate", "a", "--seed", "x"], ["jobs", "stop"]]
)
def test_a_mistake_in_the_arguments_is_exit_2(run: Run, arguments: list[str]) -> None:
    assert "usage: soravid" in told(run(*arguments), 2)


# --- generate ---


def test_generate_prints_the_clip_on_the_last_line(run: Run, openai: OpenAIFake) -> None:
    text = said(run(*KITE, "-o", "kite.mp4"))
    assert text.splitlines()[-1].split()[0].endswith("kite.mp4")
    assert Path("kite.mp4").read_bytes() == openai.bytes_of(next(iter(openai.videos)))


def test_generate_without_a_terminal_writes_no_control_characters(run: Run, openai: OpenAIFake) -> None:
    done = run(*KITE)
    assert not re.search(r"[\x1b\r]", done.out + done.err)


def test_generate_takes_the_prompt_from_a_pipe(run: Run, openai: OpenAIFake) -> None:
    said(run("generate", "-", "-m", MODEL, stdin="a kite\nover the sea\n"))
    assert openai.asked("POST")[0].fields["prompt"] == "a kite\nover the sea"


def test_generate_again_costs_nothing_unless_asked_to(run: Run, openai: OpenAIFake) -> None:
    said(run(*KITE))
    assert "$0.00 (saved $0.40)" in said(run(*KITE))
    assert posts(openai) == 1
    said(run(*KITE, "--again"))
    assert posts(openai) == 2


def test_an_estimate_makes_nothing(run: Run, openai: OpenAIFake, home: Path) -> None:
    assert said(run(*KITE, "-s", "8", "--estimate")) == f"{MODEL} 8 s 720x1280: $0.80\n"
    assert (posts(openai), jobs(home)) == (0, [])


def test_all_options_of_generate_reach_the_engine(run: Run, home: Path) -> None:
    Path("cat.png").write_bytes(b"no picture")
    assert "PNG, JPEG or WebP" in told(run("generate", "a kite", *TINY, "-r", "cat.png"), 2)
    said(run("generate", "a kite", *TINY, "--seed", "7", "-o", "clips/"))
    first = jobs(home)[0]
    said(run("generate", "at night", "--remix", first["id"], "--max-cost", "0"))
    second = jobs(home)[1]
    assert (second["operation"], second["model"], len(list(Path("clips").iterdir()))) == (
        "remix",
        "local/animatic",
        1,
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["generate", ""], "The prompt is empty"),
        (["generate", "a", "-m", "opneai/sora-2"], "Did you mean openai"),
        (["generate", "a", "-m", MODEL, "-s", "5"], "4, 8, 12"),
        (["generate", "a", "-m", MODEL, "--max-cost", "0.10"], "$0.40"),
        (["generate", "a", "-r", "nowhere.png"], "nowhere.png"),
        (["generate", "a", "--remix", "video_1", "-m", MODEL, "-s", "8"], "prompt only"),
        (["jobs", "cancel", "no-such-job"], "no job 'no-such-job'"),
    ],
    ids=str,
)
def test_a_mistake_is_one_line_and_exit_2(
    run: Run, openai: OpenAIFake, arguments: list[str], words: str
) -> None:
    text = told(run(*arguments), 2)
    assert text.startswith("soravid: ")
    assert words in text
    assert len(text.splitlines()) == 1
    assert posts(openai) == 0


@pytest.mark.parametrize("trigger", ["[refuse]", "[moderation]", "[500]", "[429 always]"])
def test_a_job_that_fails_is_exit_1(run: Run, openai: OpenAIFake, trigger: str) -> None:
    text = told(run("generate", f"a kite {trigger}", "-m", MODEL), 1)
    assert text.startswith("soravid: ")


def test_a_journal_that_cannot_be_used_is_exit_2(run: Run, openai: OpenAIFake, home: Path) -> None:
    home.write_text("not a folder")
    assert "SORAVID_HOME" in told(run(*KITE), 2)


# --- the others ---


def test_models_are_listed_with_their_state(run: Run) -> None:
    text = said(run("models"))
    assert re.search(r"local/animatic .*ready.*free", text)
    assert re.search(r"openai/sora-2 .*shut down 2026-09-24.*\$0.10/s", text)


def test_jobs_are_listed_newest_first(run: Run, openai: OpenAIFake) -> None:
    assert said(run("jobs")) == "None yet.\n"
    for prompt in ("a kite", "a boat"):
        soravid.video_generation(prompt, MODEL)
    lines = said(run("jobs")).splitlines()
    assert [prompt for line in lines for prompt in ("a kite", "a boat") if prompt in line] == [
        "a boat",
        "a kite",
    ]


def test_with_nothing_left_running_resume_says_so(run: Run) -> None:
    assert said(run("jobs", "resume")) == "Nothing was left running.\n"


def test_resume_goes_on_with_the_others_when_one_fails(run: Run, openai: OpenAIFake) -> None:
    for prompt in ("a kite", "a boat [moderation]", "a train"):
        soravid.video_generation(prompt, MODEL)
    done = run("jobs", "resume")
    assert (done.code, len(done.out.splitlines())) == (1, 2)
    assert "Traceback" not in done.err


def test_spend_counts_all_sessions(run: Run, openai: OpenAIFake) -> None:
    said(run(*KITE))
    said(run(*KITE))
    soravid.video_generation("a boat", MODEL)
    total, *models = said(run("spend")).splitlines()
    assert total == "$0.40 spent · $0.40 held · saved $0.40"
    assert models[-1].split() == ["openai/sora-2", "2", "$0.40", "$0.40"]


def test_doctor_says_what_is_set_and_shows_no_key(
    run: Run, openai: OpenAIFake, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    text = said(run("doctor"))
    assert re.search(r"openai +ready", text)
    assert re.search(r"azure +no key +set AZURE_OPENAI_API_KEY", text)
    assert str(home) in text
    assert "sk-canary" not in text
