"""The seam to providers: an operation is a generator that yields a request and is sent the response.

One text then serves sync, async, a server and the tests, as ``httpx.Auth.auth_flow`` does: whoever drives
the flow owns the socket, the clock and the retries. A flow itself touches nothing outside its arguments.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, TypeVar

from soravid.deployments import Deployment, ProviderProfile
from soravid.types import Variant, Video, VideoRequest

T = TypeVar("T")

Part = tuple[str, tuple[str | None, bytes | str, str | None]]
"""One part of a form: name, then (file name, content, media type)."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, before any socket.

    ``billable`` marks the one request that makes the provider charge: it is never repeated.
    ``safe`` marks a POST that only asks, as a GET does: it may be repeated.
    A request with ``files`` goes out as multipart/form-data, one with ``json`` as JSON.
    ``bearer`` gives the token of the authorization header where that may have to be fetched first.
    """

    method: str
    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: Any = field(default=None, repr=False)
    files: tuple[Part, ...] = field(default=(), repr=False)
    billable: bool = False
    safe: bool = False
    bearer: Callable[[], str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """The answer, read whole. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)
    attempt: int = 1
    """At which try it came, for a request that is safe to repeat."""

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body as JSON, or None where it is not JSON."""
        try:
            return json.loads(self.content)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Download:
    """Where the bytes of a clip are, not the bytes.

    ``headers`` and ``bearer`` are the credential for ``url``'s own host; they must not follow a redirect
    elsewhere. Bytes that a provider sends inside its answer stand in ``data``; ``url`` is then empty.
    """

    url: str
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    explain: Callable[[Response], Exception] = field(default=lambda r: OSError(r.status), repr=False)
    """Turns an error answer of that URL into one of our exceptions."""
    bearer: Callable[[], str] | None = field(default=None, repr=False)
    data: bytes | None = field(default=None, repr=False)


Flow = Generator[Request, Response, T]


class Provider(Protocol):
    """A wire. Each instance speaks for one deployment."""

    profile: ClassVar[ProviderProfile]
    deployment: Deployment

    def __init__(self, deployment: Deployment) -> None: ...

    def create(self, request: VideoRequest, *, idempotency_key: str | None = None) -> Flow[Video]:
        """Start a job. The operations remix, edit and extend of a request come this way, too."""
        ...

    def retrieve(self, video_id: str) -> Flow[Video]:
        """Ask for a job's state."""
        ...

    def content(self, video_id: str, variant: Variant) -> Flow[Download]:
        """Say where the bytes are."""
        ...

    def list(
        self, *, after: str | None, limit: int | None, order: str | None
    ) -> Flow[tuple[list[Video], bool]]:
        """One page of the account's jobs, and whether there are more."""
        ...

    def delete(self, video_id: str) -> Flow[None]:
        """Remove a finished job and its clip at the provider."""
        ...

    def cancel(self, video_id: str) -> Flow[None]:
        """Stop a running job.

        Raises:
            UnsupportedOperation: the provider does not stop a running job.
        """
        ...

    def models(self) -> Flow[Sequence[dict[str, Any]]]:
        """The account's models as rows of the catalogue (``soravid.catalog.Model``); empty where not told."""
        ...
