"""A session's budget: refused before anything is sent, and never overspent."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal

import pytest

import soravid
from soravid import errors, loop, planning, session
from tests.core.helpers import MODEL
from tests.fakes.openai import OpenAIFake


def test_a_clip_that_does_not_fit_is_refused_with_the_figures(openai: OpenAIFake) -> None:
    soravid.budget("1")
    for _ in range(2):
        soravid.video_generation("a kite", MODEL)  # holds $0.40
    with pytest.raises(errors.BudgetExceeded) as caught:
        soravid.video_generation("a kite", MODEL)
    told = str(caught.value)
    for words in ("$1.00", "$0.80 held", "$0.20 left", "$0.40"):
        assert words in told
    assert (openai.creates, len(openai.asked("POST"))) == (2, 2)


def test_many_at_once_do_not_overspend(openai: OpenAIFake) -> None:
    soravid.budget(2)

    def one(number: int) -> None:
        with suppress(errors.BudgetExceeded):
            soravid.video_generation(f"kite {number}", MODEL, seconds=8)  # $0.80

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(one, range(40)))
    assert openai.creates == 2
    account = soravid.budget()
    assert (account.held, account.spent, account.remaining) == (1_600_000_000, 0, 400_000_000)


def test_what_a_job_gives_back_can_be_spent_again(openai: OpenAIFake) -> None:
    soravid.budget("0.40")
    with pytest.raises(errors.Refused):
        soravid.generate("[refuse]", model=MODEL).wait()
    with pytest.raises(errors.Refused):
        soravid.generate("[moderation]", model=MODEL).wait()
    clip = soravid.generate("a kite", model=MODEL).wait()
    account = soravid.budget()
    assert (clip.cost, account.spent, account.held) == (Decimal("0.4"), 400_000_000, 0)
    again = soravid.generate("a kite", model=MODEL, reuse=True).wait()  # costs nothing, so it fits
    assert again.reused
    line = session.budget_line(account, soravid.spend())
    assert line == "$0.40 spent · $0.00 held · $0.00 left of $0.40 · saved $0.40"


def test_the_environment_sets_a_budget(openai: OpenAIFake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SORAVID_BUDGET", "0.50")
    soravid.video_generation("a kite", MODEL)
    with pytest.raises(errors.BudgetExceeded):
        soravid.video_generation("a kite", MODEL)


def test_an_unknown_price_is_refused_under_a_budget(openai: OpenAIFake) -> None:
    assert soravid.video_generation("a kite", "openai/unlisted").cost is None
    soravid.budget(5)
    with pytest.raises(errors.BudgetExceeded, match="unknown"):
        soravid.video_generation("another kite", "openai/unlisted")


@pytest.mark.parametrize("amount", ["-1", "lots", "nan"])
def test_a_wrong_budget_is_told(amount: str) -> None:
    with pytest.raises(errors.InvalidRequest, match="budget"):
        soravid.budget(amount)


def test_spending_is_told_by_model(openai: OpenAIFake) -> None:
    soravid.generate("a kite", model=MODEL).wait()
    soravid.generate("a kite", model="local/animatic", size="64x64", seconds=1).wait()
    assert [list(row.values()) for row in session.spend_by_model()] == [
        [MODEL, "1", "$0.40", "$0.00"],
        ["local/animatic", "1", "$0.00", "$0.00"],
    ]


def test_the_ledger_adds_up_afterwards(openai: OpenAIFake) -> None:
    for prompt in ("a kite", "[refuse]", "[moderation]", "[lost]"):
        with suppress(soravid.SoravidError):
            soravid.generate(prompt, model=MODEL, user="ada").wait()
    journal = planning.current().journal
    assert journal.verify() == []
    scopes = {str(account.scope): account.spent for account in journal.budgets.all()}
    assert scopes["user ada"] == scopes["provider openai"] == scopes["session"]
    assert os.path.exists(journal.home / "journal.db")  # noqa: PTH110


def test_an_overdue_job_is_looked_at_once_more(openai: OpenAIFake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("soravid.sending.OVERDUE", -1.0)
    done, gone, running = (soravid.video_generation(text, MODEL) for text in ("a kite", "a boat", "a fox"))
    openai.finish(done.id)
    del openai.videos[gone.id]
    line = planning.current()
    ended = {row.video_id: row.status for row in loop.run(line.settle_overdue())}
    assert ended == {done.id: "completed", gone.id: "failed"}
    account = soravid.budget()
    assert (account.spent, account.held) == (400_000_000, 400_000_000)
    assert soravid.video_status(running.id).status == "processing"
