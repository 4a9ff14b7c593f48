"""How long the local engine takes for a 4 s clip of 1280x720, and how much memory for 4 s and for 60 s.

Beside it, by turns, runs the plainest honest peer: one process that writes the prompt on a flat ground with
Pillow, as many frames of the same size, and encodes them with PyAV's default H.264. The engine's time is from
POST to ``completed`` as a client sees it, with its process's start, the thumbnail and the spritesheet.

    python -m benchmarks engine
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

import httpx2

from benchmarks.fresh import environment
from benchmarks.report import Report, Row, in_turns
from soravid.engine import create_app

PROMPT = "A red kite over a harbour at dawn, slow pan left"
ROUNDS = 5
SECONDS = 3.0
GROWTH = 1.1

_NAIVE = """
import sys
import av
from PIL import Image, ImageDraw, ImageFont
with av.open(sys.argv[1], "w") as file:
    stream = file.add_stream("libx264", rate=24)
    stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
    font = ImageFont.load_default(50)
    for number in range(96):
        image = Image.new("RGB", (1280, 720), (40, 60, 90))
        ImageDraw.Draw(image).text((64, 560), f"A red kite over a harbour {number}", font=font)
        file.mux(stream.encode(av.VideoFrame.from_image(image)))
    file.mux(stream.encode(None))
"""


async def _draw(home: Path, seconds: int) -> tuple[float, float, float]:
    app: Any = create_app(home)
    transport = httpx2.ASGITransport(app=app)
    begin = time.perf_counter()
    async with httpx2.AsyncClient(transport=transport, base_url="http://engine/v1") as http:
        fields = {"prompt": PROMPT, "seconds": seconds, "size": "1280x720"}
        video = (await http.post("/videos", json=fields)).raise_for_status().json()
        while video["status"] in ("queued", "in_progress"):
            await asyncio.sleep(0.05)
            video = (await http.get(f"/videos/{video['id']}")).json()
    wall = time.perf_counter() - begin
    if video["status"] != "completed":
        raise RuntimeError(video["error"])
    # At rest now, the worker can still be asked.
    peak, processor = _worker()
    app.state.engine.close()
    return wall, peak, processor


def _worker() -> tuple[float, float]:
    """Return the peak in MB and the CPU seconds of our child that draws.

    Not by `resource.getrusage`: its maximum for a child counts what the child's parent held when it forked.
    """
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if (
                int(fields[1]) != os.getpid()
                or b"soravid.engine.worker" not in (folder / "cmdline").read_bytes()
            ):
                continue
            status = (folder / "status").read_text()
            peak = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
            ticks = int(fields[11]) + int(fields[12])
            return int(peak) * 1024 / 1e6, ticks / os.sysconf("SC_CLK_TCK")
    raise RuntimeError("There is no worker to measure. (Memory is read from Linux's /proc.)")


def draw(seconds: int) -> tuple[float, float, float]:
    """Draw one clip with a new engine; return its wall seconds, its worker's peak in MB and CPU seconds."""
    with tempfile.TemporaryDirectory(prefix="soravid-bench-") as home:
        return asyncio.run(_draw(Path(home), seconds))


def naive() -> tuple[float, float, float]:
    """Return the wall seconds of the peer; the rest of it is not measured."""
    with tempfile.TemporaryDirectory(prefix="soravid-bench-") as folder:
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", _NAIVE, str(Path(folder) / "naive.mp4")], check=True)
        return time.perf_counter() - begin, 0.0, 0.0


def run() -> Report:
    """Draw by turns with the peer, then once the long clip."""
    report = Report("engine: a clip of 1280x720, 24 fps")
    # As installed: with the bytecode that pip writes. The first round writes it here, and is not counted.
    with (
        tempfile.TemporaryDirectory(prefix="soravid-bench-") as bytecode,
        environment({"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": bytecode}),
    ):
        draw(1)
        naive()
        samples = in_turns({"soravid": lambda: draw(4), "naive": naive}, ROUNDS)
        long = draw(60)
    walls, peaks, processor = zip(*samples["soravid"], strict=True)
    peers = [wall for wall, _, _ in samples["naive"]]
    peer = ("naive generator", median(peers))
    report.rows += [
        Row("4 s, POST to completed, cold worker", median(walls), "s", peer, below=SECONDS),
        Row("the best of them", min(walls), "s", ("naive generator", min(peers))),
        Row("CPU of the worker", median(processor), "s"),
        Row(
            "peak memory of the worker, 60 s (peer: 4 s)", long[1], "MB", ("4 s", median(peaks)), times=GROWTH
        ),
    ]
    report.notes.append(f"Median of {ROUNDS}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")
    return report
