"""A rate limit lets through what it allows, never more, and nobody waits for ever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soravid.errors import InvalidRequest
from soravid.limits import Rate

# Quarters of a second: sums of them are exact.
GAPS = st.lists(st.integers(0, 40).map(lambda quarters: quarters / 4), min_size=1, max_size=120)
LIMITS = st.integers(1, 7)
SPANS = st.sampled_from([0.25, 1.0, 5.0, 60.0])


@given(limit=LIMITS, span=SPANS, gaps=GAPS)
def test_it_does_what_a_slow_model_does(limit: int, span: float, gaps: list[float]) -> None:
    rate, now = Rate(limit, span), 0.0
    taken: list[float] = []
    for gap in gaps:
        now += gap
        in_window = [at for at in taken if at > now - span]
        wait = rate.take(now)
        assert (wait == 0) == (len(in_window) < limit)
        if wait:
            assert wait == in_window[-limit] + span - now
        else:
            taken.append(now)


@given(limit=LIMITS, span=SPANS, gaps=GAPS)
def test_no_window_ever_holds_more_than_the_limit(limit: int, span: float, gaps: list[float]) -> None:
    rate, now = Rate(limit, span), 0.0
    taken: list[float] = []
    for gap in gaps:
        now += gap
        if not rate.take(now):
            taken.append(now)
    assert all(sum(start <= at < start + span for at in taken) <= limit for start in taken)


@given(limit=LIMITS, span=SPANS, gaps=GAPS)
def test_who_waits_as_long_as_told_gets_in(limit: int, span: float, gaps: list[float]) -> None:
    rate, now = Rate(limit, span), 0.0
    for gap in gaps:
        now += gap
        if wait := rate.take(now):
            assert rate.wait(now) == wait <= span
            now += wait
            assert rate.take(now) == 0


@given(limit=LIMITS, span=SPANS)
def test_over_a_long_time_all_that_is_allowed_gets_through(limit: int, span: float) -> None:
    rate, now, count = Rate(limit, span), 0.0, 0
    while now < 20 * span:
        wait = rate.take(now)
        count += not wait
        now += wait
    assert count == 20 * limit


@pytest.mark.parametrize(("limit", "span"), [(0, 60), (True, 60), (1.5, 60), (3, 0), (3, float("nan"))])
def test_what_is_no_limit_is_told(limit: object, span: float) -> None:
    with pytest.raises(InvalidRequest, match="A rate limit"):
        Rate(limit, span)  # type: ignore[arg-type]
