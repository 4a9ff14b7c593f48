"""The drawing process: reads jobs as JSON lines on stdin, draws them, says how it goes on stdout.

It ends when its stdin does, so it never outlives the process that started it.
"""

from __future__ import annotations

import gc
import json
import os
import queue
import signal
import sys
import threading
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from soravid.engine.locks import FileLock
from soravid.engine.store import CONTENT, Request

_REST = 60  # seconds without a job after which a warm worker goes
# One: a second one waits for the interpreter's lock more than it paints; the encoder has the other core.
_PAINTERS = 1
_AHEAD = 3  # frames painted before the encoder takes them; bounds the memory


def main() -> None:
    """Draw the jobs that come in on stdin, until it ends or nothing has come for a minute."""
    # The interrupt of a notebook cell is not for us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = os.getppid()
    with suppress(AttributeError, OSError):
        os.nice(5)
    jobs: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=_listen, args=(jobs,), daemon=True).start()
    while True:
        try:
            job = jobs.get(timeout=_REST)
        except queue.Empty:
            return
        try:
            draw(Request.from_json(job["request"]), Path(job["folder"]), parent)
        except Exception as error:
            _say(event="failed", message=f"The clip could not be drawn: {type(error).__name__}: {error}")
        else:
            _say(event="done")
        # The finished clip's planes are large, and caches in a circle with them: do not rest on them.
        gc.collect()


def _listen(jobs: queue.Queue[dict[str, Any]]) -> None:
    for line in sys.stdin.buffer:
        jobs.put(json.loads(line))
    # Not sys.exit: that would end this thread and leave the drawing.
    os._exit(0)


def _say(**event: Any) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def draw(request: Request, folder: Path, parent: int) -> None:
    """Draw a clip into its folder for the process `parent`, saying how many frames are encoded.

    Raises:
        TimeoutError: another process draws the same clip.
    """
    # Imported here: the process is listening before these are loaded, and is killed cleanly while they are.
    from soravid.engine.canvas import Canvas
    from soravid.engine.encode import ClipWriter, Pictures
    from soravid.engine.storyboard import Planes, Storyboard

    # The owner of a job died a moment ago: its worker has this lock until it has noticed.
    lock = FileLock(folder / "drawing.lock")
    lock.acquire(timeout=10)
    started, told = time.monotonic(), 0.0
    try:
        board = Storyboard(request, folder)
        local = threading.local()

        def paint(number: int) -> Planes:
            if not hasattr(local, "canvas"):
                local.canvas = Canvas(board.frame)
            return board.draw(number, local.canvas)

        partial = folder / "clip.part.mp4"
        pictures = Pictures(board.frames, request.width, request.height, board.poster)
        title = " ".join(request.prompt.split())[:200]
        with (
            ThreadPoolExecutor(_PAINTERS) as painters,
            ClipWriter(partial, request.width, request.height, request.fps, title) as clip,
        ):
            ahead: deque[Future[Planes]] = deque()
            for number in range(board.frames):
                while len(ahead) < _AHEAD and number + len(ahead) < board.frames:
                    ahead.append(painters.submit(paint, number + len(ahead)))
                frame = clip.write(number, ahead.popleft().result(), cut=number in board.cuts)
                pictures.take(number, frame)
                _wait(started + request.pace * (number + 1) / request.fps)
                if os.getppid() != parent:
                    # Its end of our stdin may live on in a process that it forked.
                    os._exit(0)
                if time.monotonic() - told > 0.04:
                    told = time.monotonic()
                    _say(event="progress", frames=number + 1)
        pictures.save(folder / CONTENT["thumbnail"][0], folder / CONTENT["spritesheet"][0])
        partial.replace(folder / CONTENT["video"][0])
    finally:
        lock.release()


def _wait(until: float) -> None:
    left = until - time.monotonic()
    if left > 0:
        time.sleep(left)


if __name__ == "__main__":
    main()
