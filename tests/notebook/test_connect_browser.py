"""A student at a shared proxy, in a real JupyterLab: a key by a prompt, its models, a clip, what is left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.notebook.axe import violations
from tests.notebook.lab import Book, Lab, OpenBook
from tests.notebook.studio import complaints
from tests.notebook.test_connect import SETTINGS
from tests.proxy.operated import Proxy, running

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with running(tmp_path_factory.mktemp("shared") / "home", SETTINGS) as proxy:
        yield proxy


def looks(book: Book, **roots: Locator) -> None:
    for theme in ("light", "dark"):
        book.dark(theme == "dark")
        for name, root in roots.items():
            assert not violations(root)
            book.shot(f"connect-{name}-{theme}", root)
    book.dark(False)


def type_key(book: Book, k: int, key: str) -> None:
    book.run(k)
    box = book.output(k).locator("input.jp-Stdin-input")
    expect(box).to_have_attribute("type", "password")
    box.fill(key)
    book.shot("connect-prompt", book.output(k))
    box.press("Enter")


def test_a_student_connects_makes_a_clip_and_sees_what_is_left(
    lab: Lab, open_book: OpenBook, proxy: Proxy
) -> None:
    key = proxy.key(key_alias="ada", max_budget=1, budget_duration="30d")["key"]
    cells = [
        "%load_ext soravid\nimport soravid",
        f"%video connect {proxy.url}",
        "%video models",
        "%%video -s 2 -z 320x180\nA red kite over a harbour",
        "soravid.meter()",
        'soravid.form("A fox in the snow", seconds=2, size="320x180")',
        "%%video -s 9 -z 320x180\nA lighthouse in a storm",
        "%video connect",
        "soravid.budget(5)",
        "%video connect --off",
        "%history",
    ]
    book = open_book(lab, "shared.ipynb", *cells, width=1280, height=1100)
    heard = complaints(book.page)
    book.run(0)
    book.wait_idle()

    # No answer, no key, a key that is none, then the right one: asked for each time, and never shown.
    book.run(1)
    expect(book.output(1).locator("input.jp-Stdin-input")).to_be_visible()
    book.command("notebook:interrupt-kernel")
    expect(book.output(1)).to_contain_text("Not connected.")
    book.wait_idle()
    type_key(book, 1, "")
    expect(book.output(1)).to_contain_text("No key was typed. Run it again to be asked.")
    type_key(book, 1, "sk-of-somebody-else")
    expect(book.output(1)).to_contain_text("does not know this key. Run it again to type it anew.")
    looks(book, wrong=book.output(1))
    type_key(book, 1, key)
    told = book.output(1).locator(".soravid-card")
    expect(told).to_contain_text("as ada")
    expect(told).to_contain_text("$1.00 left of $1.00 · begins anew on")
    expect(told).to_contain_text("A cell that names no model makes soravid/draft ($0.10/s).")

    # Its models, and a clip that names none of them.
    book.run(2)
    expect(book.output(2).locator("tbody tr")).to_have_count(2)
    expect(book.output(2)).to_contain_text("price unknown")
    looks(book, card=book.output(1), models=book.output(2))
    book.run(3)
    video = book.output(3).locator("video")
    expect(video).to_be_visible(timeout=30_000)
    expect(book.output(3)).to_contain_text("$0.20")
    assert book.plays(video)
    book.shot("connect-clip", book.output(3))

    # The key's own budget under the cells, also while it changes; and the form offers what the key may use.
    book.run(4)
    meter = book.output(4).locator(".soravid-meter")
    expect(meter).to_contain_text("key ada: $0.80 left of $1.00", timeout=15_000)
    looks(book, meter=meter)
    book.run(5)
    form = book.output(5).locator(".soravid")
    expect(form.get_by_role("combobox", name="Model")).to_have_value("soravid/draft")
    form.get_by_role("combobox", name="Model").click()
    expect(form.get_by_role("listbox").get_by_role("option")).to_have_count(2)
    book.shot("connect-form-models")
    book.page.keyboard.press("Escape")
    form.get_by_role("button", name="Generate").click()
    expect(form.locator("video")).to_be_visible(timeout=30_000)
    expect(meter).to_contain_text("key ada: $0.60 left of $1.00", timeout=15_000)

    # What does not fit is refused with the figures; where one is, and back.
    for k in (6, 7, 8, 9, 10):
        book.run(k)
    book.wait_idle()
    expect(book.output(6)).to_contain_text("$0.60", timeout=15_000)
    expect(book.output(6)).to_contain_text("nothing was made")
    expect(book.output(7)).to_contain_text("$0.60 left of $1.00")
    expect(book.output(8)).to_contain_text("$5.00")
    expect(book.output(9)).to_contain_text("No longer connected to")
    expect(meter).not_to_contain_text("key ada", timeout=15_000)
    looks(book, over=book.output(6), account=book.output(8), off=book.output(9))
    book.narrow(400)
    book.shot("connect-narrow", book.output(7))

    book.save()
    assert key not in str(book.saved())
    assert not heard
