"""What was spent: every job on one bill, by key, model and day; nobody sees another's, and no cent is off."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from soravid.ledger.journal import Journal
from soravid.proxy.sheets import _cell
from tests.fakes.server import serve
from tests.ledger.bills import fill
from tests.proxy.operated import COST, LENGTH, MODEL, Proxy, config, fake, good, running


class Class:
    """A proxy with two pupils: Ada has asked for two clips, one was refused, and Bob made one elsewhere."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        proxy.master.post("/team/new", json={"team_id": "painters"})
        key = {"max_budget": 5, "budget_duration": "30d", "team_id": "painters", "user_id": "ada@school"}
        self.ada_key = proxy.key(key_alias="ada", **key)
        self.bob_key = proxy.key(key_alias="=bob")
        self.ada, self.bob = proxy.client(self.ada_key["key"]), proxy.client(self.bob_key["key"])
        self.clips = [
            proxy.make(self.ada, "A red kite", user="pupil-1"),
            proxy.make(self.ada, "Nothing [moderation]"),
            proxy.make(self.bob, "=HYPERLINK(1)", model="other"),
        ]
        for client, clip in zip((self.ada, self.ada, self.bob), self.clips, strict=True):
            proxy.ended(client, clip)

    def get(self, path: str, client: httpx2.Client | None = None, **query: Any) -> Any:
        return good((client or self.proxy.master).get(f"/spend/{path}", params=query))

    def sheet(self, path: str, **query: Any) -> list[dict[str, str]]:
        answer = self.proxy.master.get(f"/spend/{path}", params={"format": "csv", **query})
        assert answer.is_success
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        return list(csv.DictReader(io.StringIO(answer.text)))


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Class]:
    home = tmp_path_factory.mktemp("spend") / "home"
    with serve(fake()) as upstream, running(home, config(upstream, other="openai/other-1")) as proxy:
        yield Class(proxy)


def test_the_log_has_a_line_for_each_job_newest_first(school: Class) -> None:
    log = school.get("logs")
    assert (log["total"], log["page"], log["total_pages"]) == (3, 1, 1)
    assert [each["request_id"] for each in log["data"]] == school.clips[::-1]
    line = log["data"][-1]
    assert datetime.fromisoformat(line.pop("startTime")) <= datetime.fromisoformat(line.pop("endTime"))
    assert line.pop("job_id").startswith("job_")
    assert len(line.pop("model_id")) > 4
    assert line == {
        "request_id": school.clips[0],
        "call_type": "create",
        "status": "completed",
        "api_key": school.ada_key["token"],
        "key_alias": "ada",
        "user": "ada@school",
        "team_id": "painters",
        "end_user": "pupil-1",
        "model_group": MODEL,
        "model": "openai/kite-1",
        "custom_llm_provider": "openai",
        "seconds": LENGTH,
        "size": "1280x720",
        "spend": COST,
        "held": 0,
        "prompt": "A red kite",
    }


def test_a_refused_clip_stands_there_and_costs_nothing(school: Class) -> None:
    log = school.get("logs", status="failed")
    assert [(each["request_id"], each["spend"]) for each in log["data"]] == [(school.clips[1], 0)]
    assert (log["spend"], log["failed_jobs"]) == (0, 1)


@pytest.mark.parametrize(
    ("query", "clips"),
    [
        ({"api_key": "ada"}, [1, 0]),
        ({"user_id": "ada@school"}, [1, 0]),
        ({"team_id": "painters", "status": "succeeded"}, [0]),
        ({"model": "other"}, [2]),
        ({"model": "openai/kite-1"}, [1, 0]),
        ({"status": "running"}, []),
        ({"end_date": "2026-01-01"}, []),
        ({"start_date": "2026-01-01T00:00:00Z", "page_size": 1, "page": 2}, [1]),
    ],
)
def test_filters_find_what_they_name(school: Class, query: dict[str, Any], clips: list[int]) -> None:
    found = school.get("logs", **query)["data"]
    assert [each["request_id"] for each in found] == [school.clips[k] for k in clips]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"user": "ada"}, "There is no filter 'user'. Did you mean user_id?"),
        ({"start_date": "yesterday"}, "start_date must be a day such as 2026-11-30"),
        ({"start_date": "2026-11-02", "end_date": "2026-11-01"}, "end_date must not be before start_date"),
        ({"status": "finnished"}, "status must be running, queued"),
        ({"page_size": "5000"}, "page_size must be a whole number from 1 to 1000"),
        ({"api_key": "zoe"}, "There is no such key"),
        ({"format": "xml"}, "format must be json or csv"),
    ],
)
def test_a_mistake_is_told_and_not_passed_over(school: Class, query: dict[str, Any], says: str) -> None:
    answer = school.proxy.master.get("/spend/logs", params=query)
    assert answer.status_code == 400
    assert says in answer.json()["error"]["message"]


def test_a_key_sees_its_own_spending_and_nobody_elses(school: Class) -> None:
    assert {each["key_alias"] for each in school.get("logs", school.ada)["data"]} == {"ada"}
    assert [each["key_alias"] for each in school.get("keys", school.bob)["data"]] == ["=bob"]
    assert [each["model"] for each in school.get("models", school.bob)["data"]] == ["other"]
    assert school.get("days", school.bob)["data"][-1]["spend"] == COST
    assert school.bob.get("/spend/logs", params={"api_key": "ada"}).status_code == 403
    assert httpx2.get(f"{school.proxy.url}/spend/logs").status_code == 401


def test_sums_by_key_model_and_day_are_those_of_the_log(school: Class) -> None:
    by_key = school.get("keys")["data"]
    assert [(each["key_alias"], each["spend"], each["jobs"]) for each in by_key] == [
        ("ada", COST, 2),
        ("=bob", COST, 1),
    ]
    ada = by_key[0]
    assert (ada["max_budget"], ada["remaining"], ada["budget_duration"]) == (5, 4.6, "30d")
    assert [each["model"] for each in school.get("models")["data"]] == [MODEL, "other"]
    days = school.get("days")["data"]
    today = datetime.now(UTC).date()
    assert [each["date"] for each in days] == [str(today - timedelta(days=29 - k)) for k in range(30)]
    assert (days[-1]["spend"], days[-1]["jobs"], days[0]["spend"]) == (2 * COST, 3, 0)
    assert len(school.get("days", start_date="2026-02-01", end_date="2026-02-28")["data"]) == 28


def test_csv_holds_the_same_and_no_formula(school: Class) -> None:
    log = school.sheet("logs")
    assert [each["request_id"] for each in log] == school.clips[::-1]
    assert [each["spend"] for each in log] == ["0.4", "0", "0.4"]
    assert (log[0]["prompt"], log[0]["key_alias"]) == ("'=HYPERLINK(1)", "'=bob")
    assert [each["key_alias"] for each in school.sheet("keys", model=MODEL)] == ["ada"]
    assert school.sheet("models")[1] == {
        "model": "other",
        "spend": "0.4",
        "held": "0",
        "jobs": "1",
        "failed_jobs": "0",
        "unpriced_jobs": "0",
    }
    assert len(school.sheet("days")) == 30


def test_an_amount_is_exact_to_the_billionth_of_a_dollar() -> None:
    assert _cell(Decimal("7654321.123456789")) == "7654321.123456789"
    assert json.dumps(float(Decimal("7654321.123456789"))) == "7654321.123456789"


def test_a_bill_of_any_length_takes_little_memory(tmp_path: Path) -> None:
    """3,000 jobs with long prompts are 24 MB of CSV, in a process that may grow by half of that."""
    journal = Journal(tmp_path)
    fill(journal, 3_000, prompt="A long story. " * 600)
    journal.close()
    code = """if True:
        import asyncio, resource, sys
        from pathlib import Path
        from types import SimpleNamespace as Some
        from soravid.ledger.journal import Journal
        from soravid.ledger.keys import Keys
        from soravid.ledger.spending import Which
        from soravid.proxy.spend import Spend
        from soravid.proxy.bills import LOG
        from soravid.proxy.sheets import sheet

        journal = Journal(Path(sys.argv[1]))
        spend = Spend(Some(line=Some(journal=journal), issuer=Some(keys=Keys.of(journal))))

        async def read():
            body = sheet("log", LOG, spend._pages(Which())).body_iterator
            size, first = 0, None
            async for chunk in body:
                size += len(chunk)
                first = first or (size > 2_000 and resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
            print(size, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - first) // 1024)

        asyncio.run(read())
        journal.close()
        """
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
    )
    size, grown = map(int, done.stdout.split())
    assert size > 25_000_000
    assert grown < 12
