"""The models that soravid knows: look-up, checks, prices."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from soravid.catalog.model import PROMPT_LIMIT, Model, Span, normal_seconds

__all__ = ["PROMPT_LIMIT", "Model", "Span", "find", "models", "normal_seconds", "price"]


@cache
def _catalogue() -> dict[str, Model]:
    text = files("soravid.catalog").joinpath("models.toml").read_text(encoding="utf-8")
    rows = (Model.model_validate(row) for row in tomllib.loads(text)["models"])
    return {model.id: model for model in rows}


def models() -> list[Model]:
    """Every model of the catalogue, in its order."""
    return list(_catalogue().values())


def find(model_id: str) -> Model | None:
    """The model of that id (``provider/model``), or None."""
    return _catalogue().get(model_id)


def price(model_id: str, seconds: str | None, size: str | None) -> int | None:
    """Nano-USD for a clip of that duration and size; None when it is not known, never 0 for that."""
    model = find(model_id)
    return None if model is None or seconds is None or size is None else model.price(seconds, size)
