"""A route as a line of the proxy's table, and how it stands on the OpenAPI page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from soravid.proxy.schemas import Envelope

Endpoint = Callable[[Request], Awaitable[Response]]
Query = Sequence[tuple[str, dict[str, Any]]]

SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A virtual key, or the master key."}
}
TEXT = {"type": "string"}
MEDIA = ("video/mp4", "video/webm", "image/webp", "image/jpeg", "image/png")
MAKING = (400, 401, 402, 403, 404, 408, 409, 413, 415, 429, 500, 501, 502, 503, 504)
LOOKING = (400, 401, 403, 404, 500, 503)
ADMIN = (400, 401, 403, 408, 413, 415, 500, 503)
"""The failures that a kind of route may answer with."""


@dataclass(frozen=True, slots=True)
class Line:
    """One route. A handler takes the bare request, so all that the page says of it is said here.

    Attributes:
        gives: what comes back where all is well; None: media, or nothing that has a shape.
        fails: the statuses of its refusals.
        takes: what its body holds, if it has one; ``form``: which may also be a form.
        quick: it is found without looking through the table, because it is asked for so often.
    """

    method: str
    path: str
    endpoint: Endpoint
    tag: str
    gives: type[BaseModel] | None = None
    fails: tuple[int, ...] = LOOKING
    media: tuple[str, ...] = ()
    takes: type[BaseModel] | None = None
    form: bool = False
    query: Query = ()
    needs_key: bool = True
    quick: bool = False

    @property
    def responses(self) -> dict[int | str, dict[str, Any]]:
        """What comes back, by status."""
        good: dict[str, Any] = {"description": "As asked for."}
        if self.gives:
            good["model"] = self.gives
        if self.media:
            binary = {"schema": {"type": "string", "format": "binary"}}
            good["content"] = dict.fromkeys(self.media, binary)
        found: dict[int | str, dict[str, Any]] = {200: good}
        if self.media:
            found[206] = {**good, "description": "The part that Range asks for."}
            found[304] = {"description": "It is the one that the caller has."}
        return found | {
            status: {"model": Envelope, "description": _FAILURES[status]} for status in self.fails
        }

    @property
    def extra(self) -> dict[str, Any]:
        """Its parameters and its body."""
        extra: dict[str, Any] = {"security": [{"bearer": []}] if self.needs_key else []}
        parameters: list[dict[str, Any]] = [
            {"name": part[1:-1].partition(":")[0], "in": "path", "required": True, "schema": TEXT}
            for part in self.path.split("/")
            if part.startswith("{")
        ]
        parameters += [{"name": name, "in": "query", "schema": schema} for name, schema in self.query]
        if parameters:
            extra["parameters"] = parameters
        if self.takes:
            schema = _inlined(self.takes.model_json_schema())
            content: dict[str, Any] = {"application/json": {"schema": schema}}
            if self.form:
                content["multipart/form-data"] = {"schema": _as_form(schema)}
            extra["requestBody"] = {"required": True, "content": content}
        return extra


_FAILURES = {
    400: "Something in the request cannot work; nothing was sent.",
    401: "No key, or one that is not known.",
    402: "A budget has no room for it.",
    403: "The key may not do this.",
    404: "There is none, or it is somebody else's.",
    408: "The body did not come in time.",
    409: "Not in the state that it is in.",
    413: "The request is too large.",
    415: "Neither JSON nor a form.",
    416: "The range lies outside of the file.",
    429: "A rate limit, or a budget that begins anew by itself; Retry-After says when.",
    500: "A fault of the proxy's.",
    501: "A part of soravid that it needs is not installed.",
    502: "The provider cannot be reached, or had a fault.",
    503: "The proxy, or every deployment of the model, is not up.",
    504: "The provider's answer did not come.",
}


def _as_form(schema: dict[str, Any]) -> dict[str, Any]:
    """The same fields as parts of a form: pictures are files."""
    parts = dict(schema["properties"])
    file = {"type": "string", "format": "binary"}
    parts |= {name: file for name in ("input_reference", "last_frame") if name in parts}
    if "references" in parts:
        parts["references"] = {"type": "array", "items": file}
    return {**schema, "properties": parts}


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without references, so that it can stand anywhere on the page."""
    definitions = schema.pop("$defs", {})

    def whole(part: Any) -> Any:
        if isinstance(part, list):
            return [whole(each) for each in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            return whole(definitions[part["$ref"].rpartition("/")[2]])
        return {name: whole(each) for name, each in part.items()}

    found: dict[str, Any] = whole(schema)
    return found
