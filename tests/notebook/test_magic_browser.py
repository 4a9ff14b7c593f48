"""``%%video`` in a real JupyterLab: what a person at the browser sees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from soravid.engine import create_app
from tests.fakes.server import serve
from tests.notebook.lab import Lab, OpenBook

pytestmark = pytest.mark.browser

LOAD = "%load_ext soravid"
SMALL = "-s 2 -z 320x180"
# A job that takes about six seconds, however fast the machine is.
SLOW = f"{SMALL} --param pace=3"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The local engine on a port: what a kernel's death does not touch. Its address and its folder."""
    home = tmp_path / "engine"
    with serve(create_app(home)) as url:
        yield url, home


def made(home: Path) -> list[str]:
    """The jobs that an engine has ever been asked for."""
    return sorted(path.name for path in home.glob("video_*"))


def test_a_prompt_becomes_a_clip_that_plays(lab: Lab, open_book: OpenBook) -> None:
    book = open_book(lab, "first.ipynb", LOAD, f"%%video kite {SLOW}\nA red kite", "kite.path.name")
    book.run(0)
    book.run(1)
    status = book.output(1).get_by_role("status").first  # beside it is a line for what goes wrong
    expect(status).to_contain_text(re.compile("Queued|In progress|Sending"))
    bar = book.output(1).get_by_role("progressbar")
    expect(bar).to_have_attribute("aria-valuenow", re.compile(r"[1-9]"), timeout=10_000)
    book.shot("magic-running")
    video = book.output(1).locator("video")
    expect(video).to_be_visible(timeout=20_000)
    expect(book.output(1)).to_contain_text("2 s · 320x180 · animatic · $0.00 spent")
    assert book.plays(video)
    book.shot("magic-done")
    book.run(2)
    expect(book.output(2)).to_contain_text("red-kite-")


def test_the_status_goes_on_while_another_cell_sleeps(lab: Lab, open_book: OpenBook) -> None:
    sleep = "import time; time.sleep(15)"
    book = open_book(lab, "asleep.ipynb", LOAD, f"%%video {SLOW}\nA blue kite", sleep)
    for k in range(3):
        book.run(k)
    bar = book.output(1).get_by_role("progressbar")
    expect(bar).to_have_attribute("aria-valuenow", re.compile(r"[1-9]"), timeout=10_000)
    first = int(bar.get_attribute("aria-valuenow") or 0)
    book.pause(1)
    assert int(bar.get_attribute("aria-valuenow") or 0) > first
    expect(book.output(1).locator("video")).to_be_visible(timeout=12_000)
    expect(book.cell(2)).to_contain_text("[*]")  # the player came while that cell still slept


def test_a_saved_notebook_plays_without_its_kernel(lab: Lab, open_book: OpenBook) -> None:
    book = open_book(lab, "saved.ipynb", LOAD, f"%%video {SMALL}\nA green kite")
    book.run_all()
    expect(book.output(1).locator("video")).to_be_visible(timeout=20_000)
    book.save()
    book.shutdown_kernel()
    book.reload()
    video = book.output(1).locator("video")
    expect(video).to_be_visible()
    assert book.plays(video)
    assert "Error displaying widget" not in (book.output(1).inner_text())


def test_run_all_runs_four_cells(lab: Lab, open_book: OpenBook) -> None:
    cells = [f"%%video k{n} {SMALL}\nKite number {n}" for n in range(4)]
    book = open_book(lab, "four.ipynb", LOAD, *cells, "[k.wait().seconds for k in (k0, k1, k2, k3)]")
    book.run_all(patience=90)
    for k in range(1, 5):
        expect(book.output(k).locator("video")).to_be_visible(timeout=30_000)
    expect(book.output(5)).to_contain_text("[2.0, 2.0, 2.0, 2.0]")


def test_running_a_cell_again_sends_nothing(lab: Lab, open_book: OpenBook, engine: tuple[str, Path]) -> None:
    url, home = engine
    env = f"import os; os.environ['LOCAL_API_BASE'] = '{url}'"
    book = open_book(lab, "again.ipynb", env, LOAD, f"%%video {SMALL}\nA kite, once")
    book.run_all()
    expect(book.output(2).locator("video")).to_be_visible(timeout=20_000)
    assert len(made(home)) == 1
    book.run(2)
    expect(book.output(2)).to_contain_text("Re-used from")
    expect(book.output(2)).to_contain_text("$0.00")
    assert len(made(home)) == 1


def test_b_with_the_player_focused_adds_no_cell(lab: Lab, open_book: OpenBook) -> None:
    book = open_book(lab, "keys.ipynb", LOAD, f"%%video {SMALL}\nA kite and a key")
    book.run_all()
    video = book.output(1).locator("video")
    expect(video).to_be_visible(timeout=20_000)
    before = book.cells.count()
    video.focus()
    book.page.keyboard.press("b")
    book.pause(0.5)
    assert book.cells.count() == before


def test_a_refused_prompt_leaves_a_lasting_explanation(lab: Lab, open_book: OpenBook) -> None:
    book = open_book(lab, "refused.ipynb", LOAD, f"%%video {SMALL}\n[refuse] a kite")
    book.run_all()
    card = book.output(1)
    expect(card).to_contain_text("Refused by the provider's safety check", timeout=20_000)
    expect(card).to_contain_text("$0.00 spent")
    expect(card).to_contain_text("Rephrase the prompt")
    book.save()
    book.shutdown_kernel()
    book.reload()
    expect(book.output(1)).to_contain_text("Refused by the provider's safety check")
    book.shot("magic-refused")


def test_a_mistake_is_a_card_not_a_traceback(lab: Lab, open_book: OpenBook) -> None:
    cells = ["%%video -s 90\nA kite", "%%video --secnds 4\nA kite", "%%video\n", "%%video -r no.png\nA kite"]
    book = open_book(lab, "mistakes.ipynb", LOAD, *cells)
    book.run_all()
    for k, words in enumerate(
        ["1 to 60, not 90", "Did you mean --seconds", "The prompt is empty", "no file 'no.png'"], start=1
    ):
        expect(book.output(k)).to_contain_text(words)
        expect(book.output(k)).to_contain_text("Nothing was sent")
        assert "Traceback" not in book.output(k).inner_text()


def test_it_works_under_a_base_url(lab_under_prefix: Lab, open_book: OpenBook) -> None:
    book = open_book(lab_under_prefix, "hub.ipynb", LOAD, f"%%video {SMALL}\nA kite on a hub")
    book.run_all()
    video = book.output(1).locator("video")
    expect(video).to_be_visible(timeout=20_000)
    assert book.plays(video)
    assert "/user/x/" in str(video.evaluate("video => video.currentSrc"))


def test_cancel_stops_the_job_and_says_so(lab: Lab, open_book: OpenBook) -> None:
    book = open_book(lab, "cancel.ipynb", LOAD, f"%%video kite {SLOW}\nA kite that is called back")
    book.run_all()
    book.output(1).get_by_role("button", name=re.compile("Cancel")).click()
    expect(book.output(1)).to_contain_text("Stop it? Nothing is charged.")
    book.output(1).get_by_role("button", name="Stop", exact=True).click()
    expect(book.output(1)).to_contain_text("Cancelled", timeout=10_000)
    expect(book.output(1)).to_contain_text("$0.00 spent")


def test_three_takes_are_three_clips(lab: Lab, open_book: OpenBook) -> None:
    book = open_book(lab, "takes.ipynb", LOAD, f"%%video kites -n 3 --seed 5 {SMALL}\nA kite", "len(kites)")
    book.run_all()
    expect(book.output(1).locator("video")).to_have_count(3, timeout=40_000)
    expect(book.output(2)).to_contain_text("3")


@pytest.mark.parametrize("served", [True, False], ids=["served engine", "in-process engine"])
def test_a_killed_kernel_loses_nothing(
    lab: Lab, open_book: OpenBook, engine: tuple[str, Path], served: bool
) -> None:
    """One create in all, one clip: a served job goes on; one in the kernel is drawn again under its id."""
    url, home = engine
    own = lab.root / "killed-home"
    env = f"import os; os.environ['SORAVID_HOME'] = {str(own)!r}"
    if served:
        env += f"; os.environ['LOCAL_API_BASE'] = '{url}'"
    name = f"killed-{served}.ipynb"
    prompt = f"A kite that outlives its kernel, {served}"
    die = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    book = open_book(
        lab, name, env, LOAD, f"%%video {SLOW}\n{prompt}", die, f"{env}\n{LOAD}", "%video resume"
    )
    for k in range(3):
        book.run(k)
    bar = book.output(2).get_by_role("progressbar")
    expect(bar).to_have_attribute("aria-valuenow", re.compile(r"[1-9]"), timeout=10_000)
    folder = home if served else own / "engine"
    before = made(folder)
    book.run(3)
    restarted = book.page.get_by_text("Kernel Restarting")
    expect(restarted).to_be_visible(timeout=20_000)
    book.page.get_by_role("button", name="Ok", exact=True).click()
    book.run(4)
    book.run(5)
    video = book.output(5).locator("video")
    expect(video).to_be_visible(timeout=40_000)
    assert book.plays(video)
    assert len(before) == 1
    assert made(folder) == before
