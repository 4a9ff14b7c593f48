"""The table of models, and what people narrow it down by: a name, an ability, a price, being alive."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby

from soravid import catalog, listings, settings
from soravid.abilities import ABILITIES
from soravid.catalog import Model, Span
from soravid.errors import InvalidRequest, nearest, one_of
from soravid.loop import checked, run
from soravid.money import to_nano
from soravid.planning import current
from soravid.providers import names, provider_class
from soravid.shapes import aspect_of, class_of
from soravid.tables import Table


@checked
def models(
    name: str | None = None,
    *,
    can: str | Iterable[str] = (),
    under: Decimal | str | float | None = None,
    alive: bool = False,
    ready: bool = False,
) -> Table:
    """The catalogue as a table: what each model can do, takes and costs, and whether it can be used now.

    While this process is connected to a proxy, these are what its key may use there; a ``name`` finds any.

    Args:
        name: a provider, or a part of a model's name. A provider that lists its models itself is asked.
        can: an ability or several: text, image, last_frame, references, audio, audio_off, seed,
            negative_prompt, remix, edit, extend, cancel.
        under: USD per second that the cheapest resolution may cost at most.
        alive: leave out what its provider has shut down.
        ready: leave out what has no key here.

    Raises:
        InvalidRequest: an ability that there is not; the hint names the nearest.
    """
    wanted = {can} if isinstance(can, str) else set(can)
    for ability in wanted - ABILITIES.keys():
        near = nearest(ability, ABILITIES)
        hint = f"Did you mean {one_of(near)}?" if near else f"There are {one_of(ABILITIES)}."
        raise InvalidRequest(f"There is no ability {ability!r}.", param="can", hint=hint)
    if name in names():
        run(listings.refresh(current().transport, name))
    limit = None if under is None else to_nano(under, param="under")
    today = datetime.now(UTC).date()
    known = {model.id: model for model in [*offered(), *([] if name is None else catalog.models())]}
    chosen = [
        model
        for model in known.values()
        if (name is None or name == model.provider or name.lower() in f"{model.id} {model.title}".lower())
        and wanted <= model.abilities
        and (limit is None or (model.prices and min(model.prices.values()) <= limit))
        and not (alive and model.retired(today))
        and not (ready and _state(model, today) != "ready")
    ]
    rows = [
        (
            model.id,
            _state(model, today),
            model.price_line(),
            catalog.seconds_line(model.seconds) if model.seconds else "",
            _sizes(model),
            _can(model),
        )
        for model in chosen
    ]
    columns = ("Model", "State", "Price", "Seconds", "Shape and size", "Can do")
    proxy = settings.proxy() if name is None else None
    place = f" at {proxy.url.partition('://')[2]}" if proxy else ""
    return Table(columns, rows, f"Models{place} ({len(rows)})")


def offered() -> list[Model]:
    """What there is to choose from: the models of the proxy that this process is connected to, else all.

    A model that its proxy says nothing of has neither durations nor sizes nor a price.
    """
    proxy = settings.proxy()
    if proxy is None:
        return catalog.models()
    return [catalog.find(name) or _unknown(name) for name in proxy.models]


def _unknown(name: str) -> Model:
    return Model(id=name, title=name.partition("/")[2], abilities=frozenset(), seconds=(), sizes=())


_UNREAD = {"audio_off", "cancel"}
"""Abilities that one asks for, but does not choose by."""


def _state(model: Model, today: date) -> str:
    profile = provider_class(model.provider).profile
    if model.retired(today):
        return f"shut down {model.retires_on}"
    missing = settings.missing(profile)
    if missing and profile.credentials == "google":
        return "sign in to Google"
    if missing:
        return f"set {missing}"
    return f"ready until {model.retires_on}" if model.retires_on else "ready"


def _can(model: Model) -> str:
    words = [word for name, word in ABILITIES.items() if name in model.abilities - _UNREAD]
    return ", ".join(f"{model.references} pictures" if word == "references" else word for word in words)


def _sizes(model: Model) -> str:
    """Sizes as their shapes, for each set of resolutions: ``16:9, 9:16 in 720p, 1080p``."""
    span = model.sizes
    if isinstance(span, Span):
        return f"{span.min:g} to {span.max:g} px a side"
    by_shape: dict[str, list[str]] = {}
    for size in span:
        classes = by_shape.setdefault(aspect_of(size), [])
        if class_of(size) not in classes:
            classes.append(class_of(size))
    parts = groupby(by_shape.items(), key=lambda item: item[1])
    return "; ".join(
        f"{', '.join(shape for shape, _ in group)} in {', '.join(kinds)}" for kinds, group in parts
    )
