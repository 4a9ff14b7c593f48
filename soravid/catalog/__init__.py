"""The models that soravid knows: look-up, checks before anything is sent, estimates and costs."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from soravid.catalog.model import PROMPT_LIMIT, Model, Span, normal_seconds
from soravid.types import Video, VideoRequest

__all__ = ["PROMPT_LIMIT", "Model", "Span", "actual", "estimate", "find", "models", "normal_seconds"]


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


def estimate(request: VideoRequest) -> int | None:
    """Nano-USD that the clip is expected to cost; None when the price is unknown, never 0 for that."""
    model = find(request.model)
    if model is None:
        return None
    return model.price(request.seconds or model.default_seconds, request.size or model.default_size)


def actual(request: VideoRequest, video: Video) -> int | None:
    """Nano-USD that a completed clip cost, by the duration and size which the provider says it delivered."""
    model = find(request.model)
    if model is None:
        return None
    return model.price(
        video.seconds or request.seconds or model.default_seconds,
        video.size or request.size or model.default_size,
    )
