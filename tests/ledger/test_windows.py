"""Where a window begins and ends."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soravid.errors import InvalidRequest
from soravid.ledger.windows import checked, window

ANCHOR = 1_795_348_800


def moment(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("every", "seconds"), [("30s", 30), ("30m", 1800), ("24h", 86_400), ("30d", 2_592_000), ("2w", 1_209_600)]
)
def test_a_window_counts_from_when_it_was_set(every: str, seconds: int) -> None:
    assert window(every, ANCHOR, ANCHOR) == (ANCHOR, ANCHOR + seconds)
    assert window(every, ANCHOR, ANCHOR + seconds - 0.001) == (ANCHOR, ANCHOR + seconds)
    assert window(every, ANCHOR, ANCHOR + seconds) == (ANCHOR + seconds, ANCHOR + 2 * seconds)
    assert window(every, ANCHOR, ANCHOR - 0.5) == (ANCHOR - seconds, ANCHOR)


@pytest.mark.parametrize(
    ("every", "now", "begin", "end"),
    [
        ("1mo", "2026-02-28 23:59:59", "2026-02-01", "2026-03-01"),
        ("1mo", "2026-12-31 23:59:59", "2026-12-01", "2027-01-01"),
        ("3mo", "2026-05-05", "2026-04-01", "2026-07-01"),
        ("12mo", "2026-01-01", "2026-01-01", "2027-01-01"),
    ],
)
def test_months_are_those_of_the_calendar(every: str, now: str, begin: str, end: str) -> None:
    assert window(every, ANCHOR, moment(now)) == (moment(begin), moment(end))


@given(
    every=st.sampled_from(["", "1s", "7m", "24h", "30d", "1w", "1mo", "5mo"]),
    anchor=st.integers(0, 4 * 10**9),
    now=st.floats(0, 4e9),
)
def test_a_moment_is_in_one_window_and_windows_touch(every: str, anchor: int, now: float) -> None:
    begin, end = window(every, anchor, now)
    assert begin <= now
    if end is None:
        return
    assert now < end
    assert window(every, anchor, begin) == (begin, end)
    assert window(every, anchor, end)[0] == end


@pytest.mark.parametrize("every", ["", "h", "0h", "-1h", "1.5h", "24", "1y", "1h30m", "99999w", "2000mo", 24])
def test_a_length_that_cannot_be_is_told(every: str) -> None:
    with pytest.raises(InvalidRequest, match="budget_duration"):
        checked(every)


def test_a_length_is_read_as_people_write_it() -> None:
    assert (checked(" 24H "), checked(None)) == ("24h", "")
