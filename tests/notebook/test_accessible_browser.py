"""Everything that soravid shows in a notebook, judged by axe-core in JupyterLab's light and dark theme.

A new surface gets a line in ``SCENES``: the cell that makes it, and what must be seen before it is judged.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest
from playwright.sync_api import expect

from tests.notebook.axe import violations
from tests.notebook.lab import Lab, OpenBook

pytestmark = pytest.mark.browser

SETUP = """from tests.notebook.feed import *
from IPython.display import HTML, display
from soravid.boards import Board
from soravid.card_board import board_html
from soravid.errors import InvalidRequest
from soravid.notebook.widgets.offer import OfferWidget
from soravid.notebook.widgets.status import StatusWidget
import soravid
%load_ext soravid
soravid.add_models({"id": "local/animatic", "prices": {"any": "0.10"}})
clip = make_clip("soravid_media/kite.mp4")
done = view(status="completed", finished_at=time.time(), cost=800_000_000, path=clip)
def card(html): display(HTML(html))"""


class Scene(NamedTuple):
    """One thing to look at.

    Attributes:
        cell: the source that makes it.
        ready: a selector of what shows that it is all there.
        press: a selector of what is pressed then, to open it.
    """

    cell: str
    ready: str
    press: str = ""


SCENES = {
    "live status": Scene("feed = Feed([43])", ".soravid-status .percent:text('43 %')"),
    "live status, nothing known": Scene(
        "queued = Feed([None], status='queued', held=None)", ".soravid-status .bar.unknown"
    ),
    "status that cannot be cancelled": Scene(
        "w = StatusWidget(view(progress=20)); w.refuse_cancel('Runway cannot stop a job.'); w",
        ".soravid-status .note:not(:empty)",
    ),
    "board, asking": Scene(
        "rows = [view(job_id='a', progress=20), view(job_id='b', status='failed', cost=0, problem=REFUSED)]\n"
        "StatusWidget(Board.of(rows), print)",
        ".soravid-status .job >> nth=2",
        ".soravid-status button",
    ),
    "board, ended": Scene("card(board_html(Board.of([done, replace(rows[1])]), [clip, None]))", "video"),
    "offer": Scene("OfferWidget('2 jobs were left running.', 'Resume', print)", ".soravid-offer button"),
    "error": Scene("card(cards.error_html(InvalidRequest('No.', param='size', hint='Write 1.')))", "summary"),
    "still status": Scene("card(cards.running_html(view(progress=43)))", "[role=progressbar]"),
    "finished clip": Scene("card(cards.finished_html(done, clip))", "video"),
    "finished tall clip": Scene("card(cards.finished_html(replace(done, size='720x1280'), clip))", "video"),
    "re-used clip": Scene(
        "card(cards.finished_html(replace(done, reused_from=time.time() - 86400), clip))", "code"
    ),
    "failed job": Scene(
        "card(cards.failed_html(view(status='failed', cost=0, problem=REFUSED)))", ".soravid-card details"
    ),
    "mistake": Scene("%%video -s 60 -m runwayml/gen4.5\nA kite", ".soravid-card"),
    "clip by the magic": Scene("%%video --wait -z 320x180 -s 1\nA red kite", "video"),
    "form": Scene("soravid.form('A red kite', model='local/animatic')", ".soravid-form .offer b:text('$')"),
    "form, choosing a model": Scene("soravid.form()", ".soravid-form .offer b:text('$')", ".picker input"),
    "meter": Scene("soravid.meter()", ".soravid-meter .money", "button.line"),
    "gallery": Scene("soravid.gallery()", ".soravid-gallery .card"),
    "comparison": Scene(
        "soravid.compare('A red kite', seeds=[1, 2], seconds=1, size='320x180')", ".soravid button.main"
    ),
    "comparison, made": Scene(
        "soravid.compare('A blue kite', seeds=[1, 2], seconds=1, size='320x180').wait()",
        ".soravid video >> nth=1",
    ),
    "storyboard": Scene(
        "soravid.storyboard(['A kite', 'It flies'], seconds=1, size='320x180')", ".soravid button.main"
    ),
    "batch": Scene(
        "soravid.map(['A kite', 'A boat'], seconds=1, size='320x180', reuse=True).wait();",
        "video >> nth=1",
    ),
    "player": Scene("soravid.player(soravid.jobs()[0])", ".soravid video"),
    "models": Scene("%video models --alive", "table"),
    "jobs": Scene("%video jobs", "table"),
    "empty table": Scene("card(cards.table_html(['Job', 'Cost'], [], 'Jobs'))", "table"),
    "spend": Scene("%video spend", ".soravid-card"),
    "doctor": Scene("%video doctor", "table"),
    **{
        f"notice, {tone}": Scene(
            f"card(cards.notice_html('Budget', '$1.00 left.', {tone!r}))", ".soravid-card"
        )
        for tone in ("info", "good", "warn", "bad", "quiet")
    },
}


def test_nothing_keeps_anybody_out(lab: Lab, open_book: OpenBook) -> None:
    # So high that no cell is out of sight, where JupyterLab draws nothing.
    cells = [scene.cell for scene in SCENES.values()]
    book = open_book(lab, "accessible.ipynb", SETUP, *cells, height=9000)
    book.run_all(120)
    for k, scene in enumerate(SCENES.values(), 1):
        expect(book.output(k).locator(scene.ready).first).to_be_visible(timeout=20_000)
        if scene.press:
            book.output(k).locator(scene.press).first.click()
        book.output(k).evaluate("n => n.querySelectorAll('details').forEach((fold) => fold.open = true)")
    found = []
    for theme in ("light", "dark"):
        book.dark(theme == "dark")
        found += [f"{theme}: {line}" for line in violations(book.page)]
        book.shot(f"accessible-{theme}")
    book.dark(False)
    assert not found, "\n".join(found)


def test_a_fault_would_be_found(lab: Lab, open_book: OpenBook) -> None:
    style = "background:#fff;color:#bbb"
    fault = f'<div class="soravid-card" id="a" style="{style}">Pale<button id="a"></button></div>'
    book = open_book(lab, "fault.ipynb", f"from IPython.display import HTML\nHTML('{fault}')")
    book.run_all()
    expect(book.output(0).locator("button")).to_be_visible()
    assert {line.split()[0] for line in violations(book.output(0))} == {
        "button-name",
        "color-contrast",
        "id-twice",
    }
