"""From a request's fields to what ``planning.make_plan`` takes. Nothing of the machine is read for it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from soravid.deployments import Options
from soravid.errors import nearest
from soravid.proxy.bodies import Fields
from soravid.proxy.envelope import Refusal
from soravid.proxy.guarded import Pictures

_OPTIONS = {
    *("seed", "negative_prompt", "audio", "aspect_ratio", "resolution", "fit", "guardrails", "metadata"),
    *("fallbacks", "max_cost"),
}
_PICTURES = ("input_reference", "last_frame", "references")
_PLAIN = {"prompt", "model", "seconds", "size", "user", "video", "video_id"}
_KNOWN = {*_OPTIONS, *_PICTURES, *_PLAIN}
_PROXYS_OWN = {
    *("api_key", "api_base", "base_url", "api_version", "extra_headers", "extra_body", "timeout"),
    *("custom_llm_provider", "idempotency_key"),
}
_WORDS = {"true": True, "1": True, "false": False, "0": False}
_MOST_LABELS, _LONGEST_LABEL = 16, 512
_MOST_PICTURES = 16
"""References in one request: more than any model takes, and few enough to fetch."""


@dataclass(slots=True)
class Wanted:
    """What a caller wants made.

    Attributes:
        source: the public id of the clip to make it from, if it names one.
        pictures: as they came; ``read`` fetches those that are addresses.
    """

    prompt: Any
    model: Any
    seconds: Any
    size: Any
    user: str | None
    source: str | None
    pictures: dict[str, Any] = field(repr=False)
    options: Options = field(repr=False)

    async def read(self, pictures: Pictures) -> None:
        """Fetch the pictures that are named by their address.

        Raises:
            InvalidRequest: one cannot be had.
        """
        for name, value in self.pictures.items():
            if isinstance(value, list):
                self.pictures[name] = [await _fetched(each, name, pictures) for each in value]
            else:
                self.pictures[name] = await _fetched(value, name, pictures)


def wanted(fields: Fields, pass_on: Iterable[str] | None) -> Wanted:
    """Check the names of a request's fields and sort them. ``pass_on`` may go to the provider; None: any.

    Raises:
        Refusal: a field that there is not, that is the proxy's own, or that is no picture.
    """
    extra = {name: value for name, value in fields.items() if name not in _KNOWN}
    for name in extra:
        if name in _PROXYS_OWN:
            message = f"{name!r} is for the proxy to say, not for its callers."
            raise Refusal(400, message, "unknown_parameter", param=name)
        if pass_on is not None and name not in pass_on:
            raise _unknown(name)
    # An empty part of a form says nothing.
    fields = {name: value for name, value in fields.items() if value is not None and value != ""}
    if not isinstance(fields.get("prompt", ""), str):
        raise Refusal(400, "The prompt must be text.", "invalid_value", param="prompt")
    options: dict[str, Any] = {name: fields[name] for name in _OPTIONS & fields.keys()}
    if isinstance(options.get("audio"), str):
        options["audio"] = _WORDS.get(options["audio"].lower(), options["audio"])
    if "metadata" in options:
        options["metadata"] = _labels(options["metadata"])
    if extra:
        options["extra_body"] = extra
    user = fields.get("user")
    if user is not None and not (isinstance(user, str) and len(user) <= _LONGEST_LABEL):
        message = f"user must be a text of at most {_LONGEST_LABEL} characters."
        raise Refusal(400, message, "invalid_value", param="user")
    return Wanted(
        prompt=fields.get("prompt", ""),
        model=fields.get("model"),
        seconds=fields.get("seconds"),
        size=fields.get("size"),
        user=user,
        source=_source(fields),
        pictures={name: _pictures(name, fields[name]) for name in _PICTURES if name in fields},
        options=Options(**options),  # type: ignore[typeddict-item]
    )


def _source(fields: Fields) -> str | None:
    """The clip that ``video_id`` names, or ``video``: an id, ``{"id": ...}``, or that as text."""
    video = fields.get("video_id", fields.get("video"))
    if isinstance(video, str) and video.startswith("{"):
        try:
            video = json.loads(video)
        except ValueError:
            video = None
    if isinstance(video, dict):
        video = video.get("id")
    if video is None and "video" not in fields and "video_id" not in fields:
        return None
    if isinstance(video, tuple):
        message = "A clip cannot be uploaded here: name one of yours, video={'id': ...}."
        raise Refusal(400, message, "unsupported_operation", param="video")
    if not isinstance(video, str):
        raise Refusal(400, "video must be the id of a video.", "invalid_value", param="video")
    return video


def _labels(given: Any) -> dict[str, str]:
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            given = None
    short = (
        isinstance(given, dict)
        and len(given) <= _MOST_LABELS
        and all(isinstance(value, (str, int, float, bool)) for value in given.values())
        and all(max(len(name), len(str(value))) <= _LONGEST_LABEL for name, value in given.items())
    )
    if not short:
        message = f"metadata must be an object of at most {_MOST_LABELS} short texts."
        raise Refusal(400, message, "invalid_value", param="metadata")
    return {name: str(value) for name, value in given.items()}


def _pictures(name: str, value: Any) -> Any:
    if name != "references":
        return _picture(name, value)
    values = [each for each in (value if isinstance(value, list) else [value]) if each]
    if len(values) > _MOST_PICTURES:
        message = f"At most {_MOST_PICTURES} references can be sent."
        raise Refusal(400, message, "invalid_value", param=name)
    return [_picture(name, each) for each in values]


def _picture(name: str, value: Any) -> Any:
    """A file, a data URL, or an address. Anything else, such as a path of this machine, is none."""
    if isinstance(value, dict):
        value = value.get("image_url", value.get("url"))
        value = value.get("url") if isinstance(value, dict) else value
    if isinstance(value, tuple):
        return value
    if isinstance(value, str) and (value.startswith("data:") or _is_address(value)):
        return value
    raise Refusal(
        400,
        f"{name} must be a file part, an http(s) address or a data URL of a picture.",
        "invalid_value",
        param=name,
    )


def _is_address(text: str) -> bool:
    try:
        return urlsplit(text).scheme in {"http", "https"}
    except ValueError:
        return False


async def _fetched(value: Any, name: str, pictures: Pictures) -> Any:
    if isinstance(value, str) and not value.startswith("data:"):
        return await pictures.fetch(value, name)
    return value


def _unknown(name: str) -> Refusal:
    near = nearest(name, _KNOWN, 1)
    hint = (
        f" Did you mean {near[0]!r}?"
        if near
        else " Whoever runs the proxy can let it through: soravid_settings.pass_on."
    )
    return Refusal(400, f"Unknown parameter: {name[:80]!r}.{hint}", "unknown_parameter", param=name[:80])
