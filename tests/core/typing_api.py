"""What a type checker sees of the public names. Never run: `test_typing.py` has it checked."""

from __future__ import annotations

from collections.abc import Coroutine
from decimal import Decimal
from pathlib import Path
from typing import Any, assert_type

import soravid
from soravid.batches import Batch, Item
from soravid.session import Estimate
from soravid.types import VideoDeleted, VideoList


def functions() -> None:
    assert_type(soravid.video_generation("a kite"), soravid.Video)
    assert_type(soravid.video_generation(model="openai/sora-2", prompt="a kite", seconds="8"), soravid.Video)
    assert_type(soravid.video_generation("a kite", user="u", max_cost=Decimal(1), reuse=True), soravid.Video)
    assert_type(soravid.video_status(video_id="v", model="openai/sora-2"), soravid.Video)
    assert_type(soravid.video_remix(prompt="p", model="m", input_reference=b"", seconds="8"), soravid.Video)
    assert_type(soravid.video_edit("p", "v"), soravid.Video)
    assert_type(soravid.video_extension("p", "v", 4), soravid.Video)
    assert_type(soravid.video_list("openai/sora-2", limit=2), list[soravid.Video])
    assert_type(soravid.video_delete("v"), VideoDeleted)


def documented() -> None:
    """The page's own lines: bytes are written to a file."""
    with Path("generated_video.mp4").open("wb") as file:
        file.write(soravid.video_retrieval(video_id="v", model="openai/sora-2"))
    assert_type(soravid.video_retrieval("v", file="clip.mp4"), None)


async def async_functions() -> None:
    assert_type(await soravid.avideo_generation("a kite", seconds=8), soravid.Video)
    assert_type(await soravid.avideo_status("v"), soravid.Video)
    assert_type(await soravid.avideo_retrieval("v"), bytes)
    assert_type(await soravid.avideo_list(), list[soravid.Video])
    later: Coroutine[Any, Any, soravid.Video] = soravid.avideo_status("v")
    assert_type(await later, soravid.Video)


def client() -> None:
    videos = soravid.Client(api_key="k", base_url="http://host/v1", timeout=5).videos
    assert_type(videos.create("a kite", "openai/sora-2", seconds=8), soravid.Video)
    assert_type(
        videos.create(prompt="a kite", idempotency_key="k", fallbacks=["azure/sora-2"]), soravid.Video
    )
    assert_type(videos.retrieve("v"), soravid.Video)
    assert_type(videos.list(limit=2), VideoList)
    assert_type(videos.delete("v"), VideoDeleted)
    assert_type(videos.remix("v", "p"), soravid.Video)
    assert_type(videos.download_content("v"), bytes)


async def async_client() -> None:
    videos = soravid.AsyncClient().videos
    assert_type(await videos.create("a kite"), soravid.Video)
    assert_type(await videos.edit("v", "p"), soravid.Video)
    assert_type(await videos.extend("v", "p", "4"), soravid.Video)
    assert_type(await videos.download_content("v"), bytes)


async def jobs() -> None:
    job = soravid.generate("a kite", model="local/animatic", seconds=4, reuse=True)
    assert_type(job, soravid.Job)
    assert_type(await job, soravid.Clip)
    assert_type(job.wait(timeout=5), soravid.Clip)
    assert_type(job.path, Path)
    assert_type(job.cost, Decimal | None)
    assert_type(job.error, soravid.SoravidError | None)
    assert_type(soravid.jobs(), list[soravid.Job])
    assert_type(soravid.find_job("job_1"), soravid.Job)
    assert_type(soravid.estimate("a kite"), Estimate)


async def batches(jobs: list[soravid.Job]) -> None:
    batch = soravid.map(["a kite", {"prompt": "a fox", "seconds": 8}], model="local/animatic", reuse=True)
    assert_type(batch, Batch)
    assert_type(batch.clips, list[soravid.Clip])
    assert_type(batch.cost, Decimal | None)
    assert_type([item async for item in batch], list[Item])
    assert_type(await batch, Batch)
    assert_type(await soravid.amap(["a kite"], seconds=4), Batch)
    assert_type([job async for job in soravid.as_completed(jobs)], list[soravid.Job])
    assert_type(list(soravid.as_completed(jobs)), list[soravid.Job])


def wrong() -> None:
    """Each of these is an error to a type checker, so that the comment is needed."""
    soravid.video_generation("a kite", secnds="8")  # type: ignore[call-arg]
    soravid.video_generation(5)  # type: ignore[arg-type]
    soravid.generate("a kite", operation="remiks")  # type: ignore[arg-type]
    soravid.map(["a kite"], secnds=8)  # type: ignore[call-arg]
    soravid.video_status()  # type: ignore[call-arg]
    soravid.Client(key="k")  # type: ignore[call-arg]
