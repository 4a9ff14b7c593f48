"""What one call costs: processor time of the whole process, and wall time."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from functools import partial
from statistics import median

import openai

import soravid
from benchmarks.fresh import environment, provider
from benchmarks.report import Report, Row, in_turns, medians

ROUNDS, CALLS, CREATES = 15, 150, 20
CPU_TIMES = 1.3
MODEL = "sora-2"
PROMPT = "A red kite over a harbour at dawn"


def run() -> Report:
    """Measure status calls and creates, ours and openai's by turns, against one server."""
    report = Report("calls: one synchronous call, against a server in another process")
    # So many polls that the state never changes: a look that brings no news is what polling mostly is.
    with provider(polls_to_finish=100_000_000) as env, environment(env), warnings.catch_warnings():
        # openai's SDK says at each call that OpenAI closed the API.
        warnings.filterwarnings("ignore", message="The Sora API", category=DeprecationWarning)
        ours, theirs = soravid.Client(), openai.OpenAI()
        mine = ours.videos.create(PROMPT, f"openai/{MODEL}")
        other = theirs.videos.create(prompt=PROMPT, model=MODEL)
        status: dict[str, Callable[[], object]] = {
            "Client().videos.retrieve": lambda: ours.videos.retrieve(mine.id),
            "video_status": lambda: soravid.video_status(mine.id),
            "openai": lambda: theirs.videos.retrieve(other.id),
        }
        create: dict[str, Callable[[], object]] = {
            "video_generation": lambda: soravid.video_generation(PROMPT, f"openai/{MODEL}"),
            "openai": lambda: theirs.videos.create(prompt=PROMPT, model=MODEL),
        }
        for calls, many, times in ((status, CALLS, CPU_TIMES), (create, CREATES, None)):
            report.rows += _compare(calls, many, times)
    return report


def _compare(calls: dict[str, Callable[[], object]], many: int, times: float | None) -> list[Row]:
    blocks = {name: partial(_block, call, many) for name, call in calls.items()}
    in_turns(blocks, 2)  # warm: connections open, caches filled
    figures = {name: medians(samples) for name, samples in in_turns(blocks, ROUNDS).items()}
    cpu, wall = figures.pop("openai")
    rows = []
    for name, (our_cpu, our_wall) in figures.items():
        rows.append(Row(f"{name}, CPU", our_cpu, "ms", ("openai", cpu), times=times))
        rows.append(Row(f"{name}, wall p50", our_wall, "ms", ("openai", wall)))
    return rows


def _block(call: Callable[[], object], many: int) -> tuple[float, float]:
    """Milliseconds of processor time a call, and the median of their wall times."""
    walls = []
    begin = time.process_time()
    for _ in range(many):
        start = time.perf_counter()
        call()
        walls.append(time.perf_counter() - start)
    return (time.process_time() - begin) / many * 1000, median(walls) * 1000
