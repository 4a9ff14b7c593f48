"""What the meter says, and when: with a real journal, and a proxy on loopback for a key's budget."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import soravid
from soravid import cells, loop
from soravid.errors import UnknownKeyword
from soravid.key_budget import KeyBudget, key_budget
from soravid.money import show
from soravid.notebook.meter import Standing, meter, standing
from soravid.notebook.widgets.meter import MeterWidget
from soravid.planning import current
from tests.core.helpers import python
from tests.fakes.server import serve
from tests.fakes.soravid import SoravidFake
from tests.notebook.stored import begun, ended, journal

PATIENCE = 10.0


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SORAVID_HOME", str(tmp_path / "home"))


class Page(MeterWidget):
    """A meter, and the page that it would be shown on."""

    def __init__(self) -> None:
        self.sent: list[tuple[float, dict[str, Any]]] = []
        self.answers: list[Any] = []
        self.changed = threading.Event()
        super().__init__()
        self.sent.clear()

    def send_state(self, key: Any = None) -> None:
        state = self.get_state(key)
        if state and getattr(self, "comm", None) is not None:
            self.sent.append((time.monotonic(), state))
            self.changed.set()

    def send(self, content: Any, buffers: Any = None) -> None:
        self.answers.append(content)

    def look(self) -> None:
        """Send what a page sends every few seconds."""
        self._handle_custom_msg({"type": "look"}, [])

    def until(self, words: str) -> None:
        """Wait until the line says this."""
        end = time.monotonic() + PATIENCE
        while words not in self.line:
            assert self.changed.wait(end - time.monotonic()), f"waited in vain; the line says {self.line!r}"
            self.changed.clear()


@pytest.fixture
def page() -> Iterator[Page]:
    widget = Page()
    yield widget
    widget.close()


# --- the line -----------------------------------------------------------------------------------------


def test_the_line_tells_spent_held_left_and_saved() -> None:
    soravid.budget(5)
    row = ended(begun())
    begun(held="1.60")
    journal().reused(row)
    assert str(standing()) == "● $0.80 spent · $1.60 held · $2.60 left of $5.00 · saved $0.80"


def test_without_a_budget_nothing_is_left_of_it() -> None:
    ended(begun(held=None), None)
    assert str(standing()) == "● $0.00 spent · $0.00 held · saved $0.00 · 1 with unknown price"


@pytest.mark.parametrize(
    ("limit", "mark", "tone", "word"),
    [
        ("2.01", "●", "info", ""),
        ("2.00", "▲", "warn", "Near the limit"),
        ("1.61", "▲", "warn", "Near the limit"),
        ("1.60", "■", "bad", "Limit reached"),
        ("1", "■", "bad", "Limit reached"),
        ("0", "■", "bad", "Limit reached"),
    ],
)
def test_it_warns_from_80_percent_and_at_100_with_a_word(limit: str, mark: str, tone: str, word: str) -> None:
    ended(begun())
    begun()
    soravid.budget(limit)
    now = standing()
    assert (now.mark, now.tone, now.word) == (mark, tone, word)
    assert str(now).startswith(f"{mark} {word or '$0.80 spent'}")


def test_the_bars_tell_which_model_and_which_cell_spent_it() -> None:
    for cell, count, prompt, model, cost in (
        ("a", "3", "A red kite", "xai/grok", "0.50"),
        ("a", "7", "A blue kite over a harbour at dawn, panning slowly to the left", "xai/grok", "0.50"),
        ("b", "4", "A fox", "gemini/omni", "0.25"),
    ):
        with cells.asked_by({cells.CELL: cell, cells.COUNT: count}):
            ended(begun(prompt, model=model, labels=cells.asking()), cost)
    begun("A job of a script", model="gemini/omni", held="0.25")
    now = standing()
    assert [(bar.label, bar.amount, bar.settled, bar.held) for bar in now.models] == [
        ("xai/grok", "2 jobs · $1.00 spent", 100, 0),
        ("gemini/omni", "2 jobs · $0.25 spent · $0.25 held", 25, 25),
    ]
    assert [(bar.label, bar.settled, bar.held) for bar in now.cells[:1]] == [
        ("[7] A blue kite over a harbour at dawn…", 100, 0)
    ]
    assert {(bar.label, bar.settled, bar.held) for bar in now.cells[1:]} == {
        ("[4] A fox", 25, 0),
        ("No cell: A job of a script", 0, 25),
    }


def test_many_cells_end_in_one_bar_for_the_rest() -> None:
    for number in range(15):
        cost = f"{(20 - number) / 100}"
        ended(begun(f"Clip {number}", held=cost, labels={cells.CELL: f"c{number}", cells.COUNT: "1"}), cost)
    bars = standing().cells
    assert len(bars) == 13
    assert (bars[-1].label, bars[-1].amount) == ("3 others", "3 jobs · $0.21 spent")


def test_a_job_knows_the_cell_that_asked_for_it() -> None:
    """Outside a notebook there is none; a widget says for which cell its button was pressed."""
    ours = soravid.generate("A red kite", model="local/animatic", seconds=1, size="320x180")
    with cells.asked_by({cells.CELL: "abc", cells.COUNT: "4"}):
        theirs = soravid.generate("A blue kite", model="local/animatic", seconds=1, size="320x180")
    labels = [journal().get(job.id).labels for job in (ours, theirs)]
    assert [row.get(cells.CELL) for row in labels] == [None, "abc"]
    for job in (ours, theirs):
        job.wait(PATIENCE)


def test_a_terminal_is_given_the_line() -> None:
    now = meter()
    assert isinstance(now, Standing)
    assert repr(now) == "● $0.00 spent · $0.00 held · saved $0.00"
    with pytest.raises(UnknownKeyword, match="Did you mean pin"):
        meter(pinn=True)  # type: ignore[call-arg]


# --- live ---------------------------------------------------------------------------------------------


def test_it_follows_what_this_process_spends(page: Page) -> None:
    row = begun()
    page.until("$0.80 held")
    ended(row)
    page.until("$0.80 spent")
    assert page.bars["By model"] == [("gemini/gemini-omni-1.2-flash", "1 job · $0.80 spent", 100, 0)]
    assert repr(page) == "● $0.80 spent · $0.00 held · saved $0.00"


def test_a_flood_of_changes_becomes_five_messages_a_second(page: Page) -> None:
    end = time.monotonic() + 1.2
    while time.monotonic() < end:
        ended(begun(held="0.01"), "0.01")
    total = soravid.spend().settled
    page.until(f"{show(total)} spent")
    times = [at for at, _ in page.sent]
    assert len(times) >= 4
    assert max(sum(start <= at < start + 1 for at in times) for start in times) <= 5


OTHER = """
import sys
from pathlib import Path
from soravid.ledger import Scope
from soravid.ledger.journal import Journal
home, session, job = sys.argv[1:]
journal = Journal(Path(home))
journal.voided(job)
journal.budgets.set(Scope("session", session), 5_000_000_000)
journal.close()
"""


def test_what_another_process_does_is_seen_at_the_next_look(page: Page) -> None:
    row = begun()
    page.until("$0.80 held")
    python(OTHER, str(journal().home), journal().session, row.id)
    page.look()
    page.until("$0.00 held · $5.00 left of $5.00")
    assert page.answers == [{"type": "looked"}]
    page.sent.clear()
    page.look()
    assert page.answers[1:] == [{"type": "looked"}]
    assert not page.sent


def test_a_closed_meter_hears_nothing(page: Page) -> None:
    page.close()
    begun()
    soravid.observe.flush()
    assert not page.sent


def test_the_front_end_of_a_meter_is_small() -> None:
    assert len((MeterWidget._esm + MeterWidget._css).encode()) < 10_000


# --- a key at a proxy ---------------------------------------------------------------------------------


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[SoravidFake]:
    fake = SoravidFake()
    with serve(fake) as url:
        monkeypatch.setenv("SORAVID_PROXY_URL", url)
        monkeypatch.setenv("SORAVID_API_KEY", fake.api_key)
        yield fake


def asked() -> KeyBudget | None:
    return loop.run(key_budget(current().transport))


def test_a_keys_budget_is_asked_for_at_its_proxy(proxy: SoravidFake) -> None:
    proxy.key_info = {"key_alias": "lab-7", "spend": 2.4, "max_budget": 5.0, "held": 0.1}
    assert asked() == KeyBudget("lab-7", 5_000_000_000, 2_400_000_000, 100_000_000)
    assert str(asked()) == "key lab-7: $2.50 left of $5.00"
    (call, *_) = proxy.asked("GET", "/key/info")
    assert call.headers["authorization"] == f"Bearer {proxy.api_key}"


@pytest.mark.parametrize(
    "info",
    [
        None,
        {"spend": 2.4, "max_budget": None},
        {"spend": "much", "max_budget": 5},
        {"max_budget": 5},
        {"spend": -1, "max_budget": 5},
    ],
)
def test_a_proxy_that_does_not_say_is_left_alone(proxy: SoravidFake, info: dict[str, Any] | None) -> None:
    proxy.key_info = info
    assert asked() is None


def test_a_proxy_that_cannot_be_reached_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked() is None  # there is no key
    monkeypatch.setenv("SORAVID_API_KEY", "sk-test")
    monkeypatch.setenv("SORAVID_PROXY_URL", "http://127.0.0.1:9")
    assert asked() is None


def test_the_meter_tells_the_keys_budget_where_its_models_are_used(proxy: SoravidFake) -> None:
    proxy.key_info = {"key_alias": "lab-7", "spend": 4.5, "max_budget": 5.0}
    ended(begun(model="soravid/gemini/omni", held="0.10"), "0.10")
    page = Page()
    try:
        page.until("key lab-7: $0.50 left of $5.00")
        assert (page.tone, page.word) == ("warn", "Near the limit")
    finally:
        page.close()


def test_a_session_without_the_proxys_models_asks_nothing(proxy: SoravidFake) -> None:
    ended(begun())
    page = Page()
    begun()
    page.until("$0.80 held")
    page.close()
    assert not proxy.asked("GET", "/key/info")
