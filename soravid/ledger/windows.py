"""A budget's windows by the wall clock: where one begins and where it ends.

A window follows from the clock alone, so a clock that jumps back finds the window it was in before.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

from soravid.errors import InvalidRequest

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGEST = 100 * 366 * 86_400


def checked(every: str | None) -> str:
    """A window's length as it is stored; empty for one that lasts for ever.

    Raises:
        InvalidRequest: not a whole number with s, m, h, d, w or mo behind it.
    """
    if every is None:
        return ""
    text = str(every).strip().lower()
    shape = re.fullmatch(r"([1-9][0-9]{0,9})(s|m|h|d|w|mo)", text)
    if shape is None or int(shape[1]) * _SECONDS.get(shape[2], 2_678_400) > _LONGEST:
        raise InvalidRequest(
            f"budget_duration must be a length such as 30m, 24h, 30d or 1mo, not {every!r}.",
            param="budget_duration",
        )
    return text


def window(every: str, anchor: int, now: float) -> tuple[int, int | None]:
    """When the window around ``now`` begins and when the next one does, in Unix seconds.

    Windows of s, m, h, d and w count from ``anchor``; those of months are calendar months in UTC.
    """
    if not every:
        return 0, None
    number, unit = re.findall(r"[0-9]+|[a-z]+", every)
    if unit == "mo":
        return _months(int(number), now)
    length = int(number) * _SECONDS[unit]
    start = anchor + (math.floor(now) - anchor) // length * length
    return start, start + length


def _months(number: int, now: float) -> tuple[int, int]:
    today = datetime.fromtimestamp(now, UTC)
    first = (today.year * 12 + today.month - 1) // number * number

    def begin(month: int) -> int:
        return int(datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC).timestamp())

    return begin(first), begin(first + number)
