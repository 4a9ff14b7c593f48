"""A clip for each of many prompts.

    result = soravid.map(["A red kite", "A blue kite"], seconds=4, reuse=True)
    result.clips  # waits
    print(result.cost, result.failed)

Each clip goes the way that ``generate`` goes: guarded, priced, held and journalled on its own.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Unpack

from soravid.batches.batch import Batch
from soravid.batches.sending import Prompt
from soravid.deployments import Options
from soravid.errors import InvalidRequest
from soravid.loop import checked
from soravid.references import ReferenceInput

fronts: list[Callable[[Batch], object]] = []
"""What is called with each new batch: a notebook shows it in the cell that makes it."""


@checked
def map(
    prompts: Iterable[Prompt],
    *,
    model: str | None = None,
    concurrency: int = 4,
    seconds: str | float | None = None,
    size: str | None = None,
    input_reference: ReferenceInput = None,
    path: str | os.PathLike[str] | None = None,
    **options: Unpack[Options],
) -> Batch:
    """Make a clip for each prompt, and return the ``Batch`` at once. One that fails stops no other.

        result = soravid.map(["A red kite", {"prompt": "A fox", "seconds": 8}], model="local/animatic")

    With ``reuse=True`` running it again goes on where it ended: what is there costs nothing.

    Args:
        prompts: texts, or dictionaries with ``prompt`` and options of that one's own. Of a generator no more
            is taken than can be sent.
        model: ``provider/model``, as for ``generate``.
        concurrency: how many run at once.
        seconds: duration of each, in seconds.
        size: ``WIDTHxHEIGHT`` in pixels.
        input_reference: a picture that each starts from.
        path: a folder for the clips.
        **options: as for ``generate``.

    Raises:
        InvalidRequest: an argument that is wrong for all; nothing was sent.
    """
    if isinstance(prompts, (str, Mapping)):
        raise InvalidRequest('map takes several prompts: map(["A red kite", "A fox"]).', param="prompts")
    if not isinstance(concurrency, int) or not 1 <= concurrency <= 1000:
        raise InvalidRequest(f"concurrency must be 1 to 1000, not {concurrency!r}.", param="concurrency")
    wanted = {"model": model, "seconds": seconds, "size": size, "input_reference": input_reference}
    common = {**wanted, "path": path, **options}
    common = {name: value for name, value in common.items() if value is not None}
    batch = Batch(prompts, common, concurrency)
    batch.begin()
    for show in fronts:
        show(batch)
    return batch


async def amap(prompts: Iterable[Prompt], **options: Any) -> Batch:
    """As ``map``, awaited: the batch when it has ended."""
    return await (await asyncio.to_thread(map, prompts, **options))
