"""What it means to stop a job: whether its provider does that, and what it costs all the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from soravid import catalog
from soravid.errors import InvalidRequest
from soravid.money import show
from soravid.providers import provider_class
from soravid.views import JobView


@dataclass(frozen=True, slots=True)
class Stop:
    """What a press on Cancel would do; money in nano-USD, None: its price is not known.

    Attributes:
        reason: why there is nothing to press; empty where there is.
        back: what is given back.
        charged: what is charged all the same.
    """

    reason: str = ""
    back: int | None = 0
    charged: int | None = 0

    @property
    def question(self) -> str:
        """What to ask before; empty where the job cannot be stopped."""
        return "" if self.reason else _asked("Stop it?", self)


def stopping(view: JobView) -> Stop:
    """What stopping a job would do now."""
    if view.done or view.status == "downloading":
        return Stop("It has ended.")
    provider, _, _ = view.model.partition("/")
    known = catalog.find(view.model)
    try:
        profile = provider_class(provider).profile
    except InvalidRequest:
        return Stop(f"{provider} is not installed here.")
    if known and "cancel" not in known.abilities:
        return Stop(f"{provider} does not stop a job: it will be finished, and billed.")
    runs = view.status == "in_progress"
    if runs and profile.stops_only_queued:
        return Stop(f"{provider} stops a job only while it is queued: this one will be finished, and billed.")
    if runs and profile.bills_stopped_runs:
        return Stop(charged=view.held)
    return Stop(back=view.held)


def stopping_all(views: Iterable[JobView]) -> str:
    """What to ask before all are stopped that can be; empty where none can."""
    stops = [stop for view in views if not (stop := stopping(view)).reason]
    if not stops:
        return ""
    sums = [
        None if None in amounts else sum(amount or 0 for amount in amounts)
        for amounts in ([stop.back for stop in stops], [stop.charged for stop in stops])
    ]
    return _asked(f"Stop all {len(stops)}?" if stops[1:] else "Stop it?", Stop("", *sums))


def _asked(question: str, stop: Stop) -> str:
    says = {
        "What it costs is not known.": stop.charged is None,
        f"It still costs {show(stop.charged)}.": bool(stop.charged),
        f"The {show(stop.back)} held is given back.": bool(stop.back),
        "Nothing is charged.": stop.charged == 0 and not stop.back,
    }
    return " ".join([question, *(words for words, true in says.items() if true)])
