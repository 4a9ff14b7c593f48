"""One JupyterLab for all, one browser for each file of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, sync_playwright

from tests.notebook.lab import Lab, OpenBook, book_opener, launch


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    server = Lab(tmp_path_factory.mktemp("lab"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def lab_under_prefix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    server = Lab(tmp_path_factory.mktemp("lab-prefix"), base_url="/user/x/")
    yield server
    server.stop()


# Not for the whole session: while playwright runs, this thread has a running event loop, and other
# tests could not call asyncio.run. One context for the file, so that JupyterLab's scripts are cached.
@pytest.fixture(scope="module")
def context() -> Iterator[BrowserContext]:
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium.new_context()
        chromium.close()


@pytest.fixture
def open_book(context: BrowserContext) -> Iterator[OpenBook]:
    yield from book_opener(context)
