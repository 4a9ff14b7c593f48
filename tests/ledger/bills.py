"""Jobs of ten days, written past the pipeline, for stories about bills."""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa

from soravid.ledger.journal import Journal
from soravid.ledger.schema import accounts, jobs, postings

DAY = 86_400


def fill(journal: Journal, count: int, prompt: str = "A kite") -> None:
    """Write jobs of ten days, three at the very same time, of two keys; a fifth each runs, failed, or has
    no price.
    """
    states = (("completed", 10, 90), ("queued", 10, None), ("completed", 10, None), ("failed", 10, 0))
    rows: list[dict[str, Any]] = []
    for k in range(count):
        day, inside = divmod(k, count // 10)
        status, held, cost = (("completed", 10, 90), *states)[k % 5]
        rows.append(
            {column.name: None for column in jobs.c}
            | {
                "id": f"job_{k:08}",
                "session": "s",
                "model": "openai/kite",
                "prompt": prompt,
                "operation": "create",
                "parameters": {},
                "fingerprint": "f",
                "labels": {"key": f"key_{k % 2}"} | ({"group": "kites"} if k % 3 else {}),
                "api_base": "http://127.0.0.1",
                "status": status,
                "held": held,
                "cost": cost,
                "delivered": False,
                "over": False,
                "created_at": (20_000 + day) * DAY + (DAY - 0.2 if inside > 6 else 1.5 * inside),
                "updated_at": time.time(),
            }
        )

    def write(db: sa.Connection) -> None:
        for k in range(2):
            account = {"kind": "key", "name": f"key_{k}", "every": "", "starts_at": 0, "spent": 0, "held": 0}
            db.execute(accounts.insert(), account)
        ids = {row.name: row.id for row in db.execute(sa.select(accounts.c.name, accounts.c.id))}
        db.execute(jobs.insert(), rows)
        posting = {"kind": "hold", "held": 0, "spent": 0, "over": False, "at": 0.0}
        db.execute(
            postings.insert(),
            [posting | {"account_id": ids[row["labels"]["key"]], "job_id": row["id"]} for row in rows],
        )

    journal._database.write(write)
