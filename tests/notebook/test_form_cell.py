"""A form is a cell: what it writes out is read back by IPython and the parser as what it was."""

from __future__ import annotations

from argparse import BooleanOptionalAction, Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell

from soravid.notebook import options
from soravid.notebook.cell_text import as_read, cell_text

# A line of a cell holds no line break, a page sends no half characters, and argparse drops a lone "--".
_line = st.text(st.characters(exclude_categories=["Cs"])).filter(
    lambda text: text.splitlines() in ([text], []) and text != "--"
)
_text = st.text(st.characters(exclude_categories=["Cs"])).map(str.strip)
_awkward = st.sampled_from(
    ["-no", "--x", "it's $5", "$HOME", "{place}", "{{x}}", '"q"', "a\\b", "#", "a'b$c'd", "$$x", "?", "!ls"]
)
_word = _line | _awkward

_PROMPTS = ["{place} and {{x}}", ">>> print()\n... x", "...: x", "In [1]: x", "%%video\n!ls", "a?", "\\ \\n"]


def _values(action: Any) -> st.SearchStrategy[Any]:
    if action.dest in {"help", "form"}:
        return st.just(False)
    if isinstance(action, BooleanOptionalAction):
        return st.sampled_from([None, True, False])
    if action.nargs == 0:
        return st.booleans()
    if action.dest == "name":
        return st.none() | st.sampled_from(["kite", "_x1", "größe"])
    if action.dest == "takes":
        return st.integers(1, 20)
    if action.dest in {"remix", "edit", "extend"}:
        return st.none()  # they exclude each other: the test below has them
    if action.type is int:
        return st.none() | st.integers(-(10**12), 10**12)
    if action.choices:
        return st.none() | st.sampled_from(action.choices)
    if isinstance(action.default, list):
        return st.lists(_word, max_size=3)
    return st.none() | _word


_cells = st.fixed_dictionaries({action.dest: _values(action) for action in options.PARSER._actions}).map(
    lambda values: Namespace(**values)
)


class Reader:
    """IPython with a ``%%video`` that only notes what it was given."""

    def __init__(self) -> None:
        self.shell = InteractiveShell.instance()
        self.shell.history_manager.enabled = False  # type: ignore[union-attr]
        self.shell.user_ns |= {"place": "a harbour", "x": 1, "c": 2, "HOME": "/"}
        self._seen: list[tuple[str, str]] = []
        self.shell.run_line_magic("load_ext", "soravid")
        note: Any = self._note
        self.shell.register_magic_function(note, "cell", "video")

    def _note(self, line: str, cell: str) -> None:
        self._seen.append((line, cell))

    def read(self, cell: str) -> tuple[Namespace, str]:
        """Run a cell; the options and the text that reach the magic."""
        self._seen.clear()
        self.shell.run_cell(cell).raise_error()  # type: ignore[no-untyped-call]
        ((line, body),) = self._seen
        return options.parse(line), body.strip()


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    folder: Path = tmp_path_factory.mktemp("ipython")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(folder))
        InteractiveShell.clear_instance()
        reader = Reader()
        yield reader
        reader.shell.run_line_magic("unload_ext", "soravid")
        InteractiveShell.clear_instance()


@settings(max_examples=200, deadline=None)
@given(args=_cells, prompt=_text | st.sampled_from(_PROMPTS))
def test_a_cell_that_is_written_is_read_as_what_it_was(reader: Reader, args: Namespace, prompt: str) -> None:
    assert reader.read(cell_text(args, prompt)) == (args, as_read(prompt))


@given(st.text(st.sampled_from("ab {}$%!?\\'\".\n"), max_size=30))
def test_what_is_no_pasted_session_stays_as_it_is(text: str) -> None:
    lines = [line if line.strip() else "" for line in text.strip().split("\n")]
    assert as_read(text) == "\n".join(lines)


@pytest.mark.parametrize("operation", ["remix", "edit", "extend"])
def test_so_is_one_that_goes_on_from_a_clip(reader: Reader, operation: str) -> None:
    args = options.parse(f"kite --{operation} job_7f3c -s 4")
    assert reader.read(cell_text(args, "Sunset")) == (args, "Sunset")


def test_it_reads_as_a_person_would_write_it() -> None:
    args = options.parse("-n 2 --size=1280x720 kite --negative 'text, logos' --no-audio --form")
    assert cell_text(args, " A red kite\n") == (
        "%%video kite -z 1280x720 --no-audio -n 2 --negative 'text, logos'\nA red kite"
    )


def test_a_line_break_in_an_option_becomes_a_space(reader: Reader) -> None:
    args, _ = reader.read(cell_text(options.parse("--negative 'text,\nlogos'"), "A kite"))
    assert args.negative == "text, logos"
