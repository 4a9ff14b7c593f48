"""The types of the two faces of what brings content, which a decorator cannot say: they are overloaded."""

from __future__ import annotations

import os
from collections.abc import Coroutine
from typing import Any, BinaryIO, Protocol, TypeVar, Unpack, overload

from soravid.deployments import Connection

B = TypeVar("B", covariant=True)
N = TypeVar("N", covariant=True)


class Content(Protocol[B, N]):
    """The type of what brings content: bytes, or nothing where a ``file`` was named."""

    @overload
    def __call__(
        self,
        video_id: str,
        model: str | None = ...,
        *,
        variant: str = ...,
        file: None = ...,
        **connection: Unpack[Connection],
    ) -> B: ...
    @overload
    def __call__(
        self,
        video_id: str,
        model: str | None = ...,
        *,
        variant: str = ...,
        file: str | os.PathLike[str] | BinaryIO,
        **connection: Unpack[Connection],
    ) -> N: ...


BlockingContent = Content[bytes, None]
HoppingContent = Content[Coroutine[Any, Any, bytes], Coroutine[Any, Any, None]]
