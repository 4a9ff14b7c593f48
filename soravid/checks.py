"""What is checked before anything is sent: everything that can be known here to be wrong costs nothing."""

from __future__ import annotations

from datetime import date

from soravid import catalog
from soravid.errors import InvalidRequest, ModelRetired, UnknownModel, nearest, one_of
from soravid.types import Deployment, VideoRequest, parse_size


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
        # An Azure model is the name that somebody gave to a deployment.
        if deployment.own_host and deployment.provider != "azure":
            raise UnknownModel(
                f"There is no model {request.model!r}.", param="model", hint=_suggest(request.model)
            )
        return
    if deployment.own_host and model.retired(today):
        raise ModelRetired(
            f"{model.id} was shut down on {model.retires_on}.",
            param="model",
            hint=f"Use {one_of(model.replaced_by)}, or set api_base to a server that still speaks for it.",
        )
    model.check(request)


def _suggest(model: str) -> str:
    known = [entry.id for entry in catalog.models()]
    near = nearest(model, known) or [name for name in known if name.endswith(f"/{model}")]
    return f"Did you mean {one_of(near)}?" if near else f"Known models: {one_of(known)}."
