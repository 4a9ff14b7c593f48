"""What it costs to bring a large clip to disk: memory and speed."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

from benchmarks.fresh import interpreter, provider
from benchmarks.litellm_peer import ENV, litellm
from benchmarks.report import Report, Row, in_turns, medians

SIZE = 200 * 1024 * 1024
ROUNDS = 5
MEGABYTES = 10.0

# Each makes a clip, polls it to its end, and so has everything imported and connected before it is measured.
_OURS = """
from soravid import video_generation, video_retrieval, video_status
video = video_generation("A red kite", model="openai/sora-2").id
while video_status(video).status != "completed":
    pass
def download(file):
    video_retrieval(video, file=file)
"""
_OPENAI = """
import openai
videos = openai.OpenAI().videos
video = videos.create(prompt="A red kite", model="sora-2").id
while videos.retrieve(video).status != "completed":
    pass
def download(file):
    with videos.with_streaming_response.download_content(video) as answer:
        answer.stream_to_file(file)
"""
_LITELLM = """
import os, litellm
there = {"api_base": os.environ["OPENAI_BASE_URL"], "custom_llm_provider": "openai"}
video = litellm.video_generation(prompt="A red kite", model="openai/sora-2", api_base=there["api_base"]).id
while litellm.video_status(video, **there).status != "completed":
    pass
def download(file):
    content = litellm.video_content(video, **there)
    with open(file, "wb") as out:
        out.write(content)
"""
_MEASURED = """
import os, time
{script}
from benchmarks.probe import forget_peak, peak_mb, rss_mb
file = os.environ["SORAVID_BENCH_FILE"]
forget_peak()
before = rss_mb()
begin, processor = time.perf_counter(), time.process_time()
download(file)
took, processor = time.perf_counter() - begin, time.process_time() - processor
grown = peak_mb() - before
assert os.path.getsize(file) == {size}, os.path.getsize(file)
os.remove(file)
print(grown, {size} / 1e6 / took, processor)
"""


def run() -> Report:
    """Download the same size with each, by turns."""
    report = Report(f"download: a clip of {SIZE >> 20} MiB to a file")
    python, why_not = litellm()
    if why_not:
        report.notes.append(why_not)
    with provider(polls_to_finish=1, content_size=SIZE) as env, tempfile.TemporaryDirectory() as folder:
        env["SORAVID_BENCH_FILE"] = str(Path(folder) / "clip.mp4")
        ours, theirs, others = (_MEASURED.format(script=s, size=SIZE) for s in (_OURS, _OPENAI, _LITELLM))
        sides = {
            "soravid": partial(interpreter, ours, env=env),
            "openai": partial(interpreter, theirs, env=env),
        }
        if python:
            sides["litellm"] = partial(interpreter, others, python=python, env={**env, **ENV})
        figures = {name: medians(samples) for name, samples in in_turns(sides, ROUNDS).items()}
    ours_figures = figures.pop("soravid")
    measures = (
        ("memory grown", "MB", MEGABYTES),
        ("speed (more is better)", "MB/s", None),
        ("CPU", "s", None),
    )
    for column, (what, unit, limit) in enumerate(measures):
        for name, peer in figures.items():
            target = limit if name == "openai" else None
            row = Row(what, ours_figures[column], unit, (name, peer[column]), below=target)
            report.rows.append(row)
    report.notes.append(
        "Ours is checked, synced to the disk and renamed when whole; the peers' only written."
    )
    return report
