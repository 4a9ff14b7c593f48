"""The documentation's site: it builds, its links lead somewhere, it asks nobody, and its lists are true."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

import soravid
from soravid.deployments import Options
from tests.docs.blocks import ROOT
from tests.notebook.test_tutorials import INDEX

REFERENCE = "\n".join(path.read_text() for path in (ROOT / "docs" / "reference").glob("*.md"))
LOADED = {
    "audio": "src",
    "iframe": "src",
    "img": "src",
    "link": "href",
    "script": "src",
    "source": "src",
    "video": "src",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


class Page(HTMLParser):
    """What a page links to, what it loads, and the places in it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.loaded: set[str] = set()
        self.places: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value}
        self.places |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.add(given["href"])
        if tag in LOADED and LOADED[tag] in given and given.get("rel") not in {"canonical", "next", "prev"}:
            self.loaded.add(given[LOADED[tag]])


@pytest.fixture(scope="module")
def built(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in site.rglob("*.html")}


def test_every_link_leads_somewhere(site: Path, built: dict[Path, Page]) -> None:
    broken = []
    for path, page in built.items():
        if path.name == "404.html":
            continue  # its addresses begin at the site's root
        for link in page.links | page.loaded:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.exists():
                broken.append(f"{path.relative_to(site)}: {link}")
            elif parts.fragment and target in built and unquote(parts.fragment) not in built[target].places:
                broken.append(f"{path.relative_to(site)}: {link} has no such place")
    assert not broken, "\n".join(broken)


def test_a_reader_is_told_to_nobody(site: Path, built: dict[Path, Page]) -> None:
    """No font, script, picture or badge comes from another host; it can be read without a network."""
    elsewhere = {link for page in built.values() for link in page.loaded if urlsplit(link).netloc}
    for style in site.rglob("*.css"):
        elsewhere |= set(re.findall(r"""(?:url\(|@import )["']?((?:https?:)?//[^"')]+)""", style.read_text()))
    assert not elsewhere


def test_what_is_made_for_the_site_is_not_in_it(site: Path) -> None:
    assert not [path for path in site.rglob("*") if path.suffix in {".py", ".j2", ".ipynb"}]
    assert "<!-- generated" not in "".join(path.read_text() for path in site.rglob("*.html"))


def test_a_tutorial_shows_what_its_notebook_does(site: Path, built: dict[Path, Page]) -> None:
    text = (site / "tutorials" / "01_quickstart.html").read_text()
    assert text.count('class="soravid-card') >= 5
    assert "InvalidRequest: local/animatic takes seconds of 1 to 60, not 90." in text
    notebooks = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert notebooks == {path.stem for path in (site / "tutorials").glob("*.html")}


def test_binder_opens_on_the_index() -> None:
    (link,) = re.findall(r"https://mybinder\.org/[^)]+", (ROOT / "README.md").read_text())
    opened = parse_qs(urlsplit(link).query)["urlpath"][0].removeprefix("lab/tree/")
    assert ROOT / opened == INDEX


# --- what is listed by hand ---


def test_every_public_name_is_in_the_reference() -> None:
    shown = set(re.findall(r"(?m)^::: soravid\.(\w+)", REFERENCE))
    twins = {f"a{name}" for name in shown if name.startswith("video_") or name == "map"}
    elsewhere = {"__version__", "AsyncClient", "SoravidError", "video_content", "avideo_content"}
    elsewhere |= set(soravid._WHOLE_ROOMS)
    assert set(soravid.__all__) - shown - twins == elsewhere


def test_every_variable_is_listed_and_no_other() -> None:
    listed = set(variables((ROOT / "docs" / "reference" / "settings.md").read_text()))
    assert listed == {
        name for path in (ROOT / "soravid").rglob("*.py") for name in variables(path.read_text())
    }


def variables(text: str) -> Iterator[str]:
    return (found[0] for found in re.finditer(r"\bSORAVID_[A-Z_]+\b", text))


def test_every_option_of_a_call_is_listed_and_no_other() -> None:
    table = REFERENCE.partition("## Options of every call")[2].partition("\n## ")[0]
    assert set(re.findall(r"(?m)^\| `(\w+)`", table)) == Options.__annotations__.keys()
