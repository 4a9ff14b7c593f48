"""What it costs to load: time and peak memory in fresh interpreters."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from benchmarks.fresh import interpreter, provider
from benchmarks.litellm_peer import ENV, litellm
from benchmarks.report import Report, Row, in_turns, medians

ROUNDS = 5
SECONDS, MEGABYTES, OF_LITELLM = 0.25, 45.0, 0.1

_TIMED = """
import time
begin, processor = time.perf_counter(), time.process_time()
{script}
took, processor = time.perf_counter() - begin, time.process_time() - processor
from benchmarks.probe import peak_mb
print(took, processor, peak_mb())
"""

_LOADING = {
    "python": "pass",
    "import soravid": "import soravid",
    "from soravid import video_generation": "from soravid import video_generation",
    "openai": "import openai",
    "litellm": "import litellm",
}
_FIRST_CALL = {
    "soravid": """
from soravid import video_generation
video_generation("A red kite", model="openai/sora-2", seconds="4")
""",
    "openai": """
import openai
openai.OpenAI().videos.create(prompt="A red kite", model="sora-2", seconds="4")
""",
    "litellm": """
import litellm, os
litellm.video_generation(
    prompt="A red kite", model="openai/sora-2", seconds="4", api_base=os.environ["OPENAI_BASE_URL"]
)
""",
}


def run() -> Report:
    """Measure every import, then every first call."""
    report = Report("imports: the cost of loading, in a fresh interpreter")
    python, why_not = litellm()
    if why_not:
        report.notes.append(why_not)
    loading = _measure(_LOADING, python, {})
    with provider() as env:
        first = _measure(_FIRST_CALL, python, env)

    for name in ("import soravid", "from soravid import video_generation"):
        report.rows += _rows(name, loading, name, limits=(SECONDS, None, MEGABYTES))
    report.rows += _rows("import and first create", first, "soravid", limits=(None, None, None))
    report.notes.append(f"Python alone peaks at {loading['python'][2]:.0f} MB.")
    report.notes.append("Wall time is honest on an idle machine only; CPU is what it would be there.")
    return report


def _measure(
    scripts: dict[str, str], litellm_python: Path | None, env: dict[str, str]
) -> dict[str, list[float]]:
    """Median (wall, CPU, MB) of each script, the scripts taking turns."""
    sides = {}
    for name, script in scripts.items():
        if name == "litellm" and litellm_python is None:
            continue
        python, extra = (litellm_python, ENV) if name == "litellm" else (None, {})
        sides[name] = partial(interpreter, _TIMED.format(script=script), python=python, env={**env, **extra})
    in_turns(sides, 1)  # compiles what was never compiled, and fills the disk cache
    return {name: medians(samples) for name, samples in in_turns(sides, ROUNDS).items()}


def _rows(
    what: str,
    figures: dict[str, list[float]],
    ours: str,
    *,
    limits: tuple[float | None, float | None, float | None],
) -> list[Row]:
    """Wall, CPU and peak, each beside openai with its target, then beside LiteLLM; its tenth is of time."""
    rows = []
    measures = (("wall", "s", OF_LITELLM), ("CPU", "s", None), ("peak", "MB", None))
    for column, (measure, unit, times) in enumerate(measures):
        for name in ("openai", "litellm"):
            if name in figures:
                below, ratio = (limits[column], None) if name == "openai" else (None, times)
                peer = (name, figures[name][column])
                rows.append(
                    Row(f"{what}, {measure}", figures[ours][column], unit, peer, below=below, times=ratio)
                )
    return rows
