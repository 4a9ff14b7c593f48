"""A clip for the browser: what is shown of it, and its bytes where no page can reach the file."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from soravid import cards, catalog
from soravid.card_text import SHAPES, TONES, amount, one_line, problem
from soravid.clips import Clip, shown_path
from soravid.errors import InvalidRequest, SoravidError
from soravid.job import Job
from soravid.media import probe
from soravid.media.links import EMBED_LIMIT, notebook_dir, notebook_src
from soravid.notebook.grids import money
from soravid.views import JobView

PIECE = 4_000_000
"""Bytes of a clip in one message; JupyterLab loses some that are larger than 9 MB."""


def shown(clip: Clip | JobView) -> dict[str, Any]:
    """What ``player`` in ``player.js`` shows of a finished clip; it holds no media but the poster.

    ``src`` is the file's URL beside the notebook, None where a page has to ask for its bytes (``serve``).
    ``cells`` are the cells that may be made of it, label to source; ``details`` is label to text.
    """
    view = clip.view if isinstance(clip, Clip) else clip
    path = file_of(clip)
    width, height = cards.ratio(view.size)
    return {
        "id": view.job_id,
        "src": path and notebook_src(path),
        "poster": view.poster,
        "prompt": one_line(view.prompt),
        "facts": " · ".join(cards.finished_facts(view)),
        "path": view.path,
        "width": width,
        "height": height,
        "details": {"Cost": amount(view)} | cards.details(view),
        "cells": cells_of(view),
    }


def film(name: str, path: Path, clips: Sequence[Clip], facts: str) -> dict[str, Any]:
    """What ``player`` shows of a file that clips were joined into; it can be continued as the last one."""
    where = shown_path(path)
    prompts = "\n".join(one_line(clip.prompt) for clip in clips)
    return shown(clips[0]) | {
        "id": name,
        "src": notebook_src(path),
        "prompt": f"Film of {len(clips)} shots",
        "facts": facts,
        "path": where,
        "details": {"File": where, "Jobs": " ".join(clip.job_id for clip in clips), "Shots": prompts},
        "cells": {label: cell for label, cell in cells_of(clips[-1].view).items() if label == "Continue"},
    }


def tile(view: JobView, clip: Clip | None = None) -> dict[str, Any]:
    """What ``jobTile`` in ``tile.js`` shows of a job: its state, then its clip, or why there is none."""
    ended = view.done and clip is None
    why = problem(view) if ended else None
    width, height = cards.ratio(view.size)
    return {
        "label": why.title if why else view.label,
        "mark": SHAPES.get(view.status, "●"),
        "tone": TONES.get(view.status, "busy"),
        "progress": view.progress,
        "elapsed": round(view.elapsed, 1),
        "running": not view.done,
        "amount": money(view),
        "advice": one_line(why.advice) if why else "",
        "width": width,
        "height": height,
        "clip": clip and shown(clip),
    }


def clip_of(job: Job) -> Clip | None:
    """The clip of a job that has ended with one."""
    return job.wait() if job.done() and job.error is None else None


def file_of(clip: Clip | JobView) -> Path | None:
    """The clip's file."""
    if isinstance(clip, Clip):
        return clip.path
    return notebook_dir() / clip.path if clip.path else None


def serve(widget: Any, find: Callable[[str], Path | None]) -> None:
    """Answer a player's questions about the clips of its widget: the bytes, and the file's frame rate.

    Args:
        widget: whose messages are listened to.
        find: the file of a clip that this widget shows, by the job's id; None: it shows no such clip.
    """

    def receive(_widget: object, content: Mapping[str, Any], _buffers: object) -> None:
        kind, clip = content.get("type"), str(content.get("clip"))
        if kind not in {"piece", "facts"}:
            return
        answer: dict[str, Any] = {name: content[name] for name in ("type", "clip", "at") if name in content}
        data: list[bytes] = []
        try:
            path = find(clip)
            if path is None:
                raise InvalidRequest("This clip is not shown here.")
            if kind == "piece":
                size, piece = _piece(path, int(content.get("at", 0)))
                answer |= {"size": size, "kind": mimetypes.guess_type(path.name)[0] or "video/mp4"}
                data = [piece]
            else:
                info = probe(path)
                answer |= {"fps": info.fps, "audio": info.audio is not None}
        except SoravidError as wrong:
            answer["error"] = str(wrong)
        except OSError:
            answer["error"] = "The clip's file is not there any more."
        widget.send(answer, data)

    widget.on_msg(receive)


def _piece(path: Path, at: int) -> tuple[int, bytes]:
    """The file's size and a piece of it from ``at`` on.

    Raises:
        InvalidRequest: the file is too large to travel.
    """
    size = path.stat().st_size
    if size > EMBED_LIMIT:
        raise InvalidRequest(
            f"This page cannot reach the file, and with {size / 1e6:.1f} MB it is too large to be sent.",
            hint=f"Open {path.name} in its folder.",
        )
    with path.open("rb") as file:
        file.seek(max(0, at))
        return size, file.read(PIECE)


def cells_of(view: JobView) -> dict[str, str]:
    """Cells that go on from a clip, where its model can: label to source."""
    model = catalog.find(view.model)
    can = model.abilities if model and not model.retired(datetime.now(UTC).date()) else frozenset()
    cells = {}
    if "remix" in can:
        cells["Remix"] = f"%%video --remix {view.job_id}\n{view.prompt}"
    if "image" in can:
        cells["Continue"] = (
            f'import soravid\n\nsoravid.continue_from(soravid.find_job("{view.job_id}"), "")'
            "  # what happens next"
        )
    return cells
