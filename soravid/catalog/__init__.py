"""The models that soravid knows: look-up, checks, prices; and how anyone adds their own."""

from __future__ import annotations

import os
import tomllib
import warnings
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from soravid import providers
from soravid.catalog.model import PROMPT_LIMIT, Model, Quote, Span, normal_seconds, seconds_line
from soravid.errors import InvalidRequest, UnknownModel

__all__ = [
    "PROMPT_LIMIT",
    "Model",
    "Quote",
    "Span",
    "able",
    "add",
    "find",
    "load",
    "models",
    "normal_seconds",
    "price",
    "remove",
    "seconds_line",
]

Row = Mapping[str, Any]


@cache
def _catalogue() -> dict[str, Model]:
    """What comes with soravid, then what plug-ins bring, then the user's own file (``SORAVID_MODELS``)."""
    text = files("soravid.catalog").joinpath("models.toml").read_text(encoding="utf-8")
    known: dict[str, Model] = {}
    _merge(known, tomllib.loads(text)["models"])
    for name in providers.plugins():
        try:
            _merge(known, getattr(providers.provider_class(name), "catalogue", ()))
        except Exception as wrong:  # somebody else's package must not take ours down
            warnings.warn(f"The provider {name} cannot be used: {wrong}", stacklevel=2)
    if own := os.environ.get("SORAVID_MODELS"):
        _merge(known, _read(Path(own)))
    return known


def models() -> list[Model]:
    """Every model of the catalogue, in its order."""
    return list(_catalogue().values())


def find(model_id: str) -> Model | None:
    """The model of that id (``provider/model``), or None.

    A provider whose models are whatever its owner serves has one entry for all of them.
    """
    known = _catalogue()
    if model_id in known:
        return known[model_id]
    provider, slash, name = model_id.partition("/")
    anything = known.get(f"{provider}/*") if slash and name else None
    return anything and anything.model_copy(update={"id": model_id})


def able(ability: str, today: date, *, near: str = "") -> list[str]:
    """The living models that have an ability, those of the provider ``near`` first."""
    rows = [row for row in models() if ability in row.abilities and not row.retired(today)]
    return [row.id for row in sorted(rows, key=lambda row: row.provider != near)]


def price(model_id: str, seconds: str | None, size: str | None, **wanted: Any) -> int | None:
    """Nano-USD for a clip of that duration and size; None when it is not known, never 0 for that."""
    model = find(model_id)
    return None if model is None or seconds is None else model.price(seconds, size, **wanted)


def add(*rows: Row) -> list[Model]:
    """Add models, or change what is known of them, for this process.

    Each row has the names of ``Model``. Of a model that is known only what differs has to be said;
    ``like="provider/model"`` takes the rest from another one::

        catalog.add({"id": "openai/my-model", "like": "openai/sora-2", "prices": {"720p": "0.08"}})

    Raises:
        InvalidRequest: a row that is not right; the message says which field.
    """
    return _merge(_catalogue(), rows)


def remove(ids: Iterable[str]) -> None:
    """Know no more, in this process, of these models; ids that are not there are no error."""
    for model_id in ids:
        _catalogue().pop(model_id, None)


def load(path: str | os.PathLike[str]) -> list[Model]:
    """Add the models of a TOML file (``[[models]]`` tables, as in soravid's own ``models.toml``).

    Raises:
        InvalidRequest: it cannot be read, or a row is not right.
    """
    return add(*_read(Path(path)))


def _read(path: Path) -> list[Row]:
    try:
        rows = tomllib.loads(path.expanduser().read_text(encoding="utf-8")).get("models")
    except (OSError, ValueError) as wrong:
        raise InvalidRequest(f"{path} cannot be read as TOML: {wrong}.", param="models") from None
    if not isinstance(rows, list):
        raise InvalidRequest(f"{path} has no [[models]] in it.", param="models")
    return rows


def _merge(known: dict[str, Model], rows: Iterable[Row]) -> list[Model]:
    merged = [_model(known, row) for row in rows]  # all or none
    known.update({model.id: model for model in merged})
    return merged


def _model(known: dict[str, Model], row: Row) -> Model:
    given = dict(row)
    name, like = str(given.get("id", "")), given.pop("like", None)
    if "/" not in name:
        raise InvalidRequest(f"A model is named provider/model, not {name!r}.", param="models")
    if like is not None and like not in known:
        raise UnknownModel(f"There is no model {like!r} for {name} to be like.", param="models")
    origin = known.get(like or name)
    try:
        whole = (
            Model.model_validate({"title": name, "abilities": ["text"]} | given) if origin is None else None
        )
        if whole is None and origin is not None:
            # Only what was said is read anew: prices are held in another unit than they are written in.
            said = Model.model_validate({**_REST, "title": name, **given})
            names = {*given} | ({"sizes"} if "shapes" in given else set())
            names &= set(Model.model_fields)
            if like is not None:  # a likeness has neither the date nor the source of what it is like
                names |= {"title", "retires_on", "replaced_by", "source", "as_of", "note"}
            whole = origin.model_copy(update={field: getattr(said, field) for field in names})
    except ValidationError as wrong:
        first = wrong.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidRequest(
            f"The model {name} has a wrong {where}: {first['msg']}.", param="models"
        ) from None
    assert whole is not None  # noqa: S101 - one of the two branches made it
    return whole


_REST: Row = {"abilities": [], "seconds": [], "sizes": []}
