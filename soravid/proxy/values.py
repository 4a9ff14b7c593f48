"""Reads what a field of a key, a user or a team may hold; raises ``InvalidRequest`` for what it may not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from soravid.errors import InvalidRequest
from soravid.money import to_nano
from soravid.proxy.operating import check_metadata


def models(name: str, value: Any) -> tuple[str, ...]:
    """Names and patterns of models; none means all."""
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise InvalidRequest(f"{name} must be a list of names, such as ['sora', 'gemini/*'].", param=name)
    return tuple(value)


def count(name: str, value: Any) -> int | None:
    """A whole number above 0; None: as many as one likes."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**31):
        raise InvalidRequest(f"{name} must be a whole number above 0, not {value!r}.", param=name)
    return value


def flag(name: str, value: Any) -> bool:
    """Yes or no."""
    if value is not None and not isinstance(value, bool):
        raise InvalidRequest(f"{name} must be true or false, not {value!r}.", param=name)
    return bool(value)


def metadata(name: str, value: Any) -> dict[str, Any]:
    """An object of the owner's own."""
    if value is not None and not isinstance(value, dict):
        raise InvalidRequest(f"{name} must be an object.", param=name)
    check_metadata(value or {})
    return value or {}


def text(name: str, value: Any) -> str | None:
    """A short text on one line."""
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value.strip()) <= 200 or not value.isprintable():
        raise InvalidRequest(f"{name} must be a text of 1 to 200 characters.", param=name)
    return value.strip()


def nano(name: str, value: Any) -> int | None:
    """An amount in USD, as nano-USD."""
    if isinstance(value, bool):
        raise InvalidRequest(f"{name} must be an amount in USD, not {value!r}.", param=name)
    return None if value is None else to_nano(value, param=name)


def moment(value: Any) -> float | None:
    """A time, as ISO 8601 or in Unix seconds; as Unix seconds."""
    if value is None:
        return None
    try:
        if isinstance(value, str):
            told = datetime.fromisoformat(value)
            value = (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()
        if isinstance(value, bool) or not 0 < float(value) < 1e11:
            raise ValueError
        return float(value)
    except (TypeError, ValueError, OverflowError):
        message = f"expires must be a time such as 2027-01-31T12:00:00Z, not {value!r}."
        raise InvalidRequest(message, param="expires") from None


def iso(at: float | None) -> str | None:
    """A time as it is told: ISO 8601 in UTC, to the second."""
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
