"""The ids that a proxy gives out, and what it notes among a job's labels.

``video_`` is followed by the journal's id of the job and 128 random bits that only the job's own row has. So
an id leads straight to its row, cannot be guessed from another, and says nothing of the provider's.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

from soravid.ledger import JobRow
from soravid.routing import GROUP

MARK = "soravid.clip"
"""The random part of the id."""
KEY, TEAM = "soravid.key", "soravid.team"
"""Whose the job is: ids of a virtual key and of its team."""
END_USER = "soravid.end_user"
"""What the caller said in ``user``: for tracking only, nothing is charged to it."""
SOURCE = "soravid.source"
"""The public id of the clip that it is made from."""
FIRST = "soravid.first"
"""The job that it stands in for, since that one failed."""

_ID = re.compile(r"video_([0-9a-z]{1,64})([0-9a-f]{32})")


def new_mark() -> str:
    """The random part of a new id."""
    return secrets.token_hex(16)


def public_id(row: JobRow) -> str:
    """The id under which callers know a job; of one that was not made through a proxy, the journal's."""
    mark = row.labels.get(MARK)
    first = row.labels.get(FIRST, row.id)
    return f"video_{first.removeprefix('job_')}{mark}" if mark else row.id


def job_of(video_id: str) -> str | None:
    """The journal's id of the job that an id would belong to; whether it does is for ``is_its_id``."""
    shape = _ID.fullmatch(video_id)
    return f"job_{shape[1]}" if shape else None


def is_its_id(row: JobRow, video_id: str) -> bool:
    """Whether an id is the job's own. Compared in constant time."""
    return MARK in row.labels and hmac.compare_digest(public_id(row), video_id)


def model_of(row: JobRow) -> str:
    """The model as it was asked for: a group's name, else ``provider/model``."""
    return row.labels.get(GROUP) or row.model


def idempotency_key(owner: str, given: str) -> str:
    """A caller's own key as the journal has it: nobody's is ever taken for somebody else's."""
    return hashlib.sha256(f"{owner}\n{given}".encode()).hexdigest()
