"""What OpenAI's Videos API refuses, in its words. A check returns the value it accepts or raises."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from starlette.responses import JSONResponse

from tests.fakes import clips
from tests.fakes.base import Refusal
from tests.fakes.recorder import Recorded
from tests.fakes.videos import BLOCKED

PROMPT_LIMIT = 32_000
IMAGE_TYPES = ("image/jpeg", "image/png", "image/webp")


def refusal(
    status: int,
    message: str,
    *,
    code: str | None = None,
    param: str | None = None,
    kind: str = "invalid_request_error",
    headers: Mapping[str, str] | None = None,
) -> Refusal:
    """Return an error in OpenAI's envelope."""
    error = {"message": message, "type": kind, "param": param, "code": code}
    return Refusal(JSONResponse({"error": error}, status, headers=headers))


def not_found(video_id: str) -> Refusal:
    """Return the answer to an id that is unknown, deleted or expired."""
    return refusal(404, f"Video with id '{video_id}' not found.")


def no_model(model: str, status: int = 404) -> Refusal:
    """Return the answer to a model that is unknown or retired."""
    message = f"The model '{model}' does not exist or you do not have access to it."
    return refusal(status, message, code="model_not_found")


def blocked(*, azure: bool) -> Refusal:
    """Return the answer to a prompt that is not accepted."""
    if azure:
        inner = {"code": "ResponsibleAIPolicyViolation"}
        return azure_refusal(400, "content_filter", BLOCKED, inner_error=inner)
    return refusal(400, BLOCKED, code="moderation_blocked", kind="image_generation_user_error")


def limited(retry_after: str) -> Refusal:
    """Return the answer to one request too many."""
    headers = {
        "retry-after": retry_after,
        "x-ratelimit-limit-requests": "2",
        "x-ratelimit-remaining-requests": "0",
    }
    message = "Rate limit reached for sora-2."
    return refusal(429, message, code="rate_limit_exceeded", kind="requests", headers=headers)


def azure_refusal(status: int, code: str, message: str, **inner: Any) -> Refusal:
    """Return an error in Azure's shape."""
    return Refusal(JSONResponse({"error": {"code": code, "message": message, **inner}}, status))


def body(call: Recorded, allowed: Collection[str]) -> None:
    """Check that the body could be read and names no parameter that the operation does not have."""
    if call.malformed:
        raise refusal(400, f"We could not parse the body of your request. ({call.malformed})")
    for name in (*call.fields, *call.files):
        if name.split("[")[0] not in allowed:
            raise refusal(400, f"Unknown parameter: '{name}'.", code="unknown_parameter", param=name)


def prompt(call: Recorded) -> str:
    """Check the one parameter that every operation needs."""
    value = call.fields.get("prompt")
    if value is None:
        raise _missing("prompt")
    if not isinstance(value, str):
        raise refusal(
            400, "Invalid type for 'prompt': expected a string.", code="invalid_type", param="prompt"
        )
    if not value:
        message = (
            "Invalid 'prompt': empty string. "
            "Expected a string with minimum length 1, but got an empty string instead."
        )
        raise refusal(400, message, code="empty_string", param="prompt")
    if len(value) > PROMPT_LIMIT:
        message = (
            f"Invalid 'prompt': string too long. Expected a string with maximum length {PROMPT_LIMIT}, "
            f"but got a string with length {len(value)} instead."
        )
        raise refusal(400, message, code="string_above_max_length", param="prompt")
    return value


def choice(values: Mapping[str, Any], name: str, allowed: Sequence[str], default: str | None = None) -> str:
    """Check a string parameter against its enumeration; without a default it is required."""
    value = values.get(name, default)
    if value is None:
        raise _missing(name)
    if not isinstance(value, str):
        kind = "an integer" if isinstance(value, int) else f"a value of type {type(value).__name__}"
        message = (
            f"Invalid type for '{name}': expected one of {_list(allowed, 'or')}, but got {kind} instead."
        )
        raise refusal(400, message, code="invalid_type", param=name)
    if value not in allowed:
        message = f"Invalid value: '{value}'. Supported values are: {_list(allowed, 'and')}."
        raise refusal(400, message, code="invalid_value", param=name)
    return value


def reference(call: Recorded, size: str) -> None:
    """Check `input_reference`, a file or an object, against the pixel size that was asked for."""
    name = "input_reference"
    file, value = call.files.get(name), _object(call, name)
    if file is not None:
        if file.content_type not in IMAGE_TYPES:
            message = (
                f"Invalid file '{name}': unsupported mimetype ('{file.content_type}'). "
                f"Supported file formats are {_list(IMAGE_TYPES, 'and')}."
            )
            raise refusal(400, message, code="unsupported_file_mimetype", param=name)
        data: bytes | None = file.data
    elif value is None:
        return
    else:
        if not isinstance(value, dict) or sum(key in value for key in ("file_id", "image_url")) != 1:
            message = f"Invalid '{name}': expected exactly one of 'file_id' and 'image_url'."
            raise refusal(400, message, code="invalid_value", param=name)
        data = _inline(str(value.get("image_url", "")))
    if data is None:
        return  # a file id or a web address: nothing to measure
    measured = clips.size_of(data)
    if measured is None:
        raise refusal(400, f"Invalid file '{name}': not an image.", code="invalid_image", param=name)
    if measured != size:
        raise refusal(400, "Inpaint image must match the requested width and height", param=name)


def source_id(call: Recorded) -> str | None:
    """Return the id in `video`, or None when `video` is an uploaded file."""
    value = _object(call, "video")
    if "video" in call.files:
        return None
    if value is None:
        raise _missing("video")
    if not isinstance(value, dict) or not isinstance(value.get("id"), str):
        raise refusal(400, "Invalid type for 'video': expected an object with an 'id'.", param="video")
    return str(value["id"])


def clip_seconds(call: Recorded) -> str:
    """Return the length of the uploaded `video` in whole seconds."""
    length = clips.seconds_of(call.files["video"].data)
    if length is None:
        raise refusal(400, "Invalid file 'video': not a video.", code="invalid_value", param="video")
    return str(max(1, round(length)))


def limit(value: str) -> int:
    """Check the length of a page."""
    if not value.isdecimal() or int(value) > 100:
        raise refusal(400, "Invalid 'limit': expected an integer from 0 to 100.", param="limit")
    return int(value)


def _object(call: Recorded, name: str) -> Any:
    """Return a parameter that is an object, in JSON or as the form parts `name[key]`."""
    prefix = f"{name}["
    parts = {key[len(prefix) : -1]: value for key, value in call.fields.items() if key.startswith(prefix)}
    return parts or call.fields.get(name)


def _inline(url: str) -> bytes | None:
    """Return the bytes of a base64 data URL, or None for another address."""
    if not url.startswith("data:"):
        return None
    try:
        return base64.b64decode(url.partition(",")[2], validate=True)
    except binascii.Error:
        return b""


def _missing(name: str) -> Refusal:
    return refusal(
        400, f"Missing required parameter: '{name}'.", code="missing_required_parameter", param=name
    )


def _list(values: Sequence[str], word: str) -> str:
    """Write values as OpenAI does: `'4', '8', and '12'`."""
    quoted = [f"'{value}'" for value in values]
    if len(quoted) < 3:
        return f" {word} ".join(quoted)
    return f"{', '.join(quoted[:-1])}, {word} {quoted[-1]}"
