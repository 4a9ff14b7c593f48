"""What MkDocs is told: which pages come from other files of the project, and where their links lead."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from urllib.parse import urlsplit

import reference  # MkDocs finds what lies beside a hook
import tutorials
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
TREE = "https://github.com/soravid/soravid/tree/main/"

ELSEWHERE = {
    "index.md": "README.md",
    "changes.md": "CHANGELOG.md",
    **{f"tutorials/{path.stem}.md": f"notebooks/{path.name}" for path in tutorials.ALL},
}
"""Pages that are another file of the project: page to file. The others are files of ``docs``."""

_PAGES = {source: page for page, source in ELSEWHERE.items()}
_LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)\s]+)(?=\))")
_CODE = re.compile(r"(^```.*?^```$|`[^`\n]+`)", re.MULTILINE | re.DOTALL)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made from other files, and the clips that the tutorials show."""
    for page, source in ELSEWHERE.items():
        if source.endswith(".ipynb"):
            text, clips = tutorials.page(Path(source).name)
            for src, clip in clips.items():
                if f"tutorials/{src}" not in files.src_uris:
                    files.append(File.generated(config, f"tutorials/{src}", abs_src_path=str(clip)))
        else:
            text = (ROOT / source).read_text(encoding="utf-8")
        if page == "index.md":
            text = f"---\nhide: [navigation]\n---\n{text}"
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: object) -> str:
    """Fill in what is generated, and lead links between files of the project to their pages."""
    here = page.file.src_uri
    if here.startswith("reference/"):
        markdown = reference.filled(markdown)
    base = posixpath.dirname(ELSEWHERE.get(here, f"docs/{here}"))

    def to_page(link: re.Match[str]) -> str:
        parts = urlsplit(link[1])
        source = posixpath.normpath(posixpath.join(base, parts.path))
        if not (ROOT / source).exists():
            return link[1]  # the strict build says so
        target = _PAGES.get(source) or (source.removeprefix("docs/") if source.startswith("docs/") else "")
        if not target:
            return TREE + source
        path = posixpath.relpath(target, posixpath.dirname(here) or ".")
        return path + (f"#{parts.fragment}" if parts.fragment else "")

    # What stands in code is no link.
    parts = _CODE.split(markdown)
    parts[::2] = [_LINK.sub(to_page, part) for part in parts[::2]]
    return "".join(parts)
