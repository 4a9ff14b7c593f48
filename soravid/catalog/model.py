"""One model of the catalogue: what it takes and what it costs. Money is nano-USD."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation

from pydantic import BaseModel, ConfigDict, field_validator

from soravid.errors import InvalidRequest, UnsupportedOperation, one_of
from soravid.money import show, to_nano
from soravid.types import VideoRequest, parse_size

PROMPT_LIMIT = 32_000
"""Characters of a prompt on OpenAI's wire; also the bound for models that are not in the catalogue."""


class Span(BaseModel):
    """Any value between two bounds, both included; ``even``: whole even numbers (H.264 wants them)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min: float
    max: float
    even: bool = False


class Model(BaseModel):
    """What a model takes and costs.

    Attributes:
        seconds: the durations it takes as texts, or a span of seconds.
        sizes: the sizes it takes as ``WIDTHxHEIGHT``, or a span of pixels for each side.
        prices: resolution class (``720p``, ``any``) to nano-USD per second of video.
        retires_on: the day on which its provider shut it down, or will.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    abilities: frozenset[str]
    seconds: tuple[str, ...] | Span
    sizes: tuple[str, ...] | Span
    default_seconds: str
    default_size: str
    prices: dict[str, int]
    retires_on: date | None = None
    replaced_by: tuple[str, ...] = ()
    source: str = ""
    as_of: date | None = None

    @field_validator("prices", mode="before")
    @classmethod
    def _usd_to_nano(cls, prices: dict[str, str]) -> dict[str, int]:
        return {resolution: to_nano(usd, param=f"price {resolution}") for resolution, usd in prices.items()}

    @property
    def provider(self) -> str:
        """The part before the slash."""
        return self.id.partition("/")[0]

    def retired(self, today: date) -> bool:
        """Whether its provider has shut it down."""
        return self.retires_on is not None and today >= self.retires_on

    def check(self, request: VideoRequest) -> None:
        """Compare a request with what the model takes.

        Raises:
            InvalidRequest: a duration or size that it does not take; the message lists those it does.
            UnsupportedOperation: it has no such operation, or takes no picture.
        """
        if request.operation != "create" and request.operation not in self.abilities:
            raise UnsupportedOperation(f"{self.id} cannot {request.operation} a video.", param="model")
        if request.input_reference and "image" not in self.abilities:
            raise UnsupportedOperation(f"{self.id} takes no reference picture.", param="input_reference")
        for name in ("seed", "negative_prompt"):
            if getattr(request, name) is not None and name not in self.abilities:
                raise UnsupportedOperation(f"{self.id} takes no {name}.", param=name)
        if request.operation == "remix" and "remix_fields" not in self.abilities:
            for name in ("seconds", "size", "input_reference"):
                if getattr(request, name) is not None:
                    raise UnsupportedOperation(
                        f"A remix by {self.id} takes a prompt only, no {name}.", param=name
                    )
        if request.seconds is not None:
            self._check_seconds(request.seconds)
        if request.size is not None:
            self._check_size(request.size)

    def price(self, seconds: str | float, size: str) -> int | None:
        """Nano-USD for a clip of that duration and size, rounded up; None when it is unknown, never 0."""
        short_side = f"{min(parse_size(size))}p"
        per_second = self.prices.get(short_side, self.prices.get("any"))
        if per_second is None:
            return None
        return int((Decimal(str(seconds)) * per_second).to_integral_value(rounding="ROUND_CEILING"))

    def price_line(self) -> str:
        """The prices as people read them: ``$0.10/s``, ``720p $0.30/s, 1024p $0.50/s``, ``free``."""
        if not any(self.prices.values()):
            return "free" if self.prices else show(None)
        several = len(self.prices) > 1
        return ", ".join(
            f"{resolution} {show(price)}/s" if several else f"{show(price)}/s"
            for resolution, price in self.prices.items()
        )

    def _check_seconds(self, seconds: str) -> None:
        if isinstance(self.seconds, Span):
            if self.seconds.min <= float(seconds) <= self.seconds.max:
                return
            allowed = f"{self.seconds.min:g} to {self.seconds.max:g}"
        elif seconds in self.seconds:
            return
        else:
            allowed = one_of(self.seconds)
        raise InvalidRequest(f"{self.id} takes seconds of {allowed}, not {seconds}.", param="seconds")

    def _check_size(self, size: str) -> None:
        sides = parse_size(size)
        if isinstance(self.sizes, Span):
            span = self.sizes
            if all(span.min <= side <= span.max and not (span.even and side % 2) for side in sides):
                return
            allowed = f"{span.min:g} to {span.max:g} pixels a side{', in even numbers' if span.even else ''}"
        elif f"{sides[0]}x{sides[1]}" in self.sizes:
            return
        else:
            allowed = one_of(self.sizes)
        raise InvalidRequest(f"{self.id} takes a size of {allowed}, not {size}.", param="size")


def normal_seconds(seconds: object) -> str | None:
    """A duration as text: ``8``, ``8.0`` and ``"8"`` all give ``"8"``.

    Raises:
        InvalidRequest: not a positive, finite number of seconds.
    """
    if seconds is None:
        return None
    try:
        value = Decimal(str(seconds).strip())
    except InvalidOperation:
        value = Decimal("NaN")
    if isinstance(seconds, bool) or not value.is_finite() or value <= 0 or value > 86_400:
        raise InvalidRequest(
            f'seconds must be a positive number of seconds such as "8", not {seconds!r}.', param="seconds"
        )
    return f"{value.normalize():f}"
