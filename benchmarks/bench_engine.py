"""How long the local engine takes for a 4 s clip of 1280x720, and how much memory for 4 s and for 60 s.

Beside it, in the same run, runs the plainest honest peer: one process that writes the prompt on a flat ground
with Pillow, as many frames of the same size, and encodes them with PyAV's default H.264. The engine's time is
from POST to ``completed`` as a client sees it, with its process's start, the thumbnail and the spritesheet.

    python benchmarks/bench_engine.py
"""

from __future__ import annotations

import asyncio
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx2

from soravid.engine import create_app

PROMPT = "A red kite over a harbour at dawn, slow pan left"
ROUNDS = 5

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


async def draw(home: Path, seconds: int, size: str) -> tuple[float, int]:
    """Return the wall seconds of one clip by a new engine, and its worker's peak memory in MB."""
    app: Any = create_app(home)
    started = time.perf_counter()
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url="http://engine/v1"
    ) as http:
        fields = {"prompt": PROMPT, "seconds": seconds, "size": size}
        video = (await http.post("/videos", json=fields)).raise_for_status().json()
        while video["status"] in ("queued", "in_progress"):
            await asyncio.sleep(0.05)
            video = (await http.get(f"/videos/{video['id']}")).json()
    wall = time.perf_counter() - started
    if video["status"] != "completed":
        raise SystemExit(video["error"])
    app.state.engine.close()
    return wall, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


def naive(folder: Path) -> float:
    """Return the wall seconds of the peer."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", _NAIVE, str(folder / "naive.mp4")], check=True)
    return time.perf_counter() - started


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Peaks of children only grow, so the short clip is measured before the long one and the peer.
        _, short = asyncio.run(draw(folder / "short", 4, "1280x720"))
        _, long = asyncio.run(draw(folder / "long", 60, "1280x720"))
        pairs = [(asyncio.run(draw(folder / str(n), 4, "1280x720"))[0], naive(folder)) for n in range(ROUNDS)]
        engine, peer = ([pair[side] for pair in pairs] for side in (0, 1))
        ratio = statistics.median(engine) / statistics.median(peer)
        machine = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
        print(f"4 s 1280x720, 24 fps, median of {ROUNDS}; {machine}")
        print(f"  soravid.engine   {statistics.median(engine):5.2f} s  (best {min(engine):.2f} s)")
        print(f"  naive generator  {statistics.median(peer):5.2f} s  (best {min(peer):.2f} s)")
        print(f"  ratio            {ratio:5.2f}")
        print(f"Peak memory of the drawing process: {short} MB for 4 s, {long} MB for 60 s")


if __name__ == "__main__":
    main()
