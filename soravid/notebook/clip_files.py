"""Clips' files, for whoever wants to be rid of them: which may go, and which notebooks would miss them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from soravid import settings
from soravid.errors import InvalidRequest
from soravid.ledger import JobRow
from soravid.media.links import notebook_dir

_USUAL = "soravid_media"
_LARGEST = 100_000_000
"""Bytes of a notebook that is searched."""


def delete_files(rows: Iterable[JobRow]) -> list[Path]:
    """Delete clips' files, all or none; their jobs, money and posters stay in the journal.

    Raises:
        InvalidRequest: one is not there as it was stored, lies outside soravid's folders, or cannot go.
    """
    paths = [checked_file(row) for row in rows]
    for path in paths:
        try:
            path.unlink()
        except OSError as wrong:
            raise InvalidRequest(
                f"{path.name} cannot be deleted: {wrong.strerror or wrong}.", param="clip"
            ) from None
    return paths


def checked_file(row: JobRow) -> Path:
    """The clip's file, if it may be deleted. Raises as ``delete_files`` does."""
    path = row.path
    if path is None:
        raise InvalidRequest("The file is not there any more.", param="clip")
    # A link could lead anywhere.
    if path.is_symlink() or path.resolve() != path or media_folder(path) is None:
        raise InvalidRequest(
            f"{path} is not in a folder of soravid's, so it is left alone.",
            param="clip",
            hint="Delete it yourself if you are sure.",
        )
    return path


def media_folder(path: Path) -> Path | None:
    """The folder of soravid's that a file lies under: the one that is set now, or one of the usual name."""
    own = (notebook_dir() / settings.media_dir()).resolve()
    return next((folder for folder in path.parents if folder == own or folder.name == _USUAL), None)


def shown_in(path: Path) -> list[Path]:
    """The saved notebooks that link a clip: those beside its folder, and those beside this notebook."""
    folder = media_folder(path)
    places = {notebook_dir(), *([folder.parent] if folder else [])}
    name = quote(path.name)
    found = {book for place in places for book in place.glob("*.ipynb") if _holds(book, name)}
    return sorted(found)


def _holds(book: Path, name: str) -> bool:
    try:
        return book.stat().st_size <= _LARGEST and name in book.read_text(encoding="utf-8", errors="ignore")
    except OSError:
        return False
