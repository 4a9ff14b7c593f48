"""Money: integer nano-USD inside, Decimal USD at the edges, never a float."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal, InvalidOperation

from soravid.errors import InvalidRequest

NANO = 1_000_000_000
"""Nano-USD in one USD."""


def to_nano(usd: Decimal | str | float, *, param: str = "amount") -> int:
    """Turn USD as a person writes them (``5``, ``"0.80"``) into nano-USD, rounding up.

    Raises:
        InvalidRequest: not a finite, non-negative number; ``param`` names the argument.
    """
    try:
        # repr of a float is the shortest text that reads back as it, so 0.1 stays 0.1.
        amount = Decimal(str(usd).strip().removeprefix("$"))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise InvalidRequest(f"{param} must be an amount in USD such as 0.50, not {usd!r}.", param=param)
    return int((amount * NANO).to_integral_value(rounding=ROUND_CEILING))


def to_usd(nano: int) -> Decimal:
    """USD as an exact Decimal."""
    return Decimal(nano) / NANO


def show(nano: int | None) -> str:
    """Money as people read it: ``$0.80``, ``$0.0125``, ``$1,240.00``, ``price unknown`` for None.

    Four decimals at most, six for less than a cent.
    """
    if nano is None:
        return "price unknown"
    usd = round(to_usd(nano), 4 if nano >= NANO // 100 else 6).normalize()
    places = max(2, -int(usd.as_tuple().exponent))
    return f"${usd:,.{places}f}"
