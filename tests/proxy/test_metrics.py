"""What Prometheus is told: money as the ledger has it, and what has happened here; to holders of a key."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.fakes.server import serve
from tests.proxy.operated import COST, MASTER, MODEL, Proxy, bearer, config, fake, running, until

METRICS_KEY = "metrics-only-8d2f"


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    home = tmp_path_factory.mktemp("metrics") / "home"
    with serve(fake()) as upstream:
        settings = config(upstream, {"metrics_key": "os.environ/METRICS_KEY"})
        with running(home, settings, {"METRICS_KEY": METRICS_KEY}) as proxy:
            yield proxy


def scraped(proxy: Proxy, key: str = MASTER) -> dict[tuple[str, ...], float]:
    """Every sample by its name and its labels' values, in the order of the labels' names."""
    answer = httpx2.get(f"{proxy.url}/metrics", headers=bearer(key))
    assert answer.is_success, answer.text
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_metrics_tell_what_was_made_what_it_cost_and_what_was_refused(proxy: Proxy) -> None:
    key = proxy.key(key_alias="ada", max_budget=1, rpm_limit=3)
    ada = proxy.client(key["key"])
    clip = proxy.make(ada, "A kite")
    for video_id in (clip, proxy.make(ada, "Nothing [moderation]")):
        proxy.ended(ada, video_id)
    size = len(ada.get(f"/v1/videos/{clip}/content").content)
    assert ada.post("/v1/videos", json={"model": MODEL, "prompt": "[refuse]"}).status_code == 400
    assert ada.post("/v1/videos", json={"model": MODEL, "prompt": "A fourth"}).status_code == 429
    ada.get("/v1/videos/video_nobodys")
    poor = proxy.client(proxy.key(key_alias="poor", max_budget=0.1)["key"])
    assert poor.post("/v1/videos", json={"model": MODEL, "prompt": "A kite"}).status_code == 402
    # What is counted comes by the log's thread; the ledger is asked at the first look.
    seen = until(lambda: scraped(proxy), lambda now: ("soravid_creates_total", "refused", "openai") in now)
    assert seen["soravid_creates_total", "taken", "openai"] == 2
    assert seen["soravid_creates_total", "refused", "openai"] == 1
    assert seen["soravid_jobs_ended_total", "openai", "completed"] == 1
    assert seen["soravid_jobs_ended_total", "openai", "failed"] == 1
    assert seen["soravid_create_seconds_count", "openai"] == 2
    assert seen["soravid_create_seconds_bucket", "60.0", "openai"] == 2
    assert seen["soravid_job_seconds_count", "openai"] == 1
    assert seen["soravid_spent_usd", "openai"] == seen["soravid_key_spent_usd", "ada"] == COST
    assert seen["soravid_held_usd", "openai"] == seen["soravid_key_held_usd", "ada"] == 0
    assert seen["soravid_jobs_in_flight", "openai"] == 0
    refused = {key[1:]: value for key, value in seen.items() if key[0] == "soravid_refusals_total"}
    assert refused["budget_exceeded", "402"] == refused["rate_limit_exceeded", "429"] == 1
    assert refused["not_found", "404"] == 1
    assert (seen["soravid_store_bytes",], seen["soravid_store_files",]) == (size, 1)
    assert seen["soravid_webhooks_waiting",] == seen["soravid_events_lost_total",] == 0
    assert seen["process_resident_memory_bytes",] > 0


def test_a_scraper_has_a_key_of_its_own_that_opens_nothing_else(proxy: Proxy) -> None:
    assert scraped(proxy, METRICS_KEY)
    assert httpx2.get(f"{proxy.url}/key/list", headers=bearer(METRICS_KEY)).status_code == 401
    for key in ("sk-nobody", "sk-nobodys", proxy.key()["key"]):
        answer = httpx2.get(f"{proxy.url}/metrics", headers=bearer(key))
        assert answer.status_code == (403 if len(key) > 20 else 401)
        assert "soravid_" not in answer.text
