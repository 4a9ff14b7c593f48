"""Make a clip of each line of a file: ``python dbos_batch.py PROMPTS MODEL FOLDER``.

Killed and started again it goes on where it was, and nothing is made or paid for twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
from collections import Counter
from pathlib import Path

import httpx2
from dbos import DBOS, DBOSConfig, SetWorkflowID

QUEUE = "clips"
AT_ONCE = 100
"""Clips that one worker has under way."""

KEY = {"Authorization": f"Bearer {os.environ['SORAVID_API_KEY']}"}
proxy = httpx2.AsyncClient(base_url=os.environ["SORAVID_PROXY_URL"], headers=KEY, timeout=90)
files = httpx2.Client(base_url=os.environ["SORAVID_PROXY_URL"], headers=KEY, timeout=90)


class Refused(Exception):
    """It would be refused again: a guardrail, an empty budget."""


class Busy(Exception):
    """It may go well in a moment: a rate limit, a provider that is down."""


def good(answer: httpx2.Response) -> httpx2.Response:
    """The answer, unless it tells of a mistake."""
    if answer.is_success:
        return answer
    message = json.loads(answer.read())["error"]["message"]
    passes = answer.status_code == 429 or answer.status_code >= 500
    raise (Busy if passes and answer.headers.get("x-should-retry") != "false" else Refused)(message)


def may_pass(wrong: BaseException) -> bool:
    """Whether a step is tried again; a connection is also refused by a replica that restarts."""
    return isinstance(wrong, Busy | httpx2.TransportError)


step = DBOS.step(retries_allowed=True, max_attempts=10, should_retry=may_pass)


@step
async def create(prompt: str, model: str) -> str:
    """The id of the job. Whoever asks again with the same key gets the same job."""
    once = {"Idempotency-Key": str(DBOS.workflow_id)}
    wanted = {"prompt": prompt, "model": model}
    return str(good(await proxy.post("/v1/videos", json=wanted, headers=once)).json()["id"])


@step
async def ended(video_id: str) -> str:
    """How the job has ended. However many looks that takes, it is one step."""
    while True:
        answer = good(await proxy.get(f"/v1/videos/{video_id}"))
        if (status := answer.json()["status"]) in {"completed", "failed"}:
            return str(status)
        await asyncio.sleep(int(answer.headers["openai-poll-after-ms"]) / 1000)


@step
async def save(video_id: str, path: str) -> None:
    """Put the clip where it belongs, whole or not at all."""
    await asyncio.to_thread(_save, video_id, Path(path))


def _save(video_id: str, path: Path) -> None:
    part = path.with_suffix(".part")
    with files.stream("GET", f"/v1/videos/{video_id}/content") as answer, part.open("wb") as file:
        for chunk in good(answer).iter_bytes():
            file.write(chunk)
    part.replace(path)


@DBOS.workflow()
async def make(prompt: str, model: str, path: str) -> str:
    """One clip, from its prompt to its file. A step that has been done is not done again."""
    video_id = await create(prompt, model)
    status = await ended(video_id)
    if status == "completed":
        await save(video_id, path)
    return status


async def batch(prompts: list[str], model: str, folder: Path) -> Counter[str]:
    """Queue every prompt that is not queued yet, and wait for all; counts how they have ended."""
    handles, states = [], Counter[str]()
    for prompt in prompts:
        name = hashlib.sha256(f"{folder.name}\n{model}\n{prompt}".encode()).hexdigest()[:16]
        with SetWorkflowID(f"{folder.name}-{name}"):
            path = str(folder / f"{name}.mp4")
            handles.append(await DBOS.enqueue_workflow_async(QUEUE, make, prompt, model, path))
    for handle in handles:
        try:
            states[await handle.get_result()] += 1
        except Exception as wrong:
            states[str(wrong)] += 1
    return states


async def work(prompts: list[str], model: str, folder: Path) -> None:
    """Start a worker, have it make the batch, and say how that has ended."""
    config: DBOSConfig = {
        "name": "clips",
        "system_database_url": os.environ["DATABASE_URL"],
        "executor_id": os.environ.get("WORKER", "worker-1"),
        "application_version": "1",
        "log_level": "WARNING",
    }
    DBOS(config=config)
    DBOS.launch()
    await DBOS.register_queue_async(QUEUE, worker_concurrency=AT_ONCE)
    for state, count in (await batch(prompts, model, folder)).items():
        sys.stdout.write(f"{count} of {len(prompts)}: {state}\n")
    DBOS.destroy()


def main(file: str, model: str, folder: str) -> None:
    """Read what is wanted, and make it."""
    clips = Path(folder).resolve()
    clips.mkdir(parents=True, exist_ok=True)
    prompts = dict.fromkeys(Path(file).read_text(encoding="utf-8").splitlines())
    asyncio.run(work(list(prompts), model, clips))


if __name__ == "__main__":
    main(*sys.argv[1:4])
