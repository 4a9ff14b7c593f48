"""What a fake was asked: one `Recorded` a request, with its body already parsed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request


@dataclass(frozen=True)
class Upload:
    """A file part of a multipart body."""

    filename: str
    content_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Recorded:
    """One request.

    Header names are in lower case; `fields` are a form's text parts or a JSON object's members.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str] = field(repr=False)
    fields: dict[str, Any]
    files: dict[str, Upload]
    body: bytes = field(default=b"", repr=False)
    malformed: str = ""

    @property
    def is_json(self) -> bool:
        """Whether the body came as JSON."""
        return self.headers.get("content-type", "").startswith("application/json")

    @property
    def is_multipart(self) -> bool:
        """Whether the body came as multipart/form-data."""
        return self.headers.get("content-type", "").startswith("multipart/form-data")


async def record(request: Request) -> Recorded:
    """Read a request to its end."""
    fields: dict[str, Any] = {}
    files: dict[str, Upload] = {}
    body, malformed = b"", ""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind in ("multipart/form-data", "application/x-www-form-urlencoded"):
        try:
            async with request.form(max_part_size=32 * 1024 * 1024) as form:
                for name, value in form.multi_items():
                    if isinstance(value, UploadFile):
                        content_type = value.content_type or "application/octet-stream"
                        files[name] = Upload(value.filename or "", content_type, await value.read())
                    else:
                        fields[name] = value
        except HTTPException as error:
            malformed = error.detail
    else:
        body = await request.body()
        if kind == "application/json" and body:
            try:
                parsed = json.loads(body)
                fields = parsed if isinstance(parsed, dict) else {}
                malformed = "" if isinstance(parsed, dict) else "not an object"
            except ValueError as error:
                malformed = str(error)
    return Recorded(
        method=request.method,
        path=request.url.path,
        query=dict(request.query_params),
        headers={name.lower(): value for name, value in request.headers.items()},
        fields=fields,
        files=files,
        body=body,
        malformed=malformed,
    )
