"""What a proxy is told of its media store: a folder, or a bucket that speaks S3."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from soravid import settings
from soravid.errors import InvalidRequest
from soravid.observe import redact
from soravid.routing import keys

_OF_A_BUCKET = ("endpoint_url", "region", "access_key_id", "secret_access_key")


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketOptions:
    """A bucket, and the part of it that is ours. What is None is as the environment has it (``AWS_...``)."""

    name: str
    prefix: str = ""
    endpoint_url: str | None = None
    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaOptions:
    """Where clips are kept, and for how long: seconds and bytes; None: for ever, and any number.

    Attributes:
        path: the folder; with a bucket, the one that clips pass through.
    """

    path: Path
    max_age: float | None = None
    max_bytes: int | None = None
    bucket: BucketOptions | None = None


def read_media(given: Any, folder: Path, seconds_of: Callable[[str, Any], float]) -> MediaOptions:
    """Read ``media_store``: a path, or an object. A relative path begins at ``folder``.

    Raises:
        InvalidRequest: a mistake in it.
    """
    passing = settings.home() / "clips"
    if given is None:
        return MediaOptions(path=passing)
    told = {"path": given} if isinstance(given, str) else given
    told = keys.checked("media_store", told, {"path", "max_age", "max_size_gb", *_OF_A_BUCKET})
    path, age, size = str(told.get("path") or passing), told.get("max_age"), told.get("max_size_gb")
    bucket = _bucket(path, told)
    return MediaOptions(
        path=passing if bucket else folder / Path(path).expanduser(),
        max_age=None if age is None else seconds_of("max_age", age),
        max_bytes=None if size is None else int(keys.number("max_size_gb", size) * (1 << 30)),
        bucket=bucket,
    )


def _bucket(path: str, told: dict[str, Any]) -> BucketOptions | None:
    named = {name: str(told[name]) for name in _OF_A_BUCKET if told.get(name) is not None}
    if not path.startswith("s3://"):
        if named:
            message = f"media_store: {next(iter(named))} is for a bucket, and path is none."
            raise InvalidRequest(message, param="path", hint="A bucket's path is s3://BUCKET/FOLDER.")
        return None
    parts = urlsplit(path)
    if not parts.netloc or parts.query or "@" in parts.netloc:
        raise InvalidRequest("media_store: path must be s3://BUCKET or s3://BUCKET/FOLDER.", param="path")
    if ("access_key_id" in named) != ("secret_access_key" in named):
        message = "media_store: access_key_id and secret_access_key belong together."
        raise InvalidRequest(message, param="access_key_id")
    if "endpoint_url" in named and urlsplit(named["endpoint_url"]).scheme not in {"http", "https"}:
        message = "media_store: endpoint_url must be an address such as https://host."
        raise InvalidRequest(message, param="endpoint_url")
    redact.remember(named.get("secret_access_key"))
    return BucketOptions(name=parts.netloc, prefix=parts.path.strip("/"), **named)
