"""What a job cost: by what the provider says it charged, else by what it delivered."""

from __future__ import annotations

from soravid import catalog
from soravid.ledger import JobRow
from soravid.refusals import REFUSED
from soravid.types import Video

_SAME = 0.5
"""Seconds by which a file may differ from the duration that was ordered and be the same to a bill."""


def settled(row: JobRow, video: Video) -> int | None:
    """Nano-USD of a job that has ended; None when the price is unknown. One without a clip mostly costs 0."""
    if video._bill is not None:
        return video._bill
    model = catalog.find(row.model)
    if video.status != "completed":
        refused = video.error is not None and video.error.code == REFUSED
        return row.held if refused and model and model.bills_refusals else 0
    tokens = video.usage.completion_tokens if video.usage else 0
    if model and (cost := model.token_cost(tokens)) is not None:
        return cost
    # An extension reports the whole stitched duration; what was asked for is what was made.
    asked = row.parameters.get("seconds") if row.operation == "extend" else None
    return _price(row, asked or video.seconds or row.seconds, video.size or row.size)


def delivered(row: JobRow, seconds: float, size: str) -> tuple[str, str, int | None]:
    """Duration, size and cost by the file itself, for a job whose provider did not say."""
    model = catalog.find(row.model)
    ordered = row.parameters.get("seconds") or (model.default_seconds if model else None)
    measured = f"{round(seconds, 1):g}"
    length = ordered if ordered and abs(float(ordered) - seconds) < _SAME else measured
    bill_by = (row.parameters.get("seconds") if row.operation == "extend" else None) or length
    cost = _price(row, bill_by, size)
    if cost is None:
        # Files are seldom exactly of the class they are sold as: 864x496 is sold as 480p.
        cost = _price(row, bill_by, row.parameters.get("size") or (model.default_size if model else None))
    return length, size, cost


def _price(row: JobRow, seconds: str | None, size: str | None) -> int | None:
    pictures = sum(bool(row.parameters.get(name)) for name in ("input_reference", "last_frame"))
    pictures += len(row.parameters.get("references") or ())
    model = catalog.find(row.model)
    if model is None or seconds is None:
        return None
    return model.price(seconds, size, audio=row.parameters.get("audio"), pictures=pictures)
