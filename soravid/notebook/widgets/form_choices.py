"""What a form may choose from: the models, and a duration and a size that a model takes."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, date, datetime
from typing import Any

from soravid import catalog, choosing, config
from soravid.accounts import reached
from soravid.catalog import Model
from soravid.checks import split_model
from soravid.errors import InvalidRequest
from soravid.notebook.widgets.form_fields import is_pills
from soravid.providers import provider_class
from soravid.shapes import aspect_of, class_of, pick_size
from soravid.types import Operation, VideoRequest

_USUAL = "1280x720"


def entry_of(model: str) -> Model | None:
    """What the catalogue knows of a model; of a model group, of its first deployment."""
    routes = config.groups().find(model)
    return catalog.find(routes[0].entry.model if routes else model)


def model_rows() -> list[list[str]]:
    """Model groups and offered models: id, title, price, state of the key, ``gone`` where it is shut down."""
    today = datetime.now(UTC).date()
    rows = [
        [model.id, model.title, model.price_line(), *_state(model, today)] for model in choosing.offered()
    ]
    return [*_groups(), *rows]


def _state(model: Model, today: date) -> tuple[str, str]:
    words, profile = choosing._state(model, today), provider_class(model.provider).profile
    gone = "gone" if model.retired(today) else ""
    return words.replace("ready", "key ✓" if profile.key_required else "no key needed"), gone


def _groups() -> list[list[str]]:
    groups = config.groups()
    rows = []
    for name in groups.names:
        routes = groups.find(name)
        models = [*dict.fromkeys(route.entry.model for route in routes)]
        prices = [*dict.fromkeys(entry.price_line() for each in models if (entry := catalog.find(each)))]
        missing = [keyless(route.entry.model, route.connection) for route in routes]
        state = missing[0] if all(missing) else "key ✓"
        rows.append([name, f"Group of {', '.join(models)}", ", ".join(prices), state, ""])
    return rows


def keyless(model: str, given: Any = None) -> str:
    """What keeps a model from being reached: no key, or no address. Empty where nothing does."""
    provider, name = split_model(model)
    try:
        reached(provider_class(provider).profile, name, given)
    except InvalidRequest as wrong:
        return str(wrong)
    return ""


# --- what a model takes -------------------------------------------------------------------------------


def said(args: Namespace, entry: Model | None, operation: Operation) -> tuple[str, str]:
    """The duration and the size that a cell's options name, or nothing.

    Raises:
        InvalidRequest: the model does not take them, or has no such shape.
    """
    seconds, size = catalog.normal_seconds(args.seconds or None), args.size or None
    if entry:
        entry.check(VideoRequest(model=entry.id, prompt="", operation=operation, seconds=seconds, size=size))
    if args.aspect or args.resolution:
        sizes = entry.sizes if entry and isinstance(entry.sizes, tuple) else None
        size = pick_size(sizes, args.aspect, args.resolution, (entry and entry.default_size) or _USUAL)
    return seconds or "", size or ""


def settled(
    values: dict[str, Any], entry: Model | None, operation: Operation, *, anew: bool
) -> dict[str, Any]:
    """The values with a duration and a size that the model takes, as near as may be to those before.

    What may be typed stays as it was typed, unless the model is chosen ``anew``.
    """
    if operation == "remix" or entry is None:
        return values
    seconds, size = values["seconds"], values["size"]
    taken = (operation == "extend" and entry.extend_seconds) or entry.seconds
    if (anew or is_pills(taken)) and not _takes(entry, operation, seconds, None):
        first = taken[0] if isinstance(taken, tuple) and taken else f"{max(4.0, taken.min):g}"  # type: ignore[union-attr]
        usual = entry.default_seconds or first
        seconds = usual if _takes(entry, operation, usual, None) else first
    if (anew or isinstance(entry.sizes, tuple)) and not _takes(entry, "create", None, size):
        size = _near(entry, size)
    return values | {"seconds": seconds, "size": size}


def _takes(entry: Model, operation: Operation, seconds: str | None, size: str | None) -> bool:
    if not (seconds or size):
        return False
    try:
        entry.check(VideoRequest(model=entry.id, prompt="", operation=operation, seconds=seconds, size=size))
    except (InvalidRequest, ValueError):
        return False
    return True


def _near(entry: Model, size: str) -> str:
    """The model's size of the same shape and class, else of the same shape, else its usual one."""
    if not isinstance(entry.sizes, tuple) or not entry.sizes:
        return entry.default_size or _USUAL
    usual = entry.default_size or entry.sizes[0]
    for same_class in (True, False):
        try:
            return pick_size(entry.sizes, aspect_of(size), class_of(size) if same_class else None, usual)
        except InvalidRequest:
            continue
    return usual
