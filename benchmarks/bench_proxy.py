"""Our proxy beside LiteLLM's, before the same fake provider: requests, memory, a clip passed on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from statistics import median
from typing import Any

import httpx2

from benchmarks.fresh import KEY, provider, upstream
from benchmarks.litellm_peer import litellm
from benchmarks.load import Load
from benchmarks.probe import forget_peak, peak_mb, processor_s, rss_mb
from benchmarks.proxies import Proxy, litellms, ours
from benchmarks.report import Report, Row, in_turns

ROUNDS, SECONDS = 3, 3.0
AT_ONCE = 50
SIZE = 200 << 20
TIMES = 10
START, REST = 2.0, 120.0
FIRST_BYTE, ONE, FOUR, SPEED, HEALTH = 0.1, 15.0, 40.0, 300.0, 100.0

_PROMPT = {"model": "plain", "prompt": "A red kite over a harbour at dawn", "seconds": "4"}
_BOUNDARY = "soravid-form"
_FORM = "".join(
    f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
    for name, value in _PROMPT.items()
)
_JSON = '{"model": "plain", "prompt": "A red kite over a harbour at dawn", "seconds": "4"}'
_LOADS = {
    "create, JSON": ("application/json", _JSON),
    "create, form": (f"multipart/form-data; boundary={_BOUNDARY}", f"{_FORM}--{_BOUNDARY}--\r\n"),
    "status": (None, ""),
}
Figures = dict[str, float]
Start = Callable[[dict[str, str]], AbstractContextManager[Proxy]]


def run() -> Report:
    """Let both answer the same by turns, each round in a new process."""
    report = Report("proxy: beside LiteLLM's, before a provider in another process")
    python, why_not = litellm("proxy")
    sides: dict[str, Start] = {"soravid": ours}
    if python:
        sides["litellm"] = partial(litellms, python)
    else:
        report.notes.append(why_not)
    with upstream() as env:
        here = {"plain": env["OPENAI_BASE_URL"].removesuffix("/v1")}
        rounds = in_turns({name: partial(_asked, start, here) for name, start in sides.items()}, ROUNDS)
    with provider(polls_to_finish=1) as small, provider(polls_to_finish=1, content_size=SIZE) as large:
        both = {
            name: env["OPENAI_BASE_URL"].removesuffix("/v1")
            for name, env in (("small", small), ("large", large))
        }
        # A clip of this provider's is ready at once, so it is looked for at once.
        sides["soravid"] = partial(ours, env={"SORAVID_POLL_SECONDS": "0.1"})
        clips = in_turns({name: partial(_fetched, start, both) for name, start in sides.items()}, ROUNDS)
    figures = {name: _medians(rounds[name]) | _medians(clips[name]) for name in sides}
    report.rows += _rows(figures["soravid"], figures.get("litellm", {}))
    report.notes += [
        "Ours is asked with a virtual key that has a budget in the journal; LiteLLM's with its master key.",
        "A status is answered here from memory, while the watcher asks the provider; LiteLLM asks each time.",
        "A clip counts from its create to its last byte: ours is first brought to the media store, whole.",
    ]
    return report


# --- many small requests -------------------------------------------------------------------------------


def _asked(start: Start, models: dict[str, str]) -> Figures:
    with start(models) as proxy:
        time.sleep(1)
        found = {"start": proxy.started, "rest": rss_mb(proxy.process)}
        with proxy.client() as client:
            video_id = client.post("/videos", json=_PROMPT).raise_for_status().json()["id"]
        for name, (kind, body) in _LOADS.items():
            for at_once in (1, AT_ONCE):
                told = _request(proxy, video_id, kind, body) | {"at_once": at_once}
                Load(**told, seconds=1.0).end()
                before = processor_s(proxy.process)
                rate, p50, p99, _ = Load(**told, seconds=SECONDS).end()
                cpu = 1000 * (processor_s(proxy.process) - before) / (rate * SECONDS)
                measured = {"rate": rate, "p50": p50, "p99": p99, "cpu": cpu}
                found |= {f"{name} {at_once} {what}": value for what, value in measured.items()}
    return found


def _request(proxy: Proxy, video_id: str, kind: str | None, body: str) -> dict[str, Any]:
    if kind is None:
        return {"url": f"{proxy.url}/v1/videos/{video_id}", "headers": proxy.headers}
    headers = proxy.headers | {"content-type": kind}
    return {"url": f"{proxy.url}/v1/videos", "method": "POST", "headers": headers, "body": body}


# --- a large clip --------------------------------------------------------------------------------------


def _fetched(start: Start, models: dict[str, str]) -> Figures:
    with start(models) as proxy:
        _through(proxy, "small", 1)  # what is loaded at a first clip counts as none of it
        found: Figures = {}
        for count in (1, 4):
            health = Load(f"{proxy.url}/health/liveliness", seconds=600)
            grown, took, first, whole = _through(proxy, "large", count)
            found |= {f"grown {count}": grown, f"took {count}": took, f"health {count}": health.enough()[3]}
            if count == 1:
                found |= {"first": first, "speed": SIZE / (1 << 20) / whole}
    direct = _direct(models["large"])
    return found | {"late": found.pop("first") - direct}


def _through(proxy: Proxy, model: str, count: int) -> tuple[float, float, float, float]:
    """Make clips and fetch the first so many times at once.

    Returns how far memory grew (MB), seconds from the create, to the first byte and to the last.
    """
    forget_peak(proxy.process)
    before, begin = rss_mb(proxy.process), time.perf_counter()
    with proxy.client() as client:
        made = [client.post("/videos", json=_PROMPT | {"model": model}) for _ in range(count)]
        ids = [answer.raise_for_status().json()["id"] for answer in made]
        while not all(_is_ready(client, each) for each in ids):
            time.sleep(0.05)
    loads = [Load(f"{proxy.url}/v1/videos/{each}/content", headers=proxy.headers, clips=1) for each in ids]
    ends = [load.end() for load in loads]
    took = time.perf_counter() - begin
    first, whole = (max(end[column] for end in ends) for column in (0, 1))
    return peak_mb(proxy.process) - before, took, first, whole


def _is_ready(client: httpx2.Client, video_id: str) -> bool:
    video = client.get(f"/videos/{video_id}").raise_for_status().json()
    if video["status"] == "failed":
        raise RuntimeError(f"A clip was not made: {video['error']}")
    return bool(video["status"] == "completed")


def _direct(address: str) -> float:
    """Seconds to the first byte of a clip from the provider itself."""
    headers = {"authorization": f"Bearer {KEY}"}
    with httpx2.Client(base_url=f"{address}/v1", headers=headers) as client:
        fields = {"prompt": _PROMPT["prompt"], "model": "sora-2"}
        video_id = client.post("/videos", json=fields).raise_for_status().json()["id"]
        while not _is_ready(client, video_id):
            pass
    return Load(f"{address}/v1/videos/{video_id}/content", headers=headers, clips=1).end()[0]


# --- the table -----------------------------------------------------------------------------------------


def _medians(rounds: Sequence[Figures]) -> Figures:
    return {name: median(each[name] for each in rounds) for name in rounds[0]}


def _rows(mine: Figures, theirs: Figures) -> list[Row]:
    def row(what: str, name: str, unit: str, **targets: Any) -> Row:
        peer = ("litellm", theirs[name]) if name in theirs else None
        return Row(what, mine[name], unit, peer, **targets)

    rows = []
    for load in _LOADS:
        for at_once in (1, AT_ONCE):
            what, name = f"{load}, {at_once} in flight", f"{load} {at_once}"
            rows.append(row(what, f"{name} rate", "req/s", times=TIMES, more=True))
            rows.append(row(f"{what}, p50", f"{name} p50", "ms"))
            most = 1 / TIMES if at_once == AT_ONCE else None
            rows.append(row(f"{what}, p99", f"{name} p99", "ms", times=most))
            rows.append(row(f"{what}, CPU", f"{name} cpu", "ms"))
    return [
        *rows,
        row("start until ready", "start", "s", below=START),
        row("memory at rest", "rest", "MB", below=REST),
        row("200 MiB, first byte after the provider's", "late", "s", below=FIRST_BYTE),
        row("200 MiB, read through", "speed", "MiB/s", below=SPEED, more=True),
        row("200 MiB, from its create to its last byte", "took 1", "s"),
        row("200 MiB, memory grown", "grown 1", "MB", below=ONE),
        row("4 x 200 MiB at once, memory grown", "grown 4", "MB", below=FOUR),
        row("200 MiB, slowest health answer meanwhile", "health 1", "ms", below=HEALTH),
        row("4 x 200 MiB, slowest health answer meanwhile", "health 4", "ms", below=HEALTH),
    ]
