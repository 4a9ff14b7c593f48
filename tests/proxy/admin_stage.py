"""The admin page's stage: a proxy with two keys and their clips, and Chromium before it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import BrowserContext, Locator, Page, expect, sync_playwright

from tests.fakes.openai import OpenAIFake
from tests.fakes.server import serve
from tests.notebook.book import SHOTS, launch
from tests.proxy.operated import MASTER, MODEL, Proxy, config, fake, running


class Stage(NamedTuple):
    """A proxy with two keys, the provider behind it, and a browser before it."""

    proxy: Proxy
    provider: OpenAIFake
    context: BrowserContext
    page: Page
    complaints: list[str]

    def show(self, view: str) -> None:
        """Go to a view by its address."""
        self.page.goto(f"{self.proxy.url}/#{view}")
        expect(self.page.locator("main h1")).to_be_visible()

    def shot(self, name: str) -> None:
        """Keep a picture of the page."""
        shot(self.page, name)


@contextmanager
def staged(home: Path) -> Iterator[Stage]:
    """A proxy with a little history, and the page not yet open."""
    provider = fake()
    with serve(provider) as upstream, running(home, config(upstream, other="openai/other-1")) as proxy:
        ada = proxy.client(proxy.key(key_alias="ada", max_budget=1, budget_duration="30d")["key"])
        bob = proxy.client(proxy.key(key_alias="bob", models=["other"], rpm_limit=5)["key"])
        for client, prompt, model in (
            (ada, "A red kite over a harbour", MODEL),
            (ada, "Nothing [moderation]", MODEL),
            (bob, "A lighthouse in a storm", "other"),
        ):
            proxy.ended(client, proxy.make(client, prompt, model=model))
        ada.post("/v1/videos", json={"model": "other-2", "prompt": "A kite"})
        with sync_playwright() as playwright:
            browser = launch(playwright)
            context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
            context.grant_permissions(["clipboard-read", "clipboard-write"])
            page, complaints = context.new_page(), list[str]()
            page.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
            page.on("pageerror", lambda wrong: complaints.append(str(wrong)))
            yield Stage(proxy, provider, context, page, complaints)
            browser.close()


def signed_in(stage: Stage) -> Page:
    """The page, past the sign-in."""
    stage.page.goto(stage.proxy.url)
    field = stage.page.locator("#key")
    expect(field.or_(stage.page.locator(".figures dd").first)).to_be_visible()
    if field.is_visible():
        field.fill(MASTER)
        field.press("Enter")
        expect(stage.page.locator(".figures dd").first).to_be_visible()
    return stage.page


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until the focus is there."""
    for _ in range(60):
        if wanted.evaluate("node => node === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("The keyboard does not get there.")


def shot(page: Page, name: str) -> None:
    """Keep a picture where ``SORAVID_SHOTS`` says."""
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)
