"""Webhooks that wait: each try is somebody's, and nobody's for ever; and who is signed in."""

from __future__ import annotations

import time
from pathlib import Path

import sqlalchemy as sa

from soravid.ledger.deliveries import Deliveries
from soravid.ledger.journal import Journal
from soravid.ledger.schema import jobs
from soravid.ledger.sign_ins import SignIns


def test_a_try_is_claimed_once_and_falls_to_others_in_time(home: Path, url: str | None) -> None:
    journal = Journal(home, url=url)
    journal._database.write(_one_job)
    first, second = Deliveries.of(journal), Deliveries.of(journal)
    assert first.add("job_1", "video.completed", ["config:a", "key:b"]) == 2
    assert second.add("job_1", "video.completed", ["config:a", "config:c"]) == 1
    now = time.time()
    (due, *_) = first.due(now, 10)
    assert first.claim(due, now + 60)
    assert not second.claim(due, now + 60)
    assert due.id not in [each.id for each in second.due(now, 10)]
    assert first.next_at(now) == now + 60
    (lapsed,) = [each for each in second.due(now + 61, 10) if each.id == due.id]
    assert second.claim(lapsed, now + 120)
    second.tried(due.id, 204, None)
    assert [(each.delivered, each.tries) for each in first.recent(9) if each.id == due.id] == [(True, 2)]
    assert second.due(now, 10, but=["key:b", "config:c"]) == []
    assert first.waiting() == 2
    journal.close()


def test_only_ends_that_nobody_was_told_of_are_found(home: Path, url: str | None) -> None:
    journal = Journal(home, url=url)
    journal._database.write(_one_job)
    deliveries = Deliveries.of(journal)
    assert deliveries.mark() is None
    for at in (10.0, 20.0):
        deliveries.set_mark(at)
        assert deliveries.mark() == at
    assert [row.id for row in deliveries.untold(50, 150)] == ["job_1"]
    assert deliveries.untold(100, 150) == deliveries.untold(50, 99) == []
    deliveries.add("job_1", "video.completed", ["config:a"])
    assert deliveries.untold(50, 150) == []
    assert deliveries.forget(time.time() + 1) == 0  # it is still waiting
    deliveries.tried(deliveries.recent(1)[0].id, None, None)
    assert deliveries.forget(time.time() + 1) == 1
    journal.close()


def test_a_sign_in_ends_by_itself_or_by_a_sign_out(home: Path, url: str | None) -> None:
    journal = Journal(home, url=url)
    sign_ins, until = SignIns.of(journal), time.time() + 60
    sign_ins.add("old", time.time() - 1)
    sign_ins.add("a", until)
    sign_ins.add("b", until)
    assert [sign_ins.expires_at(digest) for digest in ("old", "a", "nobody")] == [0, until, 0]
    sign_ins.remove("a")
    assert [sign_ins.expires_at(digest) for digest in ("a", "b")] == [0, until]
    journal.close()


def _one_job(db: sa.Connection) -> None:
    names = ("session", "model", "prompt", "operation", "fingerprint", "api_base", "video_id")
    times = {"created_at": 90.0, "updated_at": 100.0, "ended_at": 100.0}
    job = {"id": "job_1", "status": "completed", "parameters": {}, "labels": {}, "delivered": False}
    db.execute(jobs.insert(), {**dict.fromkeys(names, "x"), **times, **job})
