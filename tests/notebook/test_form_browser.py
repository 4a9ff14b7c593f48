"""The form in a real JupyterLab: by mouse, by keyboard alone, with pictures, in every look."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import ConsoleMessage, Locator, expect

from soravid import catalog
from tests.notebook.axe import violations
from tests.notebook.lab import Book, Lab, OpenBook

pytestmark = pytest.mark.browser

LOAD = """%load_ext soravid
import soravid
soravid.add_models({"id": "local/animatic", "prices": {"any": "0.10"}})
soravid.budget(5);"""
SMALL = 'seconds=1, size="320x180"'
JUPYTERS_OWN = ("debugger state", "terminals plugin")
"""Complaints of JupyterLab about itself."""
FOCUSABLE = "a[href], button, input, select, summary, textarea, video, [tabindex]"


def the_form(book: Book, k: int = 1) -> Locator:
    """The form under a cell, once it is in its place: the first widget of a kernel is put there anew."""
    form = book.output(k).locator("[data-soravid] .soravid-form")
    expect(form.locator(".offer b")).not_to_be_empty(timeout=15_000)
    return form


def price(form: Locator) -> Locator:
    return form.locator(".offer")


def generate(form: Locator) -> Locator:
    return form.get_by_role("button", name="Generate")


@contextmanager
def no_complaints(book: Book) -> Iterator[None]:
    """Nothing goes wrong in the browser meanwhile."""
    heard: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not any(words in message.text for words in JUPYTERS_OWN):
            heard.append(message.text)

    book.page.on("console", listen)
    book.page.on("pageerror", lambda error: heard.append(str(error)))
    yield
    book.page.remove_listener("console", listen)
    assert heard == []


def test_from_a_prompt_to_clips_and_a_cell(lab: Lab, open_book: OpenBook) -> None:
    form_cell = f'soravid.form("A red kite over a harbour, slow pan left", {SMALL})'
    book = open_book(lab, "form.ipynb", LOAD, form_cell, "soravid.budget('0.25');", height=1400)
    with no_complaints(book):
        book.run(0)
        book.run(1)
        form = the_form(book)
        expect(price(form)).to_have_text("$0.10 for 1 take · $5.00 of $5.00 left")
        form.get_by_label("Takes").fill("2")
        expect(price(form)).to_have_text("$0.20 for 2 takes · $5.00 of $5.00 left")
        form.get_by_label("Takes").fill("1")
        expect(price(form)).to_have_text("$0.10 for 1 take · $5.00 of $5.00 left")
        generate(form).click()
        expect(form.locator(".soravid-status")).to_be_visible()
        book.shot("form-running")
        assert book.plays(form.locator("video"))
        expect(price(form)).to_have_text("$0.00 · made already · $4.90 of $5.00 left")
        # Once more: for nothing, and a new one beside it.
        generate(form).click()
        expect(form.locator("video")).to_have_count(2)
        expect(form).to_contain_text("$0.00 (saved $0.10)")
        form.get_by_role("button", name="Make a new one · $0.10").click()
        expect(form.locator("video")).to_have_count(3, timeout=15_000)
        # A budget that another cell lowers turns the button off, and says why.
        book.run(2)
        form.get_by_label("Length").fill("4")
        expect(price(form)).to_contain_text("Over budget: at most $0.40, and $0.05 is left.")
        expect(generate(form)).to_be_disabled()
        generate(form).click(force=True)
        expect(form.locator(".take")).to_have_count(3)
        form.get_by_label("Length").fill("1")
        form.get_by_label("Takes").fill("2")
        form.get_by_role("button", name="As a cell").click()
        expect(form).to_contain_text("A cell was added below.")
    source = "%%video -m local/animatic -s 1 -z 320x180 -n 2\nA red kite over a harbour, slow pan left"
    book.save()
    assert "".join(book.saved()["cells"][2]["source"]) == source
    book.shot("form-done")
    book.run(2)
    expect(book.output(2).locator("video")).to_have_count(2)
    expect(book.output(2)).to_contain_text("saved $0.10")
    # What lasts needs no kernel.
    book.save()
    book.shutdown_kernel()
    book.reload()
    expect(book.output(1).locator("video")).to_have_count(2)
    assert book.plays(book.output(1).locator("video").first)
    expect(book.output(1)).to_contain_text("Run the cell to open it again.")
    assert "Error displaying widget" not in book.output(1).inner_text()
    book.shot("form-without-kernel")


def test_a_cell_opens_as_a_form_and_makes_nothing(lab: Lab, open_book: OpenBook) -> None:
    cell = "%%video kite --form -s 1 -z 320x180 --seed 7 --max-cost 1\nA {colour} kite, slow pan left"
    book = open_book(lab, "opened.ipynb", f"{LOAD}\ncolour = 'red'", cell, "kite.path.name")
    with no_complaints(book):
        book.run(0)
        book.run(1)
        form = the_form(book)
        expect(form.get_by_label("Prompt")).to_have_value("A {colour} kite, slow pan left")
        expect(form.get_by_label("Length")).to_have_value("1")
        expect(form.get_by_label("Seed")).to_have_value("7")
        expect(form).to_contain_text("kite --max-cost 1")
        expect(form.locator("video")).to_have_count(0)
        generate(form).click()
        expect(form.locator("video")).to_be_visible(timeout=15_000)
        expect(form).to_contain_text("A red kite, slow pan left")
        book.run(2)
        expect(book.output(2)).to_contain_text("red-kite-")


# Focuses the next visible part that was not seen, and names it. What is typed may draw parts anew.
FOCUS_NEXT = """(form, [focusable, seen]) => {
    for (const part of form.querySelectorAll(focusable)) {
        const own = part.type === "radio" ? part.value : part.innerText;
        const name = [part.tagName, part.className, part.name, part.ariaLabel, own].join();
        if (seen.includes(name) || !part.getClientRects().length) continue;
        part.focus();
        if (document.activeElement === part) return name;
    }
}"""


def test_by_keyboard_alone_and_no_key_is_a_command(lab: Lab, open_book: OpenBook) -> None:
    book = open_book(
        lab,
        "keys.ipynb",
        LOAD,
        f'soravid.form("A kite, slow pan left", {SMALL}, negative_prompt="x")',
        height=1400,
    )
    book.run(0)
    book.run(1)
    form, keys = the_form(book), book.page.keyboard
    with no_complaints(book):
        model = form.get_by_role("combobox", name="Model")
        model.focus()
        keys.press("ArrowDown")
        expect(form.get_by_role("listbox", name="Models")).to_be_visible()
        keys.type("veo fast")
        options = form.get_by_role("option")
        expect(options.first).to_contain_text("vertex_ai/veo-3.1-fast-generate-001")
        expect(options.first).to_contain_text("sign in to Google")
        keys.press("ArrowDown")
        keys.press("ArrowUp")
        keys.press("Enter")
        expect(model).to_have_value("vertex_ai/veo-3.1-fast-generate-001")
        expect(price(form)).to_contain_text("vertex_ai needs the project")
        expect(form.get_by_label("Negative prompt").or_(form.get_by_label("Avoid"))).to_have_value("x")
        # Arrows choose among what the model has; the focus stays where it is.
        form.get_by_role("radio", name="8 s").focus()
        keys.press("ArrowLeft")
        expect(form.get_by_role("radio", name="6 s")).to_be_checked()
        form.get_by_role("radio", name="16:9").focus()
        keys.press("ArrowRight")
        expect(form.get_by_role("radio", name="9:16")).to_be_checked()
        expect(form.get_by_role("radio", name="9:16")).to_be_focused()
        model.focus()
        keys.press("Enter")
        keys.type("animatic")
        keys.press("Enter")
        expect(price(form)).to_contain_text("for 1 take")
        form.get_by_label("Width and height").fill("320x180")
        form.get_by_label("Length").fill("1")
        expect(price(form)).to_contain_text("$0.10 for 1 take")
        generate(form).focus()
        keys.press("Enter")
        expect(form.locator("video")).to_be_visible(timeout=15_000)
        assert violations(form) == []
        # Now everything is there that can have the focus.
        count, seen = book.cells.count(), set[str]()
        model.click()
        while name := form.evaluate(FOCUS_NEXT, [FOCUSABLE, [*seen]]):
            seen.add(name)
            for key in ("b", "d", "d"):
                keys.press(key)
        book.pause(0.3)
        assert book.cells.count() == count
        assert len(seen) > 25


def picture(size: tuple[int, int], kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise(size, 120).convert("RGB").save(buffer, kind)
    return buffer.getvalue()


GIVE = """(target, [kind, name, data]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(data)], name, { type: "image/png" }));
    const options = { bubbles: true, cancelable: true, clipboardData: transfer, dataTransfer: transfer };
    target.dispatchEvent(kind === "paste" ? new ClipboardEvent(kind, options) : new DragEvent(kind, options));
}"""


def test_pictures_come_by_file_paste_drop_and_from_clips(
    lab: Lab, open_book: OpenBook, tmp_path: Path
) -> None:
    make = 'soravid.generate("A quiet pier", seconds=1, size="320x180").wait();'
    name = "runwayml/seedance2"
    book = open_book(
        lab, "pictures.ipynb", f"{LOAD}\n{make}", f'soravid.form("A kite", model="{name}")', height=1400
    )
    book.run(0)
    book.run(1)
    form = the_form(book)
    large = tmp_path / "large photo.png"
    large.write_bytes(picture((1700, 1500)))
    with no_complaints(book):
        first = form.locator("[data-slot=reference]")
        first.locator("input[type=file]").set_input_files(large)
        expect(first.locator("img")).to_be_visible(timeout=15_000)
        expect(first).to_contain_text("1700x1500")
        pieces = [message.size for message in book.traffic.sent("comm_msg") if message.size > 100_000]
        assert len(pieces) >= 3
        assert max(pieces) < 4_000_000
        assert first.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 320
        form.get_by_role("radio", name="Fill the frame").check()
        expect(first.locator("img")).to_have_css("object-fit", "cover")
        first.get_by_role("button", name=re.compile("Remove")).click()
        expect(first.locator("img")).to_have_count(0)
        small = list(picture((64, 36)))
        form.get_by_label("Prompt").evaluate(GIVE, ["paste", "pasted.png", small])
        expect(first).to_contain_text("64x36")
        form.locator("summary").first.click()
        last = form.locator("[data-slot=last_frame]")
        last.evaluate(GIVE, ["drop", "dropped.png", small])
        expect(last).to_contain_text("64x36")
        further = form.locator("[data-slot=also]")
        clips = further.get_by_role("combobox", name="References: the end of an earlier clip")
        clips.select_option(
            value=clips.locator("option", has_text="A quiet pier").first.get_attribute("value")
        )
        expect(further).to_contain_text("320x180")
        book.shot("form-pictures")
        form.get_by_role("button", name="As a cell").click()
    expect(book.cell(2)).to_contain_text("--last-frame soravid_media/dropped-")
    book.save()
    assert "base64" not in str(book.saved()["cells"][1]["outputs"])


def test_a_reloaded_page_finds_the_form_and_its_job(lab: Lab, open_book: OpenBook) -> None:
    slow = f'soravid.form("A kite, slow pan left", {SMALL}, extra_body={{"pace": "4"}})'
    book = open_book(lab, "reloaded.ipynb", LOAD, slow)
    book.run(0)
    book.run(1)
    form = the_form(book)
    form.get_by_label("Prompt").fill("A blue kite, slow pan left")
    expect(price(form)).to_contain_text("$0.10")
    generate(form).click()
    expect(form.locator(".soravid-status")).to_be_visible()
    book.save()
    book.reload()
    expect(form.get_by_label("Prompt")).to_have_value("A blue kite, slow pan left")
    expect(form.locator(".soravid-status, video").first).to_be_visible()
    expect(form.locator("video")).to_be_visible(timeout=20_000)
    book.save()
    kept = book.saved()["cells"][1]["outputs"][1]["data"]["text/html"]
    assert "<video" in "".join(kept)
    book.restart_kernel()
    expect(book.output(1)).to_contain_text(re.compile("The kernel has stopped|Run the cell"))


LOOKS = """import os
os.environ |= {"VERTEXAI_PROJECT": "p", "VERTEX_AI_ACCESS_TOKEN": "of-a-test"}
soravid.add_models(*({"id": f"fal_ai/maker-{k}/model", "like": "fal_ai/minimax/h3"} for k in range(115)));
soravid.form("A red kite over a harbour", model="vertex_ai/veo-3.1-fast-generate-001", takes=3,
             negative_prompt="text, logos")"""


def test_it_is_readable_in_both_themes_and_fits_narrow_columns(lab: Lab, open_book: OpenBook) -> None:
    book = open_book(lab, "looks.ipynb", LOAD, LOOKS, width=1280, height=1100)
    book.run(0)
    book.run(1)
    form = the_form(book)
    expect(price(form)).to_contain_text("$2.40 for 3 takes")
    form.get_by_role("combobox", name="Model").click()
    alive = [model for model in catalog.models() if not model.retired(datetime.now(UTC).date())]
    expect(form.locator(".list [role=option]")).to_have_count(len(alive) + 115)
    try:
        for dark in (False, True):
            book.dark(dark)
            form.get_by_role("combobox", name="Model").click()
            book.shot(f"form-{'dark' if dark else 'light'}")
            low = {words: ratio for words, ratio in book.contrast(form).items() if ratio < 4.5}
            assert low == {}, f"hard to read when dark is {dark}"
            assert violations(form) == []
    finally:
        book.dark(False)
    for pixels in (400, 320):
        book.narrow(pixels)
        spill = form.evaluate(
            """form => [...form.querySelectorAll("*")].filter((part) => part.getClientRects().length
                && part.getBoundingClientRect().right > form.getBoundingClientRect().right + 1)
                .map((part) => part.outerHTML)"""
        )
        assert spill == []
        book.shot(f"form-{pixels}", form)
