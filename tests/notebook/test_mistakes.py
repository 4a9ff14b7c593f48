"""What goes wrong is a card in the cell, without a traceback; the cell fails all the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from nbclient.exceptions import CellExecutionError

from tests.notebook.kernel import Kernel, kernel

Output = dict[str, Any]
SMALL = "seconds=1, size='64x64'"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with kernel(tmp_path_factory.mktemp("book")) as running:
        running.run("%load_ext soravid\nimport soravid")
        yield running


def fails(book: Kernel, source: str) -> list[Output]:
    """Run a cell that must fail; its outputs."""
    with pytest.raises(CellExecutionError):
        book.run(source)
    outputs: list[Output] = book.notebook.cells[-1].outputs
    return outputs


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("soravid.generate('')", ["Nothing was sent", "The prompt is empty.", "1: soravid.generate("]),
        (
            f"job = soravid.generate('[refuse] a kite', {SMALL})\nawait job",
            ["Refused by the provider&#x27;s safety check", "$0.00 spent", "Rephrase", "2: await job"],
        ),
        (
            f"def make():\n    return soravid.generate('[fail] a kite', {SMALL}).clip\nif True:\n    make()",
            ["The provider could not make the clip", "$0.00 spent", "2: return soravid.generate("],
        ),
        ("soravid.map(['a'], secnds=4)", ["map() has no argument", "Did you mean seconds"]),
        ("soravid.add_models({'id': 'kite'})", ["provider/model"]),
    ],
)
def test_an_error_is_a_card_and_the_cell_fails(book: Kernel, source: str, words: list[str]) -> None:
    (card,) = fails(book, source)
    assert card["output_type"] == "display_data"
    html = card["data"]["text/html"]
    assert [word for word in words if word not in html] == []
    assert "Traceback" not in html
    assert card["data"]["text/plain"].startswith("soravid: ")


def test_whoever_runs_the_notebook_hears_of_it_in_a_line(book: Kernel) -> None:
    with pytest.raises(CellExecutionError, match=r"InvalidRequest: The prompt is empty\. Say what"):
        book.run("soravid.generate('')")


def test_other_errors_keep_their_traceback(book: Kernel) -> None:
    (error,) = fails(book, "raise ValueError('mine')")
    assert (error["output_type"], error["ename"]) == ("error", "ValueError")


def test_a_mistake_in_a_magic_is_a_card_and_the_cell_goes_on(book: Kernel) -> None:
    (card,) = book.run("%%video -s 90\nA kite")
    assert "takes seconds of 1 to 60, not 90." in card["data"]["text/html"]


def test_a_callback_that_fails_is_told_below_the_cell_once(book: Kernel) -> None:
    book.run("@soravid.callbacks.on_success\ndef note(event):\n    raise LookupError('No such row.')")
    run = f"_ = soravid.generate('a kite {{}}', {SMALL}).wait(); _ = soravid.observe.flush()"
    (card,) = book.run(run.format(1))
    html = card["data"]["text/html"]
    assert "The on_success callback note failed; jobs go on. (LookupError: No such row.)" in html
    assert "raise LookupError" in html, "its traceback is the person's own"
    assert book.run(run.format(2)) == []


def test_unloaded_it_leaves_no_trace(book: Kernel) -> None:
    book.run("%unload_ext soravid")
    (error,) = fails(book, "soravid.generate('')")
    assert error["output_type"] == "error"
    assert any("planning.py" in line for line in error["traceback"])
    book.run("%load_ext soravid")
    (card,) = fails(book, "soravid.generate('')")
    assert card["output_type"] == "display_data"
