"""The one place that lets event loops nest, and only when it is asked to."""

from __future__ import annotations

from soravid.errors import MissingExtra


def allow_nested_run() -> None:
    """Let code that ends in ``asyncio.run(...)`` run inside a notebook's cell.

    This patches the running loop, for good. soravid itself never needs it: in a cell, ``await`` works.

    Raises:
        MissingExtra: nest-asyncio2 is not installed.
    """
    try:
        import nest_asyncio2
    except ImportError:
        raise MissingExtra("Nesting event loops", "notebook") from None
    nest_asyncio2.apply()
