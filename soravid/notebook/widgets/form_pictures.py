"""The pictures of a form: read once, kept as files beside the notebook, so that a cell can name them too."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import imagesize

from soravid import loop, settings
from soravid.clips import Clip, shown_path
from soravid.errors import InvalidRequest, MissingExtra, SoravidError
from soravid.fitting import fitted
from soravid.from_row import clip_of
from soravid.job import Job
from soravid.ledger.browsing import Browsing, Search
from soravid.media.links import notebook_dir
from soravid.planning import current
from soravid.references import read_reference
from soravid.types import Reference, VideoRequest

_THUMB = 320
"""Pixels of a preview's longer side."""
_EARLIER = 40
"""Clips that are offered to go on from."""
_PARAMS = {"reference": "input_reference", "last_frame": "last_frame", "also": "references"}


@dataclass(frozen=True)
class Picture:
    """A picture of a form. ``word`` is what a cell says for it; ``problem`` why it cannot be used."""

    word: str
    reference: Reference | None = None
    problem: str = ""

    @cached_property
    def key(self) -> str:
        """The same for the same picture; empty where it cannot be read."""
        return self.reference.digest[:16] if self.reference else ""

    @cached_property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels; zeros where it cannot be read."""
        found = imagesize.get(io.BytesIO(self.reference.data)) if self.reference else (0, 0)
        return max(0, int(found[0])), max(0, int(found[1]))

    def shown(self, style: str = "") -> dict[str, Any]:
        """What the page shows of it; the preview itself is asked for. ``style`` is the preview's."""
        width, height = self.size
        return {
            "key": self.key,
            "name": Path(self.word).name or self.word,
            "facts": f"{width}x{height}" if width else "",
            "problem": self.problem,
            "style": style,
        }

    def thumb(self) -> bytes:
        """A small WebP of it.

        Raises:
            MissingExtra: Pillow is not installed.
            InvalidRequest: it cannot be read.
        """
        try:
            from PIL import Image, ImageOps
        except ImportError:
            raise MissingExtra("A preview", "notebook") from None
        try:
            with Image.open(io.BytesIO(self.reference.data if self.reference else b"")) as image:
                image.draft("RGB", (_THUMB, _THUMB))
                small = ImageOps.exif_transpose(image).convert("RGB")
        except (OSError, Image.DecompressionBombError):
            raise InvalidRequest(
                f"The picture {self.word} cannot be read.", param="input_reference"
            ) from None
        small.thumbnail((_THUMB, _THUMB))
        buffer = io.BytesIO()
        small.save(buffer, format="WEBP", quality=80)
        return buffer.getvalue()


@lru_cache(maxsize=4)
def made_to_fit(picture: Reference, size: str, fit: str) -> Reference:
    """A picture in the clip's size, as ``generate`` sends it; made once, as a price is asked for often.

    Raises:
        InvalidRequest: it cannot be read, or the size is none.
        MissingExtra: Pillow is not installed.
    """
    request = VideoRequest(model="", prompt="", size=size, input_reference=picture)
    return fitted(request, None, fit).input_reference or picture


async def read(word: str, names: Mapping[str, Any], slot: str) -> Picture:
    """The picture that a word stands for: a variable's value, a path or an address. Never raises."""
    try:
        value = names.get(word, word)
        reference = await read_reference(
            await value if isinstance(value, Job) else value, current().transport, _PARAMS[slot]
        )
    except SoravidError as wrong:
        return Picture(word, problem=str(wrong))
    return Picture(word, reference)


async def kept(name: str, data: bytes, slot: str) -> Picture:
    """A picture that came from the page, in a file beside the clips.

    Raises:
        InvalidRequest: it is no picture that can be sent, or the file cannot be written.
    """
    reference = await read_reference((name, data), current().transport, _PARAMS[slot])
    assert reference is not None  # noqa: S101 - only nothing is nothing
    words = re.sub(r"[^\w-]+", "-", Path(reference.filename).stem).strip("-")[:40] or "picture"
    suffix = Path(reference.filename).suffix
    path = notebook_dir() / settings.media_dir() / f"{words}-{reference.digest[:6]}{suffix}"

    def write() -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():  # the name has the digest in it
            path.write_bytes(data)

    try:
        await loop.in_thread(write)
    except OSError as wrong:
        raise InvalidRequest(f"{path} cannot be written: {wrong.strerror or wrong}.") from None
    return Picture(_word(path), reference)


async def end_of(job_id: str, slot: str) -> Picture:
    """The last frame of an earlier clip.

    Raises:
        InvalidRequest: its file is not there any more.
        MissingExtra, DownloadFailed: it cannot be read.
    """
    row = await current().accounts.row_of(job_id)
    if row is None or row.path is None:
        raise InvalidRequest("That clip's file is not there any more.", hint="Choose another.")
    clip = clip_of(row, row.path)
    return await kept(f"{clip.path.stem}-end.png", await loop.in_thread(clip.reference_frame), slot)


def word_of(value: Any) -> str | tuple[str, bytes]:
    """What a form is given for a picture, as a cell's word, or as a name and bytes that have none yet.

    Raises:
        InvalidRequest: it is no picture.
    """
    if isinstance(value, Clip):
        return f"{value.path.stem}-end.png", value.reference_frame()
    if isinstance(value, (str, Path)) and not str(value).startswith("data:"):
        return str(value)
    reference = loop.run(read_reference(value, current().transport))
    if reference is None:
        raise InvalidRequest("There is no picture.", param="input_reference")
    return reference.filename, reference.data


def earlier_clips() -> list[list[str]]:
    """The newest clips to go on from: id and words."""
    from soravid.card_text import day, shortened

    browsing = Browsing(current().journal)
    ids, _ = browsing.ids(Search())
    rows = browsing.rows(ids[:_EARLIER])
    return [
        [row.id, f"{shortened(row.prompt, 48)} · {day(row.created_at)}"]
        for row in rows
        if row.path is not None
    ]


def _word(path: Path) -> str:
    """A path as a cell may say it: relative where that is the same file, whole elsewhere."""
    return shown_path(path) if notebook_dir() == Path.cwd() else str(path)
