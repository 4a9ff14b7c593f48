"""The tutorials as pages: the same notebooks, with the outputs that they have."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
from jinja2 import FileSystemLoader
from nbconvert import MarkdownExporter
from traitlets.config import Config

ROOT = Path(__file__).parents[2]
ALL = sorted((ROOT / "notebooks").glob("*.ipynb"))
RUN = ROOT / "build" / "tutorials"
"""Where ``make docs`` runs them, so that there are clips to play. Without it a clip is its poster."""

_VIDEO = re.compile(r'<video\b[^>]*?\bsrc="(?P<src>[^"]+)"[^>]*></video>')
_LINK = re.compile(r'<a\b[^>]*?\bhref="(?P<src>soravid_media/[^"]+)"[^>]*>(?P<text>.*?)</a>')


def page(name: str) -> tuple[str, dict[str, Path]]:
    """A notebook as Markdown, and the clips that it plays: the address in it, and the file.

    Args:
        name: the file's name in ``notebooks/``.
    """
    source, run = ROOT / "notebooks" / name, RUN / name
    fresh = run.exists() and run.stat().st_mtime >= source.stat().st_mtime
    notebook = nbformat.read(run if fresh else source, as_version=4)
    notebook.metadata["language_info"] = {"name": "ipython3"}
    exporter = MarkdownExporter(
        template_file="notebook.md.j2",
        extra_loaders=[FileSystemLoader(Path(__file__).parent)],
        config=Config({"ExtractOutputPreprocessor": {"enabled": False}}),
        display_data_priority=["text/html", "image/jpeg", "image/png", "text/plain"],
    )
    text, _ = exporter.from_notebook_node(notebook)
    clips = {found["src"]: RUN / found["src"] for found in _VIDEO.finditer(text)}
    clips = {src: file for src, file in clips.items() if file.exists()}
    text = _VIDEO.sub(lambda found: found[0] if found["src"] in clips else _still(found[0]), text)
    text = _LINK.sub(lambda found: found[0] if found["src"] in clips else found["text"], text)
    return text, clips


def _still(video: str) -> str:
    """The poster of a clip that is not here."""
    names = {"poster": "src", "aria-label": "alt", "width": "width", "height": "height", "style": "style"}
    given = {names[name]: value for name, value in re.findall(r'([\w-]+)="([^"]*)"', video) if name in names}
    return "<img " + " ".join(f'{name}="{value}"' for name, value in given.items()) + ">"
