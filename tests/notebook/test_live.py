"""A job in a real JupyterLab: live while it runs, lasting when it ends. A script feeds it, no provider."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.notebook.lab import Book, Lab, OpenBook, busiest_second

pytestmark = pytest.mark.browser

START = "from tests.notebook.feed import *"
CLIP = "soravid_media/red-kite-over-a-harbour-7f3c.mp4"
LASTING = "application/vnd.jupyter.widget-view+json"


def status(book: Book, k: int) -> Locator:
    return book.output(k).locator(".soravid-status")


def hosted(book: Book, k: int) -> Locator:
    """The status in the place of what a saved notebook keeps."""
    return book.output(k).locator("[data-soravid] .soravid-status")


def mimes(book: Book, k: int) -> list[list[str]]:
    return [sorted(output["data"]) for output in book.saved()["cells"][k]["outputs"]]


# --- it runs ------------------------------------------------------------------------------------------


def test_the_status_moves_while_the_kernel_idles_and_while_other_cells_run(
    lab: Lab, open_book: OpenBook
) -> None:
    book = open_book(lab, "moves.ipynb", START, "feed = Feed(range(0, 100), every=0.1)", "time.sleep(3)")
    book.run(0)
    book.run(1)
    percent = status(book, 1).locator(".percent")
    expect(percent).to_have_text(re.compile(r"^[1-9]"))
    book.wait_idle()
    idle = int(percent.inner_text().split()[0])
    expect(percent).not_to_have_text(f"{idle} %")
    book.run(2)
    expect(book.cell(2).locator(".jp-InputPrompt")).to_have_text("[*]:")
    seen = set()
    for _ in range(8):
        book.pause(0.25)
        seen.add(percent.inner_text())
    expect(book.cell(2).locator(".jp-InputPrompt")).to_have_text("[*]:")
    assert len(seen) >= 6, "the status stood still while a cell ran"
    expect(book.output(2).locator(".jp-OutputArea-child")).to_have_count(0)


def test_a_job_without_progress_shows_time_and_no_share(lab: Lab, open_book: OpenBook) -> None:
    book = open_book(lab, "unknown.ipynb", START, "feed = Feed([None] * 99, every=0.1, status='queued')")
    book.run_all()
    bar = status(book, 1).get_by_role("progressbar", name="Progress")
    expect(bar).to_be_visible()
    assert bar.get_attribute("aria-valuenow") is None
    expect(status(book, 1).get_by_role("status").first).to_have_text("Queued")
    expect(hosted(book, 1)).to_be_visible()
    book.traffic.clear()
    expect(status(book, 1).get_by_role("timer")).to_have_text("0:03")
    sent = book.traffic.received("comm_msg", "display_data", "update_display_data")
    assert not sent, "the clock runs in the browser"


def test_a_flood_of_news_is_a_trickle_of_small_messages(lab: Lab, open_book: OpenBook) -> None:
    book = open_book(
        lab,
        "flood.ipynb",
        START,
        "first = Feed([1])",
        "feed = Feed(list(range(100)) * 6 + [77], every=0.005)",
        "feed.thread.join()",
    )
    book.run(0)
    book.run(1)
    expect(status(book, 1)).to_be_visible()
    book.wait_idle()
    took = book.milliseconds_until(2, ".soravid-status .label")
    assert took < 500, f"the status came after {took:.0f} ms"
    book.pause(1)
    book.traffic.clear()
    book.run(3)
    book.wait_idle()
    expect(status(book, 2).locator(".percent")).to_have_text("77 %")
    updates = book.traffic.received("comm_msg", "update_display_data", "display_data")
    assert len(updates) >= 8
    assert busiest_second(updates) <= 5
    assert max(message.size for message in updates) < 1_000


def test_a_reloaded_page_finds_the_job_again(lab: Lab, open_book: OpenBook) -> None:
    """A reloaded page does not know display ids of before: the output must become lasting all the same."""
    book = open_book(
        lab,
        "reload.ipynb",
        f"{START}\nclip = make_clip({CLIP!r})",
        "feed = Feed([30] * 40 + [60] * 40, every=0.1, path=clip, started_at=time.time() - 60)",
    )
    book.run_all()
    expect(status(book, 1).locator(".percent")).to_have_text("30 %")
    book.save()
    book.reload()
    expect(status(book, 1).locator(".clock")).to_have_text(re.compile(r"1:0\d"))
    expect(status(book, 1).locator(".percent")).to_have_text("60 %", timeout=15_000)
    expect(book.output(1).locator("video")).to_be_visible(timeout=15_000)
    expect(status(book, 1)).to_have_count(0)
    book.save()
    assert mimes(book, 1) == [["text/html", "text/plain"]]


def test_a_job_that_ends_while_the_page_is_closed_is_there_when_it_opens(
    lab: Lab, open_book: OpenBook
) -> None:
    book = open_book(
        lab,
        "away.ipynb",
        f"{START}\nclip = make_clip({CLIP!r})",
        "feed = Feed([30] * 10, every=0.1, path=clip)",
    )
    book.run(0)
    book.run(1)
    expect(status(book, 1)).to_be_visible()
    book.save()
    book.page.goto("about:blank")
    book.pause(3)
    book.reload()
    assert book.plays(book.output(1).locator("video"))
    book.save()
    assert mimes(book, 1) == [["text/html", "text/plain"]]


def test_a_restarted_kernel_is_not_taken_for_progress(lab: Lab, open_book: OpenBook) -> None:
    book = open_book(lab, "restart.ipynb", START, "feed = Feed([10] * 99)")
    book.run_all()
    expect(status(book, 1).locator(".percent")).to_have_text("10 %")
    book.restart_kernel()
    expect(status(book, 1).locator(".label")).to_have_text("The kernel has stopped")
    still = status(book, 1).locator(".clock").inner_text()
    book.pause(1.5)
    assert status(book, 1).locator(".clock").inner_text() == still
    book.shot("kernel-stopped", status(book, 1))


def test_one_job_in_two_outputs(lab: Lab, open_book: OpenBook) -> None:
    book = open_book(
        lab,
        "twice.ipynb",
        "%load_ext soravid",
        "%%video kite -s 1 -z 128x128 --param pace=30\nA red kite",
        "kite",
    )
    book.run_all()
    first, second = status(book, 1), status(book, 2)
    expect(second).to_be_visible()
    expect(first.locator(".clock")).to_have_text(second.locator(".clock").inner_text())
    second.get_by_role("button", name="Cancel").click()
    second.get_by_role("button", name="Stop").click()
    for k in (1, 2):
        expect(book.output(k).locator(".soravid-card")).to_contain_text("Cancelled", timeout=15_000)


# --- it is cancelled ----------------------------------------------------------------------------------


def test_cancel_reaches_python_and_leaves_a_card(lab: Lab, open_book: OpenBook) -> None:
    book = open_book(
        lab, "cancel.ipynb", START, "feed = Feed(range(5, 99), every=0.3)", "print(feed.cancelled.is_set())"
    )
    book.run(0)
    book.run(1)
    book.wait_idle()
    expect(hosted(book, 1)).to_be_visible()
    # Before the kernel has said anything to it.
    seen = hosted(book, 1).evaluate(
        """async (view) => {
            const [cancel, stop] = view.querySelectorAll("button");
            cancel.click();
            const asked = view.querySelector(".ask").textContent;
            stop.click();
            await new Promise(requestAnimationFrame);
            return [asked, cancel.disabled, view.querySelector(".label").textContent];
        }"""
    )
    assert seen == ["Stop it? The $0.80 held is given back.", True, "Cancelling"]
    card = book.output(1).locator(".soravid-card")
    expect(card).to_contain_text("Cancelled")
    expect(card).to_contain_text("$0.00 spent")
    book.run(2)
    expect(book.output(2)).to_contain_text("True")


def test_a_job_that_cannot_be_cancelled_says_so(lab: Lab, open_book: OpenBook) -> None:
    refuse = "lambda _: feed.output.refuse_cancel('This provider cannot cancel a job.')"
    book = open_book(lab, "refuses.ipynb", START, f"feed = Feed([5] * 99, on_cancel={refuse})")
    book.run_all()
    button = status(book, 1).get_by_role("button", name="Cancel")
    button.click()
    status(book, 1).get_by_role("button", name="Stop").click()
    expect(status(book, 1)).to_contain_text("This provider cannot cancel a job.")
    expect(status(book, 1).locator(".label")).to_have_text("In progress")
    expect(button).to_be_hidden()


def test_keys_on_a_focused_part_are_not_commands(lab: Lab, open_book: OpenBook) -> None:
    """With a button or a player focused, `b` used to add a cell."""
    book = open_book(
        lab,
        "keys.ipynb",
        START,
        "feed = Feed([1] * 99)",
        f"done = Feed([], path=make_clip({CLIP!r})); done.thread.join()",
    )
    book.run_all()
    count, reached = book.cells.count(), []
    status(book, 1).get_by_role("button", name="Cancel").click()  # it asks, with two more buttons
    for k in (1, 2):
        for part in book.output(k).locator("a, button, input, select, summary, video").all():
            part.focus()
            if not part.evaluate("part => part === document.activeElement"):
                continue
            reached.append(part.evaluate("part => part.localName"))
            for key in ("b", "d", "d"):
                book.page.keyboard.press(key)
            assert part.evaluate("part => getComputedStyle(part).outlineStyle") != "none"
            expect(book.cells).to_have_count(count)
    assert {"a", "button", "summary"} <= set(reached)
    # The same key does add one where it is meant.
    book.cell(0).locator(".jp-InputPrompt").click()
    book.page.keyboard.press("b")
    expect(book.cells).to_have_count(count + 1)


# --- it ends ------------------------------------------------------------------------------------------


def test_the_output_becomes_a_card_that_needs_no_kernel(lab: Lab, open_book: OpenBook) -> None:
    book = open_book(
        lab,
        "lasts.ipynb",
        START,
        f"a = Feed(range(0, 100, 10), every=0.1, path=make_clip({CLIP!r}))",
        "clip = make_clip('soravid_media/tall.mp4', (360, 640))\n"
        "b = Feed(range(0, 100, 5), every=0.1, path=clip, size='9:16')",
        "time.sleep(3)",
    )
    book.run_all()
    for k in (1, 2):
        expect(book.output(k).locator("video")).to_have_count(1)
        expect(book.output(k).locator(".jp-OutputArea-child")).to_have_count(1)
        expect(status(book, k)).to_have_count(0)
    expect(book.output(3).locator(".jp-OutputArea-child")).to_have_count(0)
    # Each update answers the cell that made the output, whichever cell ran meanwhile.
    runs = [message.id for message in book.traffic.sent("execute_request")]
    updates = {message.parent for message in book.traffic.received("update_display_data")}
    assert updates == set(runs[1:3])
    opened = {
        message.content["comm_id"]
        for message in book.traffic.received("comm_open")
        if message.content["data"]["state"].get("_anywidget_id", "").endswith(".StatusWidget")
    }
    assert len(opened) == 2
    book.pause(0.3)
    closed = {message.content["comm_id"] for message in book.traffic.received("comm_close")}
    assert opened <= closed, "a status is closed when its page is done with it"
    book.save()
    assert mimes(book, 1) == [["text/html", "text/plain"]]
    book.shutdown_kernel()
    book.reload()
    for k in (1, 2):
        assert book.plays(book.output(k).locator("video"))
    expect(book.output(1).locator(".soravid-card")).to_contain_text("$0.80 spent")


def test_a_notebook_that_is_not_trusted_still_plays(lab: Lab, open_book: OpenBook) -> None:
    book = open_book(
        lab, "sent.ipynb", START, f"a = Feed([], path=make_clip({CLIP!r}), poster=None); a.thread.join()"
    )
    book.run_all()
    book.save()
    html = book.saved()["cells"][1]["outputs"][0]["data"]["text/html"]
    lab.write("received.ipynb", "", outputs={0: {"text/html": "".join(html)}})
    other = open_book(lab, "received.ipynb")
    expect(other.output(0).locator(".jp-mod-trusted")).to_have_count(0)
    card = other.output(0).locator(".soravid-card")
    assert other.plays(card.locator("video"))
    other.shot("untrusted", card)


def test_it_works_on_a_hub_in_any_folder_with_any_name(lab_under_prefix: Lab, open_book: OpenBook) -> None:
    name = "soravid_media/50% of #1? ö.mp4"
    book = open_book(
        lab_under_prefix,
        "deep/er folder/hub.ipynb",
        f"{START}\nimport os\nclip = Path(make_clip({name!r})).absolute()",
        "os.chdir('/')",
        "a = Feed([10], path=str(clip)); a.thread.join()",
    )
    book.run_all()
    assert book.plays(book.output(2).locator("video"))
    book.save()
    book.reload()
    assert book.plays(book.output(2).locator("video"))


def test_an_embedded_clip_plays_without_its_file(lab: Lab, open_book: OpenBook) -> None:
    book = open_book(
        lab,
        "embed.ipynb",
        f"{START}\nfrom soravid.media.links import embed_src\nfrom IPython.display import HTML",
        f"path = make_clip({CLIP!r}); done = view(status='completed', cost=0, path=path)\n"
        "HTML(cards.finished_html(done, embed_src(Path(path))))",
    )
    book.run_all()
    (lab.root / CLIP).unlink()
    assert book.plays(book.output(1).locator("video"))


def test_without_widgets_the_output_is_a_still_card(lab: Lab, open_book: OpenBook) -> None:
    book = open_book(
        lab,
        "still.ipynb",
        f"import sys\nsys.modules['anywidget'] = None\n{START}",
        f"feed = Feed(range(0, 100, 2), every=0.1, path=make_clip({CLIP!r}))",
    )
    book.run_all()
    card = book.output(1).locator(".soravid-card")
    expect(card).to_contain_text("%video cancel vid_7f3c21")
    expect(card).to_contain_text(re.compile(r"[2-9]\d %"), timeout=10_000)
    expect(book.output(1).locator("video")).to_be_visible(timeout=10_000)


# --- how it looks -------------------------------------------------------------------------------------

LOOKS = [
    f"{START}\nfrom IPython.display import HTML",
    "feed = Feed([10, 20, 43], every=0.05)",
    "more = Feed([None], every=0.05, status='queued', held=None)",
    f"""now = time.time()
done = view(status="completed", started_at=now - 72, finished_at=now, cost=800_000_000,
            path=make_clip({CLIP!r}, (1280, 720)))
HTML(cards.finished_html(done, done.path))""",
    """tall = replace(done, size="720x1280", path=make_clip("soravid_media/a-tall-kite-91aa.mp4", (360, 640)),
               reused_from=now - 86400, prompt="<b>Cerf-volant</b> $5 & $6, חתול")
HTML(cards.finished_html(tall, tall.path))""",
    "HTML(cards.failed_html(view(status='failed', cost=0, problem=REFUSED)))",
    "HTML(cards.failed_html(view(status='unknown')))",
    "HTML(cards.notice_html('No key for gemini', 'Set GEMINI_API_KEY, or use local/animatic.', 'warn'))",
    """rows = [["vid_7f3c21", "gemini/gemini-omni-1.2-flash", "✓ Done", "1 min 12 s", "$0.80 spent"],
        ["vid_91aa04", "local/animatic", "● In progress", "4 s", "$0.00 held"]]
HTML(cards.table_html(["Job", "Model", "State", "Took", "Cost"], rows, "Jobs of this session"))""",
]


def test_everything_is_readable_in_both_themes_and_fits_a_narrow_column(
    lab: Lab, open_book: OpenBook
) -> None:
    book = open_book(lab, "looks.ipynb", *LOOKS, height=2300)
    book.run_all()
    expect(status(book, 1).locator(".percent")).to_have_text("43 %")
    cards = [status(book, 1), status(book, 2)]
    cards += [book.output(k).locator(".soravid-card") for k in range(3, len(LOOKS))]
    try:
        for dark in (False, True):
            book.dark(dark)
            book.shot(f"looks-{'dark' if dark else 'light'}")
            for card in cards:
                card.evaluate("card => card.querySelectorAll('details').forEach(d => { d.open = true; })")
                low = {words: ratio for words, ratio in book.contrast(card).items() if ratio < 4.5}
                assert low == {}, f"hard to read when dark is {dark}"
            book.shot(f"looks-open-{'dark' if dark else 'light'}")
            for card in cards:
                card.evaluate("card => card.querySelectorAll('details').forEach(d => { d.open = false; })")
    finally:
        book.dark(False)
    book.narrow(320)
    for card in cards:
        box = card.bounding_box()
        assert box is not None
        assert box["width"] <= 320
        spill = card.evaluate(
            """card => [...card.querySelectorAll("*")].filter((part) => !part.closest("table")
                && part.getClientRects().length
                && part.getBoundingClientRect().right > card.getBoundingClientRect().right + 1)
                .map((part) => part.outerHTML)"""
        )
        assert spill == []
    book.shot("looks-320")


def test_motion_stops_for_those_who_ask(lab: Lab, open_book: OpenBook) -> None:
    book = open_book(lab, "motion.ipynb", START, "feed = Feed([None] * 99)")
    book.run_all()
    bar = hosted(book, 1).locator(".bar.unknown")
    expect(bar).to_be_visible()
    moves = "bar => getComputedStyle(bar, '::before').animationName"
    assert bar.evaluate(moves) == "soravid-seek"
    book.page.emulate_media(reduced_motion="reduce")
    assert bar.evaluate(moves) == "none"
    book.page.emulate_media(reduced_motion=None)
