"""Files that come out of a page: in pieces, because a message of 12 MB from a browser is lost in silence."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from soravid.errors import InvalidRequest

PIECE = 2_000_000
"""Bytes of one message; 4 MB is the most that is taken."""
_MOST_AT_ONCE = 4


@dataclass
class _Coming:
    name: str
    size: int
    data: bytearray = field(default_factory=bytearray)


class Uploads:
    """Puts files together again.

    Args:
        limit: bytes that a file may have.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._coming: dict[str, _Coming] = {}

    def take(self, content: dict[str, Any], buffers: Any) -> tuple[str, bytes] | None:
        """Take the next piece; the file's name and its bytes once they are all there, None before.

        Args:
            content: the upload's ``id``, the file's ``name`` and ``size`` in bytes, and ``at``, where this
                piece goes.
            buffers: the piece.

        Raises:
            InvalidRequest: too large, too many at once, or a piece that does not follow the one before.
        """
        key, at = str(content.get("id")), content.get("at")
        if at == 0:
            self._coming.pop(key, None)
            self._begin(key, str(content.get("name")), content.get("size"))
        coming = self._coming.get(key)
        piece = bytes(buffers[0]) if buffers else b""
        if coming is None or at != len(coming.data) or len(piece) > 2 * PIECE:
            self._coming.pop(key, None)
            raise InvalidRequest("The file did not arrive whole.", hint="Choose it again.")
        coming.data += piece
        if len(coming.data) < coming.size and piece:
            return None
        del self._coming[key]
        if len(coming.data) != coming.size:
            raise InvalidRequest("The file did not arrive whole.", hint="Choose it again.")
        return coming.name, bytes(coming.data)

    def _begin(self, key: str, name: str, size: object) -> None:
        if not isinstance(size, int) or not 0 < size <= self._limit:
            most = f"{self._limit // 1024**2} MiB"
            raise InvalidRequest(
                f"The file {name} is empty or has more than {most}; at most {most} can be sent."
            )
        while len(self._coming) >= _MOST_AT_ONCE:  # a page that was closed sends no more
            del self._coming[next(iter(self._coming))]
        self._coming[key] = _Coming(PurePosixPath(name.replace("\\", "/")).name, size)
