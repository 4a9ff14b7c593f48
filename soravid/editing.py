"""What is made of finished clips: one file of several, and a clip that goes on where another ends."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol, Unpack

from soravid import catalog, media, session, settings
from soravid.clips import Clip, names_folder
from soravid.deployments import Options
from soravid.errors import InvalidRequest
from soravid.job import Job
from soravid.loop import checked
from soravid.plans import Plan


class HasPath(Protocol):
    """A ``Job``, whose path waits for the clip, or a ``Clip``."""

    @property
    def path(self) -> Path:
        """The clip's file."""
        ...


ClipSource = HasPath | str | os.PathLike[str]
"""A ``Clip``, a ``Job`` (it is waited for) or a clip's file."""


def join(clips: Iterable[ClipSource], path: str | os.PathLike[str] | None = None) -> Path:
    """Join clips, one after the other, into a new MP4 and return its path; nothing is sent or spent.

        first = soravid.generate("A red kite over a harbour")
        second = soravid.continue_from(first, "The kite climbs into the clouds")
        soravid.join([first, second])

    Clips of the same kind are copied as they are. Others become H.264 and AAC in the first one's size and
    frame rate.

    Args:
        clips: clips, jobs (they are waited for) or files.
        path: the new file, or a folder for it; else it lies beside the first clip. A name that is made up
            here is the first clip's with ``-joined``.

    Raises:
        InvalidRequest: there are no clips, or ``path`` exists: no file is ever replaced.
        MissingExtra: PyAV or Pillow is not installed.
        DownloadFailed: a clip cannot be read, or the new file cannot be written.
        SoravidError: a job ended without a clip.

    Warns:
        media.CredentialsLost: clips have content credentials; the new file has none.
    """
    if isinstance(clips, (str, os.PathLike, Job)):
        raise InvalidRequest("join takes a list of clips: join([first, second]).", param="clips")
    files = [_file_of(each) for each in clips]
    if not files:
        raise InvalidRequest("There are no clips to join.", param="clips")
    if path is None or names_folder(path):
        target = _free(files[0].parent if path is None else Path(path).expanduser(), files[0].stem)
    else:
        target = Path(path).expanduser()
    return media.join_clips(files, target)


@checked
def continue_from(
    clip: ClipSource,
    prompt: str,
    *,
    model: str | None = None,
    seconds: str | float | None = None,
    size: str | None = None,
    take: int = 1,
    path: str | os.PathLike[str] | None = None,
    confirm: Callable[[Plan], bool] | None = None,
    **options: Unpack[Options],
) -> Job:
    """Start a clip that begins with another's last frame, and return its ``Job`` at once.

        kite = soravid.generate("A red kite over a harbour")
        climb = soravid.continue_from(kite, "The kite climbs into the clouds", seconds=4)

    Args:
        clip: what to go on from: a clip, a job (it is waited for) or a file.
        prompt: what the new clip should show.
        model: ``provider/model``; the clip's own if left out, the default model where ``clip`` is a file.
        seconds: duration in seconds; the model's default if left out.
        size: ``WIDTHxHEIGHT`` in pixels; the clip's own where no ``aspect_ratio`` or ``resolution`` is given.
        take: 2, 3, ... for further clips of the same request.
        path: the new clip's file, or a folder for it; as for ``generate``.
        confirm: asked with the plan before anything is held; as for ``generate``.
        **options: as for ``generate``.

    Raises:
        InvalidRequest: something that cannot work; nothing was sent.
        MissingExtra: PyAV or Pillow is not installed.
        DownloadFailed: the clip's file cannot be read.
        SoravidError: the job to go on from ended without a clip.
    """
    source = clip.wait() if isinstance(clip, Job) else clip
    file = _file_of(source)
    own_shape = size is None and not (options.get("aspect_ratio") or options.get("resolution"))
    if isinstance(source, Clip):
        model = model or source.model
        size = source.size if own_shape else size
    if own_shape:
        size = size or media.probe(file).size
        entry = catalog.find(model or settings.default_model())
        if entry and isinstance(entry.sizes, tuple) and size not in entry.sizes:
            size = None  # the nearest that the model takes
        options.setdefault("fit", "cover")  # a provider's word for the size need not be the file's
    return session.generate(
        prompt,
        model=model,
        seconds=seconds,
        size=size,
        input_reference=(f"{file.stem}.png", media.last_frame(file)),
        take=take,
        path=path,
        confirm=confirm,
        **options,
    )


def _file_of(source: ClipSource) -> Path:
    if isinstance(source, (str, os.PathLike)):  # a Clip is a path, too
        return Path(source).expanduser()
    if hasattr(source, "path"):
        return Path(source.path)
    raise InvalidRequest(f"A clip is a Clip, a Job or a path, not {type(source).__name__}.", param="clips")


def _free(folder: Path, stem: str) -> Path:
    """A path in ``folder`` for what is joined that no file has yet."""
    names = (f"{stem}-joined{number}.mp4" for number in itertools.chain([""], _counted()))
    return next(path for name in names if not os.path.lexists(path := folder / name))


def _counted() -> Iterable[str]:
    return (f"-{number}" for number in itertools.count(2))
