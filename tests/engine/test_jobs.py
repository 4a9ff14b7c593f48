"""Jobs survive their process, are drawn once, wait their turn, stop when deleted, in constant memory."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx2
import pytest

from soravid.engine import create_app
from soravid.engine.locks import FileLock
from soravid.engine.store import Request
from soravid.engine.workers import Worker

from .conftest import Json, Served

_OTHER = """
    import asyncio, sys, time
    from pathlib import Path
    import httpx2
    from soravid.engine import create_app

    async def main():
        transport = httpx2.ASGITransport(app=create_app(Path(sys.argv[1])))
        async with httpx2.AsyncClient(transport=transport, base_url="http://engine") as http:
            fields = {"prompt": "A kite", "size": "64x64", "seconds": 2, "pace": float(sys.argv[2])}
            video = (await http.post("/videos", json=fields)).json()
            while video["progress"] < 2:
                await asyncio.sleep(0.02)
                video = (await http.get("/videos/" + video["id"])).json()
            print(video["id"], flush=True)
            time.sleep(60)

    asyncio.run(main())
"""


@pytest.fixture
def other(tmp_path: Path) -> Any:
    """Start another process which draws a clip at some pace, and return it with the clip's id."""
    started: list[subprocess.Popen[str]] = []

    def start(home: Path, pace: float) -> tuple[subprocess.Popen[str], str]:
        script = tmp_path / "other.py"
        script.write_text(textwrap.dedent(_OTHER))
        root = str(Path(__file__).parents[2])
        process = subprocess.Popen(
            [sys.executable, str(script), str(home), str(pace)],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": root},
        )
        started.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_a_job_whose_process_was_killed_is_drawn_again_under_its_id(
    serve: Callable[..., Served], other: Any, tmp_path: Path
) -> None:
    process, video_id = other(tmp_path / "home", 1.0)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    engine = serve(tmp_path / "home")
    assert engine.get(video_id)["status"] == "queued"
    done = engine.wait(video_id)
    assert (done["id"], done["status"], done["progress"]) == (video_id, "completed", 100)
    assert engine.content(video_id)[4:8] == b"ftyp"


def test_two_processes_never_draw_the_same_job(
    serve: Callable[..., Served], other: Any, tmp_path: Path
) -> None:
    _, video_id = other(tmp_path / "home", 1.0)
    engine = serve(tmp_path / "home")
    seen: set[int] = set()

    def completed(video: Json) -> bool:
        seen.add(video["progress"])
        return bool(video["status"] == "completed")

    engine.wait(video_id, completed)
    # Its progress was read from the owner's file, and this process started nothing.
    assert len(seen) > 2
    assert engine.app.state.engine._scheduler._tasks == {}
    assert engine.app.state.engine._scheduler._pool._resting == []
    assert engine.content(video_id)[4:8] == b"ftyp"


def test_the_drawing_ends_when_its_parent_dies(other: Any, tmp_path: Path) -> None:
    process, video_id = other(tmp_path / "home", 20.0)
    lock = FileLock(tmp_path / "home" / video_id / "drawing.lock")
    assert not lock.try_acquire()
    process.kill()
    process.wait()
    lock.acquire(timeout=5)  # the worker held it for as long as it lived
    lock.release()


def test_only_so_many_are_drawn_at_once(serve: Callable[..., Served]) -> None:
    engine = serve(parallel=2)
    ids = [engine.create(pace=0.5, size="64x64")["id"] for _ in range(5)]
    order: list[str] = []
    most = 0
    while len(order) < 5:
        videos = {video["id"]: video for video in engine.http.get("/videos").json()["data"]}
        most = max(most, sum(video["status"] == "in_progress" for video in videos.values()))
        order += [one for one in ids if one not in order and videos[one]["status"] == "completed"]
        time.sleep(0.03)
    assert most == 2
    assert set(order[:2]) == set(ids[:2])  # first come, first drawn
    assert order[4] == ids[4]


def test_progress_counts_frames(serve: Callable[..., Served]) -> None:
    engine = serve()
    video = engine.create(pace=2, size="64x64", seconds=1)
    assert (video["status"], video["progress"], video["completed_at"]) == ("queued", 0, None)
    seen: list[int] = []
    started = time.monotonic()

    def completed(now: Json) -> bool:
        seen.append(now["progress"])
        return bool(now["status"] == "completed")

    done = engine.wait(video["id"], completed)
    assert time.monotonic() - started > 1.9
    assert seen == sorted(seen)
    assert len(set(seen)) > 4
    assert seen[-1] == 100
    assert done["completed_at"] >= done["created_at"]


def test_deleting_a_running_job_stops_its_drawing(serve: Callable[..., Served]) -> None:
    engine = serve(parallel=1)
    running, queued = (engine.create(pace=20, size="64x64")["id"] for _ in range(2))
    engine.wait(running, lambda video: video["progress"] > 0)
    worker = engine.app.state.engine._scheduler._tasks[running].worker
    for video_id in (queued, running):
        answer = engine.http.delete(f"/videos/{video_id}")
        assert answer.json() == {"id": video_id, "object": "video.deleted", "deleted": True}
        assert engine.http.get(f"/videos/{video_id}").status_code == 404
    assert not worker.alive()
    assert not any(path.name.startswith(("video_", "deleted_")) for path in engine.home.iterdir())
    assert engine.make(size="64x64")["status"] == "completed"  # the next one has its place


def test_deleting_from_another_process_stops_the_drawing(
    serve: Callable[..., Served], other: Any, tmp_path: Path
) -> None:
    _, video_id = other(tmp_path / "home", 20.0)
    engine = serve(tmp_path / "home")
    assert engine.http.delete(f"/videos/{video_id}").status_code == 200
    time.sleep(0.6)
    assert engine.http.get(f"/videos/{video_id}").status_code == 404
    assert not (engine.home / video_id).exists()


def test_content_of_a_running_job_is_not_ready(serve: Callable[..., Served]) -> None:
    engine = serve()
    video = engine.create(pace=5, size="64x64")
    answer = engine.http.get(f"/videos/{video['id']}/content")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "content_not_ready")


def test_an_idempotency_key_makes_one_job(serve: Callable[..., Served], tmp_path: Path) -> None:
    engine = serve()
    fields = {"prompt": "A kite", "size": "64x64", "seconds": "1"}
    key = {"idempotency-key": "k1"}
    first = engine.http.post("/videos", json=fields, headers=key).json()
    # The same request, also in the other encoding and after a restart, is the same job.
    assert engine.http.post("/videos", data=fields, headers=key).status_code == 415
    form = {name: (None, value) for name, value in fields.items()}
    assert engine.http.post("/videos", files=form, headers=key).json()["id"] == first["id"]
    again = serve()
    assert again.http.post("/videos", json=fields, headers=key).json()["id"] == first["id"]
    conflict = again.http.post("/videos", json=fields | {"prompt": "A boat"}, headers=key)
    assert (conflict.status_code, conflict.json()["error"]["code"]) == (409, "idempotency_conflict")
    engine.wait(first["id"])
    remixes = {
        engine.http.post(
            f"/videos/{first['id']}/remix", json={"prompt": "b"}, headers={"idempotency-key": "k2"}
        ).json()["id"]
        for _ in range(3)
    }
    assert len(remixes) == 1
    assert len(engine.http.get("/videos").json()["data"]) == 2


def test_an_interrupted_drawing_process_fails_the_job_and_no_other(serve: Callable[..., Served]) -> None:
    engine = serve()
    video = engine.create(pace=20, size="64x64")
    engine.wait(video["id"], lambda now: now["progress"] > 0)
    os.kill(engine.app.state.engine._scheduler._tasks[video["id"]].worker.pid, signal.SIGKILL)
    failed = engine.wait(video["id"])
    assert (failed["status"], failed["error"]["code"]) == ("failed", "render_failed")
    assert engine.make(size="64x64")["status"] == "completed"


def test_the_engine_serves_from_any_event_loop(tmp_path: Path) -> None:
    app: Any = create_app(tmp_path)

    async def call(method: str, path: str, **options: Any) -> httpx2.Response:
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url="http://engine/v1"
        ) as http:
            return await http.request(method, path, **options)

    video = asyncio.run(call("POST", "/videos", json={"prompt": "a", "size": "64x64", "seconds": 1})).json()
    deadline = time.monotonic() + 30
    while video["status"] != "completed":
        assert time.monotonic() < deadline
        time.sleep(0.05)
        video = asyncio.run(call("GET", f"/videos/{video['id']}")).json()
    assert asyncio.run(call("GET", f"/videos/{video['id']}/content")).content[4:8] == b"ftyp"
    app.state.engine.close()


def test_the_loop_stays_free_while_clips_are_drawn(tmp_path: Path) -> None:
    app: Any = create_app(tmp_path)

    async def main() -> float:
        slowest = 0.0
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url="http://engine/v1"
        ) as http:
            made = (await http.post("/videos", json={"prompt": "a", "size": "640x360", "seconds": 2})).json()
            while made["status"] in ("queued", "in_progress"):
                started = time.thread_time()
                await asyncio.sleep(0)
                made = (await http.get(f"/videos/{made['id']}")).json()
                slowest = max(slowest, time.thread_time() - started)
                await asyncio.sleep(0.02)
        return slowest

    assert asyncio.run(main()) < 0.05
    app.state.engine.close()


def _peak(folder: Path, seconds: int) -> int:
    worker = Worker()
    request = Request("Sea. Cut to: a city. Cut to: hills", seconds=str(seconds), size="320x180")
    events = list(worker.run({"folder": str(folder), "request": asdict(request)}))
    assert events[-1]["event"] == "done", events[-1]
    status = Path(f"/proc/{worker.pid}/status").read_text()
    worker.kill()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux' peak of memory")
def test_memory_does_not_grow_with_the_clip(tmp_path: Path) -> None:
    short, long = _peak(tmp_path, 4), _peak(tmp_path, 40)
    assert long - short < 12, (short, long)
