"""A finished clip: a file on this machine, with what it shows and what it cost."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soravid import cards, media
from soravid.errors import InvalidRequest
from soravid.media.links import notebook_dir, page_src
from soravid.types import Video
from soravid.views import JobView

if TYPE_CHECKING:
    from numpy import uint8
    from numpy.typing import NDArray
    from PIL import Image

CREDENTIALS = "soravid.credentials"
"""Name among a job's labels: what the content credentials said of the clip when it was stored."""
_ARTICLES = {"a", "an", "the"}
_naming = threading.Lock()
_given: dict[Path, str] = {}  # to which job of this process a name was given, before its file is there
_SHOT_MARK = re.compile(r"^\W*(shot|scene)\s*\d+\s*[:.\])]+")


@dataclass(frozen=True, slots=True)
class Clip:
    """A finished clip.

    Attributes:
        path: the file.
        video: the provider's video object.
        model: ``provider/model``.
        cost: USD; None when the price is unknown.
        reused: whether it came from an earlier run, so that this one cost nothing.
    """

    path: Path
    video: Video
    model: str
    prompt: str
    cost: Decimal | None
    job_id: str
    reused: bool
    view: JobView = field(repr=False)

    @property
    def seconds(self) -> float | None:
        """Duration in seconds, as the provider delivered it."""
        return float(self.video.seconds) if self.video.seconds else None

    @property
    def size(self) -> str | None:
        """``WIDTHxHEIGHT`` in pixels."""
        return self.video.size

    def reference_frame(self) -> bytes:
        """The last frame as PNG: what ``input_reference=clip`` goes on from."""
        return media.last_frame(self.path)

    @property
    def info(self) -> media.ClipInfo:
        """What the file says: duration, size, frame rate, codecs. Raises as ``media.probe`` does."""
        return media.probe(self.path)

    @property
    def credentials(self) -> media.Provenance | None:
        """The content credentials (C2PA), checked; None without. Raises as ``media.credentials_of`` does."""
        return media.credentials_of(self.path)

    def frame(self, t: float) -> Image.Image:
        """The picture at ``t`` seconds; negative: from the end. Raises as ``media.frame_at`` does."""
        return media.frame_at(self.path, t)

    def frames(self, every: float | None = None) -> Iterator[NDArray[uint8]]:
        """All frames, or one ``every`` so many seconds, as arrays (height, width, RGB), one at a time."""
        return media.frames_of(self.path, every)

    def filmstrip(self, count: int = 8) -> Image.Image:
        """``count`` frames spread over the clip, in a row, each with its time."""
        return media.filmstrip_of(self.path, count)

    def __fspath__(self) -> str:
        return str(self.path)

    def __str__(self) -> str:
        return cards.finished_text(self.view)

    def bundle(self, *, embed: bool = False) -> dict[str, str]:
        """As a notebook keeps it: with the file by its relative URL, or inside the notebook; and as text."""
        try:
            html = cards.finished_html(self.view, page_src(self.path, embed=embed))
        except InvalidRequest as wrong:  # too large to embed: the clip is there all the same
            html = cards.notice_html("The clip is made, but cannot be shown here", str(wrong), "warn")
        except OSError:
            return {"text/plain": str(self)}
        return {"text/html": html, "text/plain": str(self)}

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return self.bundle()


def file_name(prompt: str, job_id: str, digits: int = 4) -> str:
    """Words of the prompt and a short id, so that a folder of clips can be read: ``red-kite-7f3c.mp4``."""
    words = re.findall(r"[^\W_]+", _SHOT_MARK.sub("", prompt.lower()))
    if len(words) > 1 and words[0] in _ARTICLES:
        del words[0]
    stem = ""
    for word in words:
        longer = f"{stem}-{word}".strip("-")
        if len(longer.encode()) > 48:
            break
        stem = longer
    return f"{stem or 'clip'}-{job_id.removeprefix('job_')[:digits]}.mp4"


def free_path(folder: Path, prompt: str, job_id: str) -> Path:
    """A path in ``folder`` that no file has yet and no other job was given: no clip is ever replaced."""
    with _naming:
        for digits in range(4, 17):
            path = folder / file_name(prompt, job_id, digits)
            if _given.setdefault(path, job_id) == job_id and not path.exists():
                break
        return path


def names_folder(path: str | os.PathLike[str]) -> bool:
    """Whether a path is a folder, or written as one with a slash at its end."""
    return os.fspath(path).endswith(("/", os.sep)) or Path(path).expanduser().is_dir()


def copied(path: Path, wanted: Path) -> Path:
    """A clip at another place, too; folders on the way are made."""
    if wanted.exists() and wanted.samefile(path):
        return wanted
    wanted.parent.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy2(path, wanted))


def shown_path(path: Path) -> str:
    """A path as it is shown and linked: relative to the notebook where it can be, with forward slashes."""
    base = notebook_dir()
    return (path.relative_to(base) if path.is_relative_to(base) else path).as_posix()
