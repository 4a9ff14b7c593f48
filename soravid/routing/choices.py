"""The steps of a plan, picked one at a time, each at the last moment: by then, load and health are known."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from soravid.routing.health import NoDeployment
from soravid.routing.route import Route
from soravid.routing.strategies import pick


class Step(Protocol):
    """What may be tried: through a deployment of a group, or straight (``route`` is None)."""

    @property
    def route(self) -> Route | None:
        """The deployment."""
        ...

    @property
    def likely(self) -> int | None:
        """Nano-USD that it most likely costs; None when that is unknown."""
        ...


S = TypeVar("S", bound=Step)


class Choices(Generic[S]):
    """What to try next: of the group that is asked for first, then of those after it."""

    def __init__(self, steps: Sequence[S]) -> None:
        self._steps = tuple(steps)

    def __iter__(self) -> Iterator[S]:
        left = list(self._steps)
        tries: Counter[str] = Counter()
        while left:
            route = left[0].route
            if route is None:
                yield left.pop(0)
                continue
            group, retries = route.entry.group, route.policy.num_retries
            here = [step for step in left if step.route and step.route.entry.group == group]
            step = None
            if retries is None or tries[group] <= retries:
                picked = pick([(step.route, step.likely) for step in here if step.route])
                step = next((step for step in here if step.route is picked), None)
            if step is None:
                left = [each for each in left if each not in here]
                continue
            tries[group] += 1
            left.remove(step)
            yield step

    def none(self) -> NoDeployment:
        """Why there was nothing to try: until when everything cools down."""
        routes = [step.route for step in self._steps if step.route]
        wait = min(route.health.wait for route in routes)
        name = routes[0].entry.group
        error = NoDeployment(
            f"No deployment of {name!r} is up: {_count(len(routes))} cooling down.",
            hint=f"The next one may be tried at {_clock_time(wait)}; nothing was sent."
            if wait
            else "One is just being tried again; nothing was sent.",
        )
        error.retry_after = max(wait, 1.0)
        return error


def _count(routes: int) -> str:
    return "it is" if routes == 1 else f"all {routes} are"


def _clock_time(wait: float) -> str:
    then = datetime.fromtimestamp(time.time() + wait).astimezone()
    return then.strftime("%H:%M:%S") + f", in {wait:.0f} s"
