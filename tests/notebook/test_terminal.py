"""The magics in IPython without a kernel: lines of text, and the parts that need no front-end."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

import soravid
from soravid.errors import InvalidRequest
from soravid.notebook.expand import expand
from soravid.notebook.options import PARSER

SMALL = "-s 1 -z 128x128"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SORAVID_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False  # type: ignore[union-attr]
    shell.run_line_magic("load_ext", "soravid")
    yield shell
    shell.run_line_magic("unload_ext", "soravid")
    InteractiveShell.clear_instance()


@pytest.fixture
def run(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> Callable[[str], str]:
    """Run a cell as a person does and return what stands below it."""

    def run(cell: str) -> str:
        capsys.readouterr()
        shell.run_cell(cell)  # type: ignore[no-untyped-call]
        out, err = capsys.readouterr()
        return out + err

    return run


def test_a_cell_becomes_one_line_with_the_file(run: Callable[[str], str], shell: InteractiveShell) -> None:
    said = run(f"%%video kite {SMALL}\nA red kite")
    assert said.startswith("soravid_media/red-kite-")
    assert said.rstrip().endswith(".mp4  1 s 128x128 $0.00")
    assert shell.user_ns["kite"].path.is_file()


def test_running_it_again_gives_the_same_file(run: Callable[[str], str]) -> None:
    cell = f"%%video {SMALL}\nA blue kite"
    assert run(cell) == run(cell)
    assert "saved $0.00" in run("%video spend")
    assert len(list(Path("soravid_media").glob("*.mp4"))) == 1


def test_again_makes_another(run: Callable[[str], str]) -> None:
    first = run(f"%%video {SMALL}\nA kite")
    assert run(f"%%video --again {SMALL}\nA kite") != first
    assert len(list(Path("soravid_media").glob("*.mp4"))) == 2


def test_a_failure_is_three_parts(run: Callable[[str], str]) -> None:
    said = run(f"%%video {SMALL}\n[refuse] a kite")
    assert "Refused by the provider's safety check" in said
    assert "$0.00 spent" in said
    assert "Rephrase the prompt" in said


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("%%video -s 90\nA kite", "local/animatic takes seconds of 1 to 60, not 90."),
        ("%%video --secnds 4\nA kite", "There is no option --secnds. Did you mean --seconds"),
        ("%%video -n 0\nA kite", "--takes must be 1 to 20, not 0."),
        ("%%video -n many\nA kite", "invalid int value: 'many'"),
        ("%%video 'my kite'\nA kite", "'my kite' cannot be a variable's name."),
        ("%%video 'kite\nA kite", "The line cannot be read"),
        ("%%video --remix a --edit b\nA kite", "exclude each other"),
        ("%%video --remix nobody\nA kite", "nobody"),
        ("%%video --param fps\nA kite", "--param takes NAME=VALUE, not 'fps'."),
        ("%%video\n{missing} kite", "{missing} in the prompt names nothing that is defined."),
        ("%%video", "The prompt is empty."),
        ("%video modls", "There is no %video modls. Did you mean models?"),
        ("%video show", "%video show takes one job id."),
        ("%video show nobody", "The journal has no job 'nobody'."),
        ("%video jobs 7", "%video jobs takes nothing more."),
    ],
)
def test_a_mistake_is_one_line(run: Callable[[str], str], cell: str, words: str) -> None:
    said = run(cell)
    assert words in said
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) == 1
    assert not soravid.jobs()


def test_help_is_there_with_and_without_a_body(run: Callable[[str], str]) -> None:
    for cell in ("%%video --help", "%%video -h\nA kite"):
        assert "--max-cost USD" in run(cell)
    assert "%video models" in run("%video")
    assert "--max-cost USD" in run("%%video?")


def test_an_estimate_makes_nothing(run: Callable[[str], str]) -> None:
    said = run("%%video --estimate -s 8 -n 3\nA kite")
    assert all(word in said for word in ("local/animatic", "8", "1280x720", "3", "$0.00"))
    assert not soravid.jobs()


def test_settings_are_defaults_and_checked(run: Callable[[str], str], shell: InteractiveShell) -> None:
    run("%config VideoMagics.seconds = '1'\n%config VideoMagics.size = '128x128'")
    assert " 1 s 128x128 " in run("%%video\nA kite")
    magics: Any = shell.magics_manager.registry["VideoMagics"]
    for line in ("VideoMagics.secnds = '2'", "VideoMagics.seconds = 'two'", "VideoMagics.size = 'big'"):
        run(f"%config {line}")
    assert (magics.seconds, magics.size) == ("1", "128x128")
    assert not hasattr(magics, "secnds")


def test_a_clip_can_be_remixed_by_its_name(run: Callable[[str], str], shell: InteractiveShell) -> None:
    run(f"%%video kite {SMALL} --seed 3\nA red kite")
    said = run("%%video night --remix kite\nAt night")
    assert "1 s 128x128" in said
    parent, child = shell.user_ns["kite"].video, shell.user_ns["night"].view
    assert soravid.Client().videos.retrieve(child.job_id).remixed_from_video_id == parent.id


def test_takes_differ(run: Callable[[str], str]) -> None:
    run(f"%%video -n 2 {SMALL}\nA kite")
    one, two = Path("soravid_media").glob("*.mp4")
    assert one.read_bytes() != two.read_bytes()


def test_jobs_and_models_are_tables(run: Callable[[str], str]) -> None:
    run(f"%%video {SMALL}\nA kite")
    assert "Done" in run("%video jobs")
    said = run("%video models")
    assert "local/animatic" in said
    assert "shut down 2026-09-24" in said
    assert "OPENAI_API_KEY" in run("%video doctor")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("%%video --re", {"--reference", "--remix", "--resolution"}),
        ("%%video -m lo", {"local/animatic"}),
        ("%%video -m openai/sora-2 -z ", {"720x1280", "1280x720"}),
        ("%%video -m openai/sora-2 -s ", {"4", "8", "12", "16", "20"}),
        ("%video re", {"resume"}),
        ("%%video --remix k", {"kite"}),
    ],
)
def test_tab_completes(
    run: Callable[[str], str], shell: InteractiveShell, typed: str, offered: set[str]
) -> None:
    run(f"%%video kite {SMALL}\nA kite")
    with provisionalcompleter():
        found = {each.text for each in shell.Completer.completions(typed, len(typed))}
    assert found == offered


def test_braces_are_filled_in_and_others_stay() -> None:
    class Shot:
        title = "dawn"

    names = {"place": "harbour", "shot": Shot, "shots": ["a", "b"], "price": 1.5}
    assert expand("A {place} at {shot.title}", names) == "A harbour at dawn"
    assert expand("{shots[1]} for {price:.2f}", names) == "b for 1.50"
    assert expand('{"camera": "pan"} and $5', names) == '{"camera": "pan"} and $5'
    assert expand("{{place}} in {place}", names) == "{place} in harbour"
    assert expand("{{place}}", names) == "{place}"
    with pytest.raises(InvalidRequest, match="nowhere"):
        expand("{nowhere}", names)
    with pytest.raises(InvalidRequest, match="cannot be filled in"):
        expand("{place.missing}", names)


def test_the_help_names_every_option_of_the_magic() -> None:
    text = PARSER.format_help()
    for option in (
        *("-m", "-s", "-z", "-r", "--remix", "--edit", "--extend", "-n", "--seed", "--negative", "--user"),
        *(
            "--param",
            "--fallback",
            "--max-cost",
            "--estimate",
            "--again",
            "--wait",
            "--embed",
            "-o",
            "--help",
        ),
    ):
        assert option in text


# --- a real terminal ----------------------------------------------------------------------------------

BATCH = """
import soravid
batch = soravid.map(["[fail] A fox", "A kite"], seconds=1, size="64x64", extra_body={"pace": 2}).wait()
print(batch.table())
"""


def test_a_batch_is_one_line_that_changes_and_turns_red(tmp_path: Path) -> None:
    terminal, end = pty.openpty()
    environment = {**os.environ, "SORAVID_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
    environment |= {"SORAVID_POLL_SECONDS": "0.1", "NO_COLOR": ""}
    command = [sys.executable, "-c", BATCH]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=end
    ) as process:
        os.close(end)
        said = b""
        with suppress(OSError):  # what a terminal tells when the other side has gone
            while piece := os.read(terminal, 4096):
                said += piece
        out = process.stdout.read().decode() if process.stdout else ""
    os.close(terminal)
    lines = said.decode().split("\r")
    assert any(line.startswith("soravid: 0 of 2 done") for line in lines)
    assert any(line.startswith("\x1b[31msoravid: ") and "1 failed" in line for line in lines)
    assert said.endswith(b"\r\x1b[K"), "nothing of it stays"
    assert "\n" not in said.decode()
    assert "The provider could not make the clip" in out


def test_takes_are_a_line_each(run: Callable[[str], str]) -> None:
    said = run(f"%%video -n 2 {SMALL}\nA green kite").splitlines()
    assert len(said) == 2
    assert all(line.startswith("soravid_media/green-kite-") for line in said)


def test_a_batch_that_a_cell_ends_with_is_waited_for(run: Callable[[str], str]) -> None:
    said = run("import soravid\nsoravid.map(['a', 'b'], seconds=1, size='64x64')")
    assert "soravid: 2 clips" in said
    assert "  a: soravid_media/a-" in said
