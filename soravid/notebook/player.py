"""``soravid.player()``: one clip, to be looked at closely."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from soravid import session, settings
from soravid.clips import Clip
from soravid.errors import InvalidRequest, MissingExtra
from soravid.job import Job
from soravid.loop import checked

if TYPE_CHECKING:
    from soravid.notebook.widgets.player import PlayerWidget


@checked
def player(
    clip: Clip | Job | str, *, captions: str | os.PathLike[str] | None = None, loop: bool = False
) -> PlayerWidget | Clip | Job:
    """Show a clip in a player: frame by frame, at any speed, in a loop, with captions.

        soravid.player(kite, captions="kite.vtt", loop=True)

    Keys: space plays, arrows go a second, comma and period a frame, L loops, M mutes, F fills the screen.

    Args:
        clip: a clip, a job (shown live until its clip is there) or a job's id.
        captions: a WebVTT file, or its text.
        loop: whether the clip begins anew at its end.

    Returns:
        A widget; in a terminal, and where cells wait (``SORAVID_WAIT``), the clip or the job itself.

    Raises:
        InvalidRequest: there is no such job, or the captions are not WebVTT.
        MissingExtra: this is a notebook and its packages are not installed.
    """
    source = _found(clip)
    text = _captions(captions)
    if settings.waits():
        return source.wait() if isinstance(source, Job) else source
    try:
        from soravid.notebook.display import rich_front
    except ImportError:
        return source
    if not rich_front():
        return source
    try:
        from soravid.notebook.widgets.player import PlayerWidget
    except ModuleNotFoundError:
        raise MissingExtra("The player", "notebook") from None
    return PlayerWidget(source, text, loop=loop)


def _found(clip: Clip | Job | str) -> Clip | Job:
    if isinstance(clip, Clip):
        return clip
    job = session.find_job(clip) if isinstance(clip, str) else clip
    if not isinstance(job, Job):
        raise InvalidRequest(
            f"player takes a Clip, a Job or a job's id, not {type(clip).__name__}.", param="clip"
        )
    return job.resume() if not job.done() else job


def _captions(given: str | os.PathLike[str] | None) -> str:
    """WebVTT text, from itself or from its file."""
    if given is None:
        return ""
    text = os.fspath(given)
    if "\n" not in text and not text.startswith("WEBVTT"):
        try:
            text = Path(text).expanduser().read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError):
            raise InvalidRequest(
                f"There are no captions to read in {text!r}.", param="captions", hint="Give a .vtt file."
            ) from None
    if not text.startswith("WEBVTT"):
        raise InvalidRequest(
            "Captions are WebVTT, whose first line is WEBVTT.",
            param="captions",
            hint="Most programs that write .srt files write .vtt files, too.",
        )
    return text
