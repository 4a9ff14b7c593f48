"""What comes in and what goes out: the fields of a request, the error envelope, the reading of bodies."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from soravid.engine.store import Request

MODEL = "animatic"
MODEL_NAMES = ("animatic", "local/animatic")
MAX_PROMPT = 32_000
MAX_SECONDS = 60
MAX_FPS = 60
MAX_PACE = 60
SIDE_MIN, SIDE_MAX = 64, 3840
MAX_METADATA = 16_384

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SIZE = re.compile(r"([0-9]{2,4})x([0-9]{2,4})")


class WireError(Exception):
    """A refusal in OpenAI's envelope: HTTP `status`, one sentence, the field at fault and a code."""

    def __init__(
        self, status: int, message: str, *, param: str | None = None, code: str | None = None, kind: str = ""
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code
        self.kind = kind or ("server_error" if status >= 500 else "invalid_request_error")

    def body(self) -> dict[str, Any]:
        """Return ``{"error": {message, type, param, code}}``."""
        return {"error": {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}}


def invalid(param: str, value: object, allowed: str) -> WireError:
    """Make the 400 for a field with a wrong value, naming what is allowed."""
    shown = repr(value)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    return WireError(
        400, f"Invalid value for '{param}': {shown}. {allowed}", param=param, code="invalid_value"
    )


def parse_json(body: bytes) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        WireError: 400 when it is not one.
    """
    try:
        value = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise WireError(400, "The body is not valid JSON.", code="invalid_json") from None
    if not isinstance(value, dict):
        raise WireError(400, "The body must be a JSON object.", code="invalid_json")
    return value


def _no_constant(name: str) -> float:
    message = f"{name} is not JSON"
    raise ValueError(message)


def parse_create(fields: Mapping[str, Any]) -> Request:
    """Check the fields of a create call and fill in the defaults.

    Raises:
        WireError: 400 for a wrong value, 404 for a model that is not here.
    """
    model = fields.get("model")
    if model is not None and (not isinstance(model, str) or model not in MODEL_NAMES):
        name = model if isinstance(model, str) else repr(model)
        raise WireError(
            404,
            f"The model {name[:80]!r} does not exist here. The local engine has 'animatic'.",
            param="model",
            code="model_not_found",
        )
    return Request(
        prompt=parse_prompt(fields),
        seconds=parse_seconds(fields.get("seconds")) or "4",
        size=_parse_size(fields.get("size")),
        seed=parse_seed(fields.get("seed")),
        fps=_parse_fps(fields.get("fps")),
        pace=parse_pace(fields.get("pace")),
        metadata=_parse_metadata(fields.get("metadata")),
    )


def parse_prompt(fields: Mapping[str, Any]) -> str:
    """Return the prompt: 1..32000 characters, no control characters but line ends and tabs."""
    prompt = fields.get("prompt")
    if prompt is None:
        raise WireError(
            400, "The field 'prompt' is required.", param="prompt", code="missing_required_parameter"
        )
    if not isinstance(prompt, str):
        raise invalid("prompt", prompt, "It must be a string.")
    if not prompt.strip() or len(prompt) > MAX_PROMPT:
        said = "it is empty" if not prompt.strip() else f"it has {len(prompt)}"
        message = f"Invalid value for 'prompt': {said}. It must have 1 to {MAX_PROMPT} characters."
        raise WireError(400, message, param="prompt", code="invalid_value")
    if _CONTROL.search(prompt) or any("\ud800" <= char <= "\udfff" for char in prompt):
        raise invalid("prompt", prompt, "It must be plain text without control characters.")
    return prompt


def parse_seconds(value: object) -> str | None:
    """Return the length as a tidy string, or None when it was not given."""
    if value is None:
        return None
    number = _number(value)
    if number is None or not 1 <= number <= MAX_SECONDS:
        raise invalid("seconds", value, f"It must be a number from 1 to {MAX_SECONDS}.")
    return f"{round(number, 3):g}"


def parse_seed(value: object) -> int | None:
    """Return the seed, or None when it was not given."""
    if value is None:
        return None
    number = _integer(value)
    if number is None or abs(number) >= 2**64:
        raise invalid("seed", value, "It must be an integer below 2**64.")
    return number


def parse_pace(value: object) -> float:
    """Return the least wall seconds per second of clip (0 when not given)."""
    number = 0.0 if value is None else _number(value)
    if number is None or not 0 <= number <= MAX_PACE:
        raise invalid("pace", value, f"It must be a number from 0 to {MAX_PACE}.")
    return number


def _parse_size(value: object) -> str:
    if value is None:
        return "1280x720"
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is None or any(
        int(side) % 2 or not SIDE_MIN <= int(side) <= SIDE_MAX for side in match.groups()
    ):
        allowed = f"It must be WIDTHxHEIGHT, such as '1280x720', both even and from {SIDE_MIN} to {SIDE_MAX}."
        raise invalid("size", value, allowed)
    return f"{int(match[1])}x{int(match[2])}"


def _parse_fps(value: object) -> int:
    number = 24 if value is None else _integer(value)
    if number is None or not 1 <= number <= MAX_FPS:
        raise invalid("fps", value, f"It must be an integer from 1 to {MAX_FPS}.")
    return number


def _parse_metadata(value: object) -> dict[str, Any]:
    if value is None or value == "":
        return {}
    if isinstance(value, str):
        try:
            value = json.loads(value, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            value = None
    try:
        size = len(json.dumps(value, ensure_ascii=False).encode())
    except (UnicodeEncodeError, RecursionError):
        size = MAX_METADATA + 1
    if not isinstance(value, dict) or size > MAX_METADATA:
        message = f"Invalid value for 'metadata'. It must be a JSON object of at most {MAX_METADATA} bytes."
        raise WireError(400, message, param="metadata", code="invalid_value")
    return value


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and not re.fullmatch(r"\s*[+-]?[0-9]{0,12}(\.[0-9]{0,12})?\s*", value):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _integer(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?[0-9]{1,30}\s*", value):
        return int(value)
    return None
