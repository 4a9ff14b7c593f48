"""What a surface shows of a job: one plain value for cards, the live status, the terminal and the CLI."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

LABELS = {
    "submitting": "Sending",
    "queued": "Queued",
    "in_progress": "In progress",
    "downloading": "Fetching the clip",
    "completed": "Done",
    "failed": "Failed",
    "cancelled": "Cancelled",
    "unknown": "Outcome unknown",
}
"""Every state a job can show, in the words that people see."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a job has no clip: what happened, what to do next, and the provider's own words."""

    title: str
    advice: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Usual:
    """How long jobs like this one took: seconds that a quarter, a half and three quarters of them needed."""

    low: float
    middle: float
    high: float

    def __str__(self) -> str:
        low, high = roughly(self.low), roughly(self.high)
        return f"usually {low} to {high}" if low != high else f"usually about {low}"

    def left(self, elapsed: float) -> str:
        """What is left after ``elapsed`` seconds, in words; nothing where that cannot be said."""
        if elapsed > self.high:
            return "longer than usual"
        return f"about {roughly(self.middle - elapsed)} left" if elapsed < self.middle else ""


@dataclass(frozen=True, slots=True)
class JobView:
    """A job at one moment. Times are Unix seconds, money is nano-USD (None: price unknown)."""

    job_id: str
    model: str
    prompt: str
    status: str
    started_at: float
    finished_at: float | None = None
    progress: int | None = None
    """0 to 100, or None where the provider reports none."""
    ahead: int | None = None
    """How many jobs are before it in the provider's queue, where that is told."""
    usual: Usual | None = None
    """How long such a job takes, where the journal has enough of them."""
    seconds: str | None = None
    size: str | None = None
    held: int | None = None
    cost: int | None = None
    reused_from: float | None = None
    """When the stored clip was made, if this is a re-run that cost nothing."""
    path: str | None = None
    """The clip's path as it should be shown and linked: relative to the notebook, with forward slashes."""
    poster: str | None = field(default=None, repr=False)
    """A small ``data:`` URL."""
    problem: Problem | None = None
    details: dict[str, str] = field(default_factory=dict)
    """More facts for the folded part, label to text: seed, ids, provider."""

    @property
    def label(self) -> str:
        """The state in words."""
        return LABELS.get(self.status, self.status)

    @property
    def aside(self) -> str:
        """How far it is: ``43 %``, or its place in the queue; nothing where the provider does not tell."""
        if self.done:
            return ""
        if self.status == "queued" and not self.progress:
            return "" if self.ahead is None else f"{self.ahead} before it" if self.ahead else "next in line"
        return "" if self.progress is None else f"{self.progress} %"

    @property
    def done(self) -> bool:
        """Whether nothing more will change."""
        return self.status in {"completed", "failed", "cancelled", "unknown"}

    @property
    def elapsed(self) -> float:
        """Seconds from the start until the end, or until now."""
        return max(0.0, (self.finished_at or time.time()) - self.started_at)


def clock(seconds: float) -> str:
    """Elapsed time as a clock: ``0:38``, ``12:05``, ``1:02:09``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def spoken(seconds: float) -> str:
    """Elapsed time as people say it: ``38 s``, ``1 min 12 s``, ``2 h 5 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def roughly(seconds: float) -> str:
    """A time as people guess it: ``7 s``, ``40 s``, ``1 min 20 s``, ``4 min``, ``1 h 10 min``."""
    steps = ((10, 1), (55, 5), (180, 10), (3600, 60))
    step = next((step for limit, step in steps if seconds < limit), 600)
    return spoken(max(1, round(seconds / step) * step))
