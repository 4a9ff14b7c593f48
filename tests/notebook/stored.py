"""Jobs written straight into this process's journal: what a gallery or a meter shows, in no time."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path

from soravid.deployments import Deployment
from soravid.ledger import JobRow, Scope
from soravid.ledger.journal import Journal
from soravid.money import to_nano
from soravid.planning import current
from soravid.types import Video, VideoRequest

POSTER = "data:image/webp;base64,UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="
_numbers = itertools.count()


def journal() -> Journal:
    """The journal of this process."""
    return current().journal


def begun(
    prompt: str = "A red kite",
    *,
    model: str = "gemini/gemini-omni-1.2-flash",
    held: str | None = "0.80",
    labels: Mapping[str, str] | None = None,
    **asked: object,
) -> JobRow:
    """A job of this session that holds so many USD."""
    request = VideoRequest(model=model, prompt=prompt, **{"seconds": "8", "size": "1280x720"} | asked)  # type: ignore[arg-type]
    here = Deployment(provider="gemini", model=model, api_base="http://127.0.0.1/v1", own_host=False)
    amount = None if held is None else to_nano(held)
    scopes = [Scope("session", journal().session)]
    return journal().open(request, here, amount, labels=dict(labels or {}), scopes=scopes)[0]


def ended(row: JobRow, cost: str | None = "0.80") -> JobRow:
    """The job with a clip that cost so many USD."""
    video = Video(id=f"video_{next(_numbers)}", status="completed", seconds="8", size="1280x720")
    return journal().observe(row.id, video, None if cost is None else to_nano(cost))


def stored(
    prompt: str = "A red kite", cost: str | None = "0.80", *, file: Path | None = None, **asked: object
) -> JobRow:
    """A job with a clip on disk, in ``soravid_media`` unless it is said where."""
    row = ended(begun(prompt, held=cost, **asked), cost)  # type: ignore[arg-type]
    file = file or Path("soravid_media") / f"{row.id}.mp4"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"a clip of sorts")
    return journal().stored(row.id, file.absolute(), POSTER)
