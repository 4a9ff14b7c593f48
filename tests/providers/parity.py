"""The same request by an official SDK and by our adapter, as both arrived: what differs must be explained."""

from __future__ import annotations

import json
from typing import Any

from tests.fakes.recorder import Recorded

CREDENTIALS = ("authorization", "x-goog-api-key", "api-key", "x-api-key")


def differences(theirs: Recorded, ours: Recorded, *, headers: tuple[str, ...] = ()) -> dict[str, Any]:
    """What differs, by its place, as (theirs, ours): method, path, query, credential, body, each field.

    ``headers`` names further headers that must be the same.
    """
    pairs: dict[str, tuple[Any, Any]] = {
        "method": (theirs.method, ours.method),
        "path": (theirs.path, ours.path),
        "body": (_kind(theirs), _kind(ours)),
    }
    for name in (*CREDENTIALS, *headers):
        pairs[f"header.{name}"] = theirs.headers.get(name), ours.headers.get(name)
    for place, one, other in (
        ("query", theirs.query, ours.query),
        ("field", _flat(theirs.fields), _flat(ours.fields)),
        ("file", _files(theirs), _files(ours)),
    ):
        for name in sorted({*one, *other}):
            pairs[f"{place}.{name}"] = one.get(name), other.get(name)
    return {place: pair for place, pair in pairs.items() if pair[0] != pair[1]}


def _kind(call: Recorded) -> str:
    if call.is_multipart:
        return "form"
    return "json" if call.is_json and (call.body or call.fields) else "none"


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    """An object as one level: ``a.b.0.c``."""
    if isinstance(value, dict) and value:
        parts = value.items()
    elif isinstance(value, list) and value:
        parts = enumerate(value)  # type: ignore[assignment]
    else:
        return {name: json.dumps(value)} if name else {}
    flat: dict[str, Any] = {}
    for key, part in parts:
        flat |= _flat(part, f"{name}.{key}" if name else str(key))
    return flat


def _files(call: Recorded) -> dict[str, Any]:
    return {name: (file.filename, file.content_type, file.data) for name, file in call.files.items()}
