"""Who wants to hear of each change of a job."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Listeners(Generic[T]):
    """Functions that are called with the news. What one of them raises reaches nobody."""

    def __init__(self) -> None:
        self._all: list[Callable[[T], object]] = []

    def add(self, listener: Callable[[T], object]) -> None:
        """Have a function called from now on."""
        self._all.append(listener)

    def tell(self, news: Callable[[], T]) -> None:
        """Call each function with what ``news`` makes; it is not asked where nobody listens."""
        for listener in self._all:
            try:
                listener(news())
            except Exception:  # noqa: S112 - a listener's fault must not end a paid job
                continue
