"""What is checked before anything is sent: everything that can be known here to be wrong costs nothing."""

from __future__ import annotations

import json
from datetime import date
from typing import get_args

from soravid import catalog
from soravid.deployments import Deployment, Options
from soravid.errors import InvalidRequest, ModelRetired, UnknownModel, UnsupportedOperation, nearest, one_of
from soravid.types import Operation, VideoRequest, parse_size

_FIELDS = {"prompt", "model", "seconds", "size", "seed", "negative_prompt", "input_reference", "video"}
_FITS = ("cover", "contain")
"""Fields that decide what a clip is and costs: they go through the checks, not around them."""


def split_model(model: str) -> tuple[str, str]:
    """``provider/model`` as its two parts.

    Raises:
        UnknownModel: not of that form; the hint names the nearest models.
    """
    provider, slash, name = model.partition("/")
    if not (slash and provider and name):
        raise UnknownModel(
            f"A model is named provider/model, not {model!r}.", param="model", hint=_suggest(model)
        )
    return provider, name


def check_options(options: Options) -> Options:
    """The keywords of a call, if each is of its kind.

    Raises:
        InvalidRequest: the first that is not.
    """
    fallbacks: object = options.get("fallbacks") or ()
    if not isinstance(fallbacks, (list, tuple)) or not all(isinstance(model, str) for model in fallbacks):
        raise InvalidRequest(
            'fallbacks must be a list of models, such as ["azure/sora-2"].', param="fallbacks"
        )
    for name in ("extra_body", "metadata"):
        _check_json(name, options.get(name))
    audio, fit = options.get("audio"), options.get("fit")
    if audio is not None and not isinstance(audio, bool):
        raise InvalidRequest(f"audio must be True or False, not {audio!r}.", param="audio")
    if fit is not None and fit not in _FITS:
        raise InvalidRequest(f"fit must be {one_of(_FITS)}, not {fit!r}.", param="fit")
    for name in ("negative_prompt", "aspect_ratio", "resolution", "user"):
        word: object = options.get(name)
        if word is not None and not isinstance(word, str):
            raise InvalidRequest(f"{name} must be text, not {type(word).__name__}.", param=name)
    key = options.get("idempotency_key")
    if key is not None and not (
        isinstance(key, str) and 0 < len(key) <= 255 and key.isascii() and key.isprintable()
    ):
        raise InvalidRequest(
            "idempotency_key must be 1 to 255 plain ASCII characters.", param="idempotency_key"
        )
    for name in _FIELDS & (options.get("extra_body") or {}).keys():
        raise InvalidRequest(f"extra_body may not hold {name}: it has an argument of its own.", param=name)
    return options


def _check_json(name: str, value: object) -> None:
    if value is not None and not isinstance(value, dict):
        raise InvalidRequest(f"{name} must be a dictionary, not a {type(value).__name__}.", param=name)
    for key, part in (value or {}).items():
        try:
            json.dumps(part, allow_nan=False)
        except (TypeError, ValueError) as wrong:
            raise InvalidRequest(f"{name}[{key!r}] is no JSON value: {wrong}.", param=name) from None


def check_words(prompt: object, model: object, operation: str) -> None:
    """What is text must be text, and an operation one that there is."""
    if not isinstance(prompt, str):
        raise InvalidRequest(f"The prompt must be text, not {type(prompt).__name__}.", param="prompt")
    try:
        prompt.encode()
    except UnicodeEncodeError:
        raise InvalidRequest("The prompt has half a character in it (a surrogate).", param="prompt") from None
    if model is not None and not isinstance(model, str):
        raise InvalidRequest(f"The model must be text, not {type(model).__name__}.", param="model")
    if operation not in get_args(Operation):
        raise InvalidRequest(
            f"operation must be {one_of(get_args(Operation))}, not {operation!r}.", param="operation"
        )


def check_request(request: VideoRequest, deployment: Deployment, today: date) -> None:
    """Compare a request with what is known of its model.

    A model that is not in the catalogue is an error at its provider's own address; at an address that the
    user set it may be anything, so only the form of the arguments is checked.

    Raises:
        InvalidRequest: what is wrong, with the values that are allowed.
    """
    if not request.prompt.strip():
        raise InvalidRequest("The prompt is empty.", param="prompt", hint="Say what the clip should show.")
    if len(request.prompt) > catalog.PROMPT_LIMIT:
        raise InvalidRequest(
            f"The prompt has {len(request.prompt)} characters; at most {catalog.PROMPT_LIMIT} can be sent.",
            param="prompt",
        )
    if request.size is not None:
        parse_size(request.size)
    if request.operation != "create" and not request.source_id:
        raise InvalidRequest(f"To {request.operation} a video, say which: video_id=...", param="video_id")
    if request.operation in {"edit", "extend"} and request.input_reference:
        raise InvalidRequest(f"To {request.operation} takes no reference picture.", param="input_reference")
    if request.operation == "extend" and request.seconds is None:
        raise InvalidRequest("To extend a video, say by how much: seconds=...", param="seconds")
    model = catalog.find(request.model)
    if model is None:
        if deployment.own_host:
            raise UnknownModel(
                f"There is no model {request.model!r}.", param="model", hint=_suggest(request.model)
            )
        return
    if deployment.own_host and model.retired(today):
        raise ModelRetired(
            f"{model.id} was shut down on {model.retires_on}.",
            param="model",
            hint=f"Use {one_of(model.replaced_by)}, or set api_base to a server that still speaks for it."
            if model.replaced_by
            else "",
        )
    if lack := model.lacks(request):
        ability, words, param = lack
        others = catalog.able(ability, today, near=deployment.provider)
        hint = f"{one_of(others[:3])} can." if others else ""
        raise UnsupportedOperation(words, param=param, hint=hint)
    model.check(request)


def _suggest(model: str) -> str:
    known = [entry.id for entry in catalog.models()]
    near = [name for name in known if name.endswith(f"/{model}")] or nearest(model, known)
    return f"Did you mean {one_of(near)}?" if near else "See: soravid models"
