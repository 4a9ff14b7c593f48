"""The same outputs in other places: in Colab and VS Code, as a page of HTML, without widgets."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import BrowserContext, expect

from tests.notebook.kernel import kernel

LOAD = "%load_ext soravid\nimport soravid"
CELL = "%%video --wait -s 1 -z 128x128\nA red kite"
BOARD = "%%video --wait -n 2 -s 1 -z 128x128\nA blue kite"


def html_of(outputs: list[dict[str, Any]]) -> str:
    (output,) = outputs
    html: str = output["data"]["text/html"]
    return html


def test_where_no_file_can_be_reached_the_notebook_holds_the_clips(tmp_path: Path) -> None:
    with kernel(tmp_path, COLAB_RELEASE_TAG="release-colab") as book:
        book.run(LOAD)
        assert html_of(book.run(CELL)).count('src="data:video/mp4;base64,') == 1
        assert html_of(book.run(BOARD)).count('src="data:video/mp4;base64,') == 2
        assert 'src="data:video/mp4' in html_of(book.run("soravid.jobs(1)[0].clip"))


def test_in_vs_code_files_are_reached_from_the_notebooks_folder(tmp_path: Path) -> None:
    """Its kernel may run anywhere; it says which file the notebook is."""
    folder = tmp_path / "films"
    folder.mkdir()
    (folder / "kites.ipynb").touch()
    with kernel(tmp_path) as book:
        book.run(f"__vsc_ipynb_file__ = {str(folder / 'kites.ipynb')!r}\n{LOAD}")
        html = html_of(book.run(CELL))
    (clip,) = (folder / "soravid_media").glob("*.mp4")
    assert f' src="soravid_media/{clip.name}"' in html


def test_without_the_widgets_packages_everything_is_told_all_the_same(tmp_path: Path) -> None:
    with kernel(tmp_path) as book:
        book.run(f"import sys\nsys.modules['anywidget'] = None\n{LOAD}")
        assert "<video" in html_of(book.run(CELL))
        assert html_of(book.run(BOARD)).count("<video") == 2
        shown = book.run("batch = soravid.map(['a', 'b'], seconds=1, size='64x64').wait()")
        assert "text/html" in shown[0]["data"]


def test_a_run_without_a_person_waits_and_shows_each_batch_once(tmp_path: Path) -> None:
    with kernel(tmp_path, SORAVID_WAIT="1") as book:
        book.run(LOAD)
        assert html_of(book.run(BOARD)).count("<video") == 2
        assert html_of(book.run("soravid.map(['a', 'b'], seconds=1, size='64x64')")).count("<video") == 2


@pytest.mark.browser
def test_a_page_of_html_plays_its_clips_from_the_disk(tmp_path: Path, context: BrowserContext) -> None:
    """`jupyter nbconvert --to html`: beside the clips it plays them; embedded ones it carries with it."""
    with kernel(tmp_path) as book:
        book.run(LOAD)
        for source in (CELL, BOARD, CELL.replace("--wait", "--wait --embed --again")):
            book.run(source)
        nbformat.write(book.notebook, tmp_path / "kites.ipynb")  # type: ignore[no-untyped-call]
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "kites.ipynb"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    page = context.new_page()
    page.route("http*://**", lambda route: route.abort())  # what the converter links to is not ours
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text) if "soravid" in line.text else None)
    page.goto((tmp_path / "kites.html").as_uri())
    videos = page.locator(".soravid-card video")
    expect(videos).to_have_count(4)
    for video in videos.all():
        video.evaluate("v => { v.muted = true; return v.play(); }")
        page.wait_for_function("v => v.currentTime > 0.2 && v.videoWidth > 0", arg=video.element_handle())
    assert said == []
    page.close()
