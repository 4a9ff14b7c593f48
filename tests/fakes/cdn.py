"""A content host on an origin of its own, to which another fake redirects. It serves anybody."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response

from tests.fakes import clips
from tests.fakes.base import Fake, Operation
from tests.fakes.recorder import Recorded

CREDENTIALS = ("authorization", "api-key", "x-api-key", "x-goog-api-key", "cookie")


class CDNFake(Fake):
    """Answers `/NAME` with the bytes that an `OpenAIFake` of the same settings gives to its video NAME."""

    def __init__(self, content_size: int | None = None, clip: bytes | None = None) -> None:
        super().__init__()
        self.content_size, self.clip = content_size, clip

    def operations(self) -> Iterable[tuple[str, str, Operation]]:
        """Return its one operation."""
        return [("GET", "/{name:path}", self._content)]

    @property
    def credentials(self) -> dict[str, str]:
        """The credentials that arrived here, by header name: there should be none."""
        return {
            name: value
            for call in self.requests
            for name, value in call.headers.items()
            if name in CREDENTIALS
        }

    async def _content(self, request: Request, call: Recorded) -> Response:
        return clips.send_media(
            request, clips.video(request.path_params["name"], self.content_size, self.clip)
        )
