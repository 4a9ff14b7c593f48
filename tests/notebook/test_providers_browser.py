"""``%%video -m`` with every provider in a real JupyterLab, at its fake; and the errors a new user meets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import expect

from soravid.money import show, to_nano
from tests.fakes.server import serve
from tests.notebook.lab import Lab, OpenBook
from tests.providers.cases import KEY, Case, cases

pytestmark = pytest.mark.browser

LOAD = "%load_ext soravid"


@pytest.fixture
def providers() -> Iterator[tuple[dict[str, Case], str]]:
    """Every provider's case, served; and the cell that sets their variables."""
    known = cases()
    environment: dict[str, str] = {"SORAVID_POLL_SECONDS": "0.1"}
    with ExitStack() as stack:
        for case in known.values():
            fake = case.fake()
            fake.api_key = KEY
            environment |= case.environment(stack.enter_context(serve(fake)))
        yield known, f"import os\nos.environ.update({json.dumps(environment)})"


def test_every_provider_makes_a_clip_that_plays(
    lab: Lab, open_book: OpenBook, providers: tuple[dict[str, Case], str]
) -> None:
    known, environment = providers
    cells = [
        f"%%video -m {case.model} -s {case.seconds} -z {case.size}\nA red kite" for case in known.values()
    ]
    book = open_book(lab, "providers.ipynb", environment, LOAD, *cells, "%video spend", "%video jobs")
    book.run_all()
    for k, case in enumerate(known.values(), 2):
        book.cell(k).scroll_into_view_if_needed()
        video = book.output(k).locator("video")
        expect(video).to_be_visible(timeout=20_000)
        expect(book.output(k)).to_contain_text(case.model.partition("/")[2].rpartition("/")[2])
        spent = show(None if case.cost is None else to_nano(case.cost))
        expect(book.output(k)).to_contain_text(spent)
        assert book.plays(video), case.model
    book.shot("providers-spend", book.output(len(known) + 2))
    book.shot("providers-jobs", book.output(len(known) + 3))


ERRORS = [
    ("-m gemini/gemini-omni-1.2-flash -z 1000x1000", "takes a size of"),
    ("-m gemini/gemini-omni-1.2-flash -s 60", "takes seconds of 3 to 15, not 60"),
    ("-m runwayml/gen4.5", "There is no key for runwayml: set RUNWAYML_API_SECRET"),
    ("-m openai/sora-2", "openai/sora-2 was shut down on 2026-09-24. Use gemini/gemini-omni-1.2-flash"),
    ("-m gemeni/gemini-omni-1.2-flash", "Did you mean gemini"),
    ("-m xai/grok-imagine-video-1.5 --seed 7", "takes no seed"),
]
LATER = [
    ("[refuse]", "Refused by the provider's safety check"),
    ("[moderation]", "Refused by the provider's safety check"),
    ("[gone]", "The clip is no longer at the provider"),
]


def test_each_mistake_is_one_useful_line(
    lab: Lab, open_book: OpenBook, providers: tuple[dict[str, Case], str]
) -> None:
    _, environment = providers
    unset = "for name in ('RUNWAYML_API_SECRET', 'OPENAI_BASE_URL'):\n    os.environ.pop(name, None)"
    openai = "os.environ['OPENAI_API_KEY'] = 'k'"
    cells = [f"%%video {options}\nA red kite" for options, _ in ERRORS]
    cells += [f"%%video -m xai/grok-imagine-video-1.5 -s 4\n{prompt} a red kite" for prompt, _ in LATER]
    book = open_book(lab, "mistakes.ipynb", f"{environment}\n{unset}\n{openai}", LOAD, *cells, height=1400)
    book.run_all()
    for k, (_, words) in enumerate(ERRORS + LATER, 2):
        expect(book.output(k)).to_contain_text(words, timeout=20_000)
        assert "Traceback" not in book.output(k).inner_text()
        book.shot(f"mistake-{k - 1}", book.output(k))


def test_the_table_of_models_is_read_at_a_glance(lab: Lab, open_book: OpenBook) -> None:
    book = open_book(
        lab,
        "models.ipynb",
        LOAD,
        "%video models",
        "%video models --can audio --under 0.15 --alive",
        width=1400,
    )
    book.run_all()
    expect(book.output(1)).to_contain_text("gemini/gemini-omni-1.2-flash")
    expect(book.output(1)).to_contain_text("shut down 2026-09-24")
    expect(book.output(2)).not_to_contain_text("sora-2")
    for dark in (False, True):
        book.dark(dark)
        book.shot(f"models-{'dark' if dark else 'light'}", book.output(1))
        faint = {
            words: ratio
            for words, ratio in book.contrast(book.output(2).locator(".soravid-card")).items()
            if ratio < 4.5
        }
        assert not faint
    book.dark(False)
