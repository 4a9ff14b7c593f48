"""Budgets, the question before a dear cell, guardrails and fallbacks in a real JupyterLab."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.notebook.lab import Lab, OpenBook

pytestmark = pytest.mark.browser

LOAD = """%load_ext soravid
import soravid
soravid.add_models({"id": "local/animatic", "prices": {"any": "0.10"}})"""
SMALL = "-z 320x180"


def test_a_budget_is_kept_and_told(lab: Lab, open_book: OpenBook) -> None:
    book = open_book(
        lab,
        "budget.ipynb",
        LOAD,
        "%video budget 0.50",
        f"%%video {SMALL} -s 4\nA red kite",
        f"%%video {SMALL} -s 2\nA blue kite",
        "%video spend",
        f"%%video {SMALL} -s 4\nA red kite",
    )
    book.run_all()
    expect(book.output(1)).to_contain_text("$0.50 left of $0.50")
    expect(book.output(2).locator("video")).to_be_visible(timeout=20_000)
    expect(book.output(3)).to_contain_text("The session's budget of $0.50 would be exceeded")
    book.run(4)
    expect(book.output(4)).to_contain_text("$0.40 spent · $0.00 held · $0.10 left of $0.50")
    book.run(5)
    expect(book.output(5)).to_contain_text("$0.00 (saved $0.40)")  # it is there already
    book.shot("budget")


def test_a_dear_cell_asks_first(lab: Lab, open_book: OpenBook) -> None:
    ask = '%config VideoMagics.ask_above = "0.30"'
    cells = [f"%%video {SMALL} -s 4\nA {colour} kite" for colour in ("green", "yellow")]
    book = open_book(lab, "asked.ipynb", LOAD, ask, *cells)
    book.run(0)
    book.run(1)
    book.wait_idle()
    for k, answer in ((2, "n"), (3, "y")):
        book.run(k)
        expect(book.output(k)).to_contain_text("This clip: at most $0.40. Make it? [y/N]")
        box = book.output(k).locator("input.jp-Stdin-input")
        box.fill(answer)
        book.shot(f"asked-{answer}")
        box.press("Enter")
    expect(book.output(2)).to_contain_text("Nothing was sent")
    expect(book.output(3).locator("video")).to_be_visible(timeout=20_000)


def test_guardrails_and_fallbacks_speak_plainly(lab: Lab, open_book: OpenBook) -> None:
    config = """from pathlib import Path
Path("groups.yaml").write_text('''
model_list:
  - model_name: draft
    litellm_params: {model: openai/sora-2, api_base: "http://127.0.0.1:9/v1", api_key: none, order: 1}
  - model_name: draft
    litellm_params: {model: local/animatic, order: 2}
  - model_name: broken
    litellm_params: {model: openai/sora-2, api_base: "http://127.0.0.1:9/v1", api_key: none}
router_settings: {allowed_fails: 0, cooldown_time: 60}
guardrails:
  - {name: house rules, type: blocklist, words: [weapon]}
''');
%video config groups.yaml"""
    book = open_book(
        lab,
        "groups.ipynb",
        LOAD,
        config,
        "%%video -m draft -s 4 -z 1280x720\nA paper boat",
        "%%video -m draft\nA WEAPON on a quay",
        "%%video -m broken\nA paper boat",
        "%%video -m broken\nAnother paper boat",
        height=1300,
    )
    book.run_all()
    expect(book.output(2).locator("video")).to_be_visible(timeout=30_000)
    expect(book.output(3)).to_contain_text("a word that is not allowed here")
    expect(book.output(4)).to_contain_text("could not be reached", timeout=20_000)
    book.run(5)  # once more: when all cells ran, the first failure may not have been known yet
    expect(book.output(5)).to_contain_text("it is cooling down", timeout=20_000)
    for k in range(2, 6):
        assert "Traceback" not in book.output(k).inner_text()
        book.shot(f"groups-{k}", book.output(k))
