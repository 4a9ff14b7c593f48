"""Which deployment is chosen, over many creates."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from soravid.errors import ServerError
from soravid.routing import Groups, Route, Ticket
from soravid.routing.strategies import Offer, pick
from tests.routing.conftest import Clock, group

TIMES = 4000
SLACK = 0.05
"""More than six times the standard deviation of a share over so many."""


def groups(clock: Clock, *params: dict[str, Any], **settings: Any) -> Groups:
    rows = group(
        "sora", *({"model": f"openai/{name}", **row} for name, row in zip("abc", params, strict=False))
    )
    return Groups.read(rows, settings, lambda value: value, clock=clock)


def offers(found: Groups) -> list[Offer]:
    return [(route, None) for route in found.find("sora")]


def picked(offered: list[Offer]) -> Route:
    route = pick(offered)
    assert route
    return route


def shares(offered: list[Offer]) -> list[float]:
    count = Counter(picked(offered).entry.model for _ in range(TIMES))
    return [count[route.entry.model] / TIMES for route, _ in offered]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ([{}, {}], [0.5, 0.5]),
        ([{"weight": 9}, {"weight": 1}], [0.9, 0.1]),
        ([{"weight": 0.75, "rpm": 1}, {"weight": 0.25, "rpm": 99}], [0.75, 0.25]),
        ([{"rpm": 60}, {"rpm": 30}, {"rpm": 10}], [0.6, 0.3, 0.1]),
        ([{"weight": 1}, {}], [1, 0]),
    ],
)
def test_a_shuffle_is_by_weight_then_by_requests_a_minute_then_even(
    params: list[dict[str, Any]], expected: list[float], clock: Clock
) -> None:
    assert shares(offers(groups(clock, *params))) == pytest.approx(expected, abs=SLACK)


def test_the_least_busy_has_the_fewest_creates_and_jobs(clock: Clock) -> None:
    found = offers(groups(clock, {}, {}, {}, routing_strategy="least-busy"))
    loads: Counter[str] = Counter()
    for _ in range(30):  # each is seen by the next, before anything has been sent
        route = picked(found)
        Ticket(route)
        loads[route.entry.model] += 1
    assert set(loads.values()) == {10}


@pytest.mark.parametrize("name", ["lowest-cost", "lowest-cost-routing", "cost-based-routing"])
def test_the_cheapest_is_chosen_and_an_unknown_price_last(name: str, clock: Clock) -> None:
    routes = groups(clock, {}, {}, {}, routing_strategy=name).find("sora")
    assert shares(list(zip(routes, (None, 300, 200), strict=True))) == [0, 0, 1]
    assert shares(list(zip(routes, (None, 300, 300), strict=True))) == pytest.approx([0, 0.5, 0.5], abs=SLACK)


def test_the_quickest_is_chosen_once_all_have_been_tried(clock: Clock) -> None:
    found = groups(clock, {}, {}, {}, routing_strategy="latency-based-routing")
    slow, quick, new = found.find("sora")
    slow.measured("create", 3.0)
    quick.measured("create", 1.0)
    assert shares(offers(found)) == [0, 0, 1]
    new.measured("create", 2.0)
    assert shares(offers(found)) == [0, 1, 0]
    quick.measured("job", 90.0)  # it takes the job quickly and makes it slowly
    assert shares(offers(found)) == [0, 0, 1]
    clock.passes(3601)  # measures grow old
    slow.measured("create", 3.0)
    assert shares(offers(found))[0] == 0


def test_a_lower_order_comes_first_while_it_is_up(clock: Clock) -> None:
    found = groups(clock, {"order": 2}, {"order": 1}, allowed_fails=0, cooldown_time=10)
    assert shares(offers(found)) == [0, 1]
    health = found.find("sora")[1].health
    health.end(ServerError("no"), trial=health.begin())
    assert shares(offers(found)) == [1, 0]
    clock.passes(10)
    assert shares(offers(found)) == [0, 1]


def test_one_that_would_have_to_queue_is_used_only_where_all_would(clock: Clock) -> None:
    found = groups(clock, {"max_parallel_requests": 1, "weight": 99}, {"weight": 1})
    found.find("sora")[0].gate.inside = 1
    assert shares(offers(found)) == [0, 1]
    found.find("sora")[1].gate.cap = 0
    assert picked(offers(found))


def test_nothing_is_chosen_where_nothing_is_up(clock: Clock) -> None:
    found = groups(clock, {}, allowed_fails=0)
    health = found.find("sora")[0].health
    health.end(ServerError("no"), trial=health.begin())
    assert pick(offers(found)) is None
