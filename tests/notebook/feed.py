"""A job that plays a script instead of a provider: cells of the tests import it to feed an output."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from soravid import cards
from soravid.media.links import notebook_src
from soravid.notebook.live import LiveOutput
from soravid.views import JobView, Problem

KITE = "A red kite over a harbour at dawn, slow pan left"
REFUSED = Problem(
    "Refused by the provider's safety check",
    "The prompt was not accepted. Rephrase it and run the cell again.",
    "gemini: completed without a video",
)


def make_clip(path: str, size: tuple[int, int] = (640, 360), seconds: float = 2.0) -> str:
    """Write a small real H.264 clip, with its index in front, and return its path."""
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    width, height = size
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    with av.open(str(file), "w", options={"movflags": "+faststart"}) as out:
        stream: Any = out.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = Fraction(1, 24)
        for k in range(int(24 * seconds)):
            sky = np.stack(
                [40 + 150 * down / height, 70 + 90 * down / height, 130 - 30 * down / height], axis=2
            )
            x, y = width * (0.75 - 0.2 * k / 24 / seconds), height * 0.4
            sky[np.abs(across - x) + np.abs(down - y) < height / 8] = (205, 60, 50)
            sky[down > height * 0.8] = (28, 44, 66)
            for packet in stream.encode(av.VideoFrame.from_ndarray(sky.astype(np.uint8), format="rgb24")):
                out.mux(packet)
        for packet in stream.encode():
            out.mux(packet)
    return path


def view(**changes: Any) -> JobView:
    """A job that has just begun, with changes."""
    start = JobView(
        job_id="vid_7f3c21",
        model="gemini/gemini-omni-1.2-flash",
        prompt=KITE,
        status="in_progress",
        started_at=time.time(),
        seconds="8",
        size="1280x720",
        held=800_000_000,
        details={"Seed": "42", "Provider's id": "operations/ab12cd34"},
    )
    return replace(start, **changes)


class Feed:
    """Feeds one output from a thread: ``progress`` values, one each ``every`` seconds, then the end."""

    def __init__(
        self,
        progress: Iterable[int | None],
        *,
        every: float = 0.2,
        path: str | None = None,
        on_cancel: Callable[[str], object] | None = None,
        **changes: Any,
    ) -> None:
        self.view = view(**changes)
        self.cancelled = threading.Event()
        self._progress = list(progress)
        self._every = every
        self._path = path
        self.output = LiveOutput(self.view, on_cancel or (lambda _job: self.cancelled.set()))
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        for progress in self._progress:
            if self.cancelled.wait(self._every):
                ended = replace(self.view, status="cancelled", finished_at=time.time(), cost=0)
                self.output.finish(cards.failed_html(ended), cards.failed_text(ended))
                return
            self.view = replace(self.view, progress=progress)
            self.output.update(self.view)
        if self._path is not None:
            done = replace(
                self.view, status="completed", finished_at=time.time(), cost=800_000_000, path=self._path
            )
            src = notebook_src(Path(self._path)) or ""
            self.output.finish(cards.finished_html(done, src), cards.finished_text(done))
