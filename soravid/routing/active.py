"""Which groups a call uses: those of the ``Router`` that it is made through, else the configuration's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from soravid.routing.groups import Groups

_of_router: ContextVar[Groups | None] = ContextVar("soravid_groups", default=None)


@contextmanager
def using(groups: Groups) -> Iterator[None]:
    """Within the block, and in what is started there, these groups are used."""
    token = _of_router.set(groups)
    try:
        yield
    finally:
        _of_router.reset(token)


def of_router() -> Groups | None:
    """The groups of the ``Router`` that the call is made through, if it is through one."""
    return _of_router.get()
