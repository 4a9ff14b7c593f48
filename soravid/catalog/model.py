"""One model of the catalogue: what it takes and what it costs. Money is nano-USD."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from itertools import product
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from soravid.errors import InvalidRequest, UnsupportedOperation, one_of
from soravid.money import show, to_nano
from soravid.shapes import class_of, resolution_of, size_of
from soravid.types import VideoRequest, parse_size

PROMPT_LIMIT = 32_000
"""Characters of a prompt on OpenAI's wire; also the bound for models that are not in the catalogue."""


class Span(BaseModel):
    """Any value between two bounds, both included; ``even``: whole even numbers (H.264 wants them)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min: float
    max: float
    even: bool = False


_TEXT = ("text", "makes no clip from a prompt alone", "model")
_NEGATIVE = ("negative_prompt", "takes no negative prompt", "negative_prompt")


class Quote(NamedTuple):
    """What a clip costs in nano-USD: at least, most likely, at most. The last is what is held."""

    low: int
    expected: int
    upper: int


class Model(BaseModel):
    """What a model takes and costs. Prices are written in USD as text and held as nano-USD.

    Attributes:
        id: ``provider/model``; ``provider/*`` stands for every model of a provider that is not named.
        abilities: text, image (starts from a picture), last_frame, references, remix, remix_fields (a remix
            takes more than a prompt), edit, extend, seed, negative_prompt, audio (makes sound), audio_off
            (the sound can be left out), cancel.
        references: how many further pictures it takes.
        seconds: the durations it takes as texts, or a span of seconds.
        extend_seconds: the durations of an extension, where they are others.
        sizes: the sizes it takes as ``WIDTHxHEIGHT``, or a span of pixels for each side. In the catalogue's
            file ``shapes`` and ``resolutions`` may stand instead: every pair of them is a size.
        prices: resolution class (``720p``, ``any``) to the price of a second of video.
        silent_prices: the same without sound, where that is cheaper.
        image_price: for each picture that goes along.
        free_images: how many pictures cost nothing.
        token_price: for a million tokens of video, where the provider bills those; decides the actual cost.
        tolerance: by how much of itself the actual cost may differ from the expected one.
        exact_picture: whether the first frame must have the clip's size to the pixel.
        bills_refusals: whether a clip that is refused at the end is billed all the same.
        retires_on: the day on which its provider shut it down, or will.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    abilities: frozenset[str]
    references: int = 0
    seconds: tuple[str, ...] | Span
    extend_seconds: tuple[str, ...] = ()
    sizes: tuple[str, ...] | Span
    default_seconds: str | None = None
    default_size: str | None = None
    prices: dict[str, int] = {}
    silent_prices: dict[str, int] = {}
    image_price: int = 0
    free_images: int = 0
    token_price: int | None = None
    tolerance: Decimal = Decimal(0)
    exact_picture: bool = False
    bills_refusals: bool = False
    retires_on: date | None = None
    replaced_by: tuple[str, ...] = ()
    source: str = ""
    as_of: date | None = None
    note: str = ""

    @model_validator(mode="before")
    @classmethod
    def _sizes_of_shapes(cls, row: Any) -> Any:
        if isinstance(row, dict) and "shapes" in row:
            row = dict(row)
            pairs = product(row.pop("resolutions"), row.pop("shapes"))
            row["sizes"] = tuple(size_of(shape, resolution) for resolution, shape in pairs)
        return row

    @field_validator("prices", "silent_prices", mode="before")
    @classmethod
    def _usd_to_nano(cls, prices: dict[str, Any]) -> dict[str, int]:
        return {name: to_nano(usd, param=f"price {name}") for name, usd in prices.items()}

    @field_validator("image_price", "token_price", mode="before")
    @classmethod
    def _one_to_nano(cls, usd: Any) -> Any:
        return None if usd is None else to_nano(usd, param="price")

    def __repr__(self) -> str:
        return f"<Model {self.id} {self.price_line()}>"

    @property
    def provider(self) -> str:
        """The part before the slash."""
        return self.id.partition("/")[0]

    def retired(self, today: date) -> bool:
        """Whether its provider has shut it down."""
        return self.retires_on is not None and today >= self.retires_on

    def lacks(self, request: VideoRequest) -> tuple[str, str, str] | None:
        """The first thing that a request asks for and the model cannot do.

        It is given as the ability, what to say of it, and the argument.
        """
        silent = request.audio is False and "audio" in self.abilities
        wanted: list[tuple[object, str, str, str]] = [
            (
                request.operation != "create",
                request.operation,
                f"cannot {request.operation} a video",
                "model",
            ),
            (request.operation == "create" and not request.pictures, *_TEXT),
            (request.input_reference, "image", "takes no reference picture", "input_reference"),
            (request.last_frame, "last_frame", "takes no last frame", "last_frame"),
            (request.references, "references", "takes no further reference pictures", "references"),
            (request.seed is not None, "seed", "takes no seed", "seed"),
            (request.negative_prompt is not None, *_NEGATIVE),
            (request.audio, "audio", "makes no sound", "audio"),
            (silent, "audio_off", "always makes sound", "audio"),
        ]
        for asked, ability, words, param in wanted:
            if asked and ability not in self.abilities:
                return ability, f"{self.id} {words}.", param
        return None

    def check(self, request: VideoRequest) -> None:
        """Compare the values of a request with those that the model takes; ``lacks`` comes before.

        Raises:
            InvalidRequest: a duration, size or number that it does not take; the message lists those it does.
        """
        if request.operation == "remix" and "remix_fields" not in self.abilities:
            for name in ("seconds", "size", "input_reference"):
                if getattr(request, name) is not None:
                    raise UnsupportedOperation(
                        f"A remix by {self.id} takes a prompt only, no {name}.", param=name
                    )
        if len(request.references) > self.references:
            raise InvalidRequest(
                f"{self.id} takes {self.references} reference pictures, not {len(request.references)}.",
                param="references",
            )
        if request.seconds is not None:
            extends = request.operation == "extend"
            self._check_seconds(request.seconds, (extends and self.extend_seconds) or self.seconds)
        if request.size is not None:
            self._check_size(request.size)

    def price(
        self, seconds: str | float, size: str | None, *, audio: bool | None = None, pictures: int = 0
    ) -> int | None:
        """Nano-USD for a clip of that duration and size, rounded up; None when it is unknown, never 0."""
        prices = self.silent_prices if audio is False and self.silent_prices else self.prices
        per_second = prices.get("any") if size is None else prices.get(resolution_of(size), prices.get("any"))
        if per_second is None:
            return None
        paid = max(0, pictures - self.free_images)
        whole = Decimal(str(seconds)) * per_second + self.image_price * paid
        return int(whole.to_integral_value(rounding=ROUND_CEILING))

    def quote(
        self, seconds: str | float, size: str | None, *, audio: bool | None = None, pictures: int = 0
    ) -> Quote | None:
        """``price``, and between what it may come to be."""
        price = self.price(seconds, size, audio=audio, pictures=pictures)
        if price is None:
            return None
        margin = int((price * self.tolerance).to_integral_value(rounding=ROUND_CEILING))
        return Quote(max(0, price - margin), price, price + margin)

    def token_cost(self, tokens: int) -> int | None:
        """Nano-USD for that many tokens of video; None where the provider does not bill them."""
        if self.token_price is None or not tokens:
            return None
        return int((Decimal(tokens) * self.token_price / 1_000_000).to_integral_value(rounding=ROUND_CEILING))

    def price_line(self) -> str:
        """The prices as people read them: ``$0.10/s``, ``720p $0.30/s, 1024p $0.50/s``, ``free``."""
        if not any(self.prices.values()):
            return "free" if self.prices else show(None)
        prices = dict(self.prices)
        if isinstance(self.sizes, tuple) and len(prices) > 1:
            # By the classes that people know; a maker's own sizes have more.
            priced = ((class_of(size), self.price(1, size)) for size in self.sizes)
            prices = {name: price for name, price in priced if price is not None}
        by_price: dict[int, list[str]] = {}
        for name, price in prices.items():
            by_price.setdefault(price, []).append(name)
        if len(by_price) == 1:
            return f"{show(next(iter(by_price)))}/s"
        return ", ".join(f"{'/'.join(names)} {show(price)}/s" for price, names in by_price.items())

    def _check_seconds(self, seconds: str, taken: tuple[str, ...] | Span) -> None:
        within = taken.min <= float(seconds) <= taken.max if isinstance(taken, Span) else seconds in taken
        if not within:
            allowed = seconds_line(taken)
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


def seconds_line(seconds: tuple[str, ...] | Span) -> str:
    """Durations as people read them: ``4, 8 or 12``, ``3 to 15``."""
    if isinstance(seconds, Span):
        return f"{seconds.min:g} to {seconds.max:g}"
    whole = [int(text) for text in seconds if text.isdecimal()]
    if len(whole) == len(seconds) > 3 and whole == list(range(whole[0], whole[-1] + 1)):
        return f"{whole[0]} to {whole[-1]}"
    return one_of(seconds)


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
