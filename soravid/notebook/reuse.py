"""The cell that asks again for what a job asked for: as it is, it shows the same clip and costs nothing."""

from __future__ import annotations

from soravid.ledger import JobRow
from soravid.notebook import options
from soravid.notebook.cell_text import cell_text
from soravid.routing import GROUP

PICTURE = "PICTURE"
"""Stands where a picture was: the journal keeps none, nor where it lay."""


def same_request(row: JobRow) -> str:
    """A job's request as a ``%%video`` cell. Where it had pictures, ``PICTURE`` stands for each."""
    asked = row.parameters
    args = options.parse("")
    args.model = row.labels.get(GROUP, row.model)
    args.seconds, args.size = asked.get("seconds"), asked.get("size")
    args.reference = PICTURE if "input_reference" in asked else None
    args.last_frame = PICTURE if "last_frame" in asked else None
    args.also = [PICTURE for _ in asked.get("references") or ()]
    args.audio, args.negative, args.user = asked.get("audio"), asked.get("negative_prompt"), row.user
    args.takes = asked.get("take", 1)
    if "seed" in asked and not asked["seed"] == args.takes > 1:  # a later take's own seed is its number
        args.seed = asked["seed"] - args.takes + 1
    args.param = [f"{name}={value}" for name, value in (asked.get("extra_body") or {}).items()]
    if row.operation in {"remix", "edit", "extend"}:
        setattr(args, row.operation, asked.get("source_id"))
    return cell_text(args, row.prompt)
