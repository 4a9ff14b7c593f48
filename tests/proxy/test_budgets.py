"""Nobody overspends, however many ask at once; and what is paid for is to be had, whatever is left."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from soravid.ledger.journal import Journal
from tests.proxy.conftest import Shared
from tests.proxy.operated import COST, MODEL, good

CLIP = {"model": MODEL, "prompt": "A kite", "seconds": "8"}
DEAR = 2 * COST


def create(client: httpx2.Client, **fields: Any) -> httpx2.Response:
    return client.post("/v1/videos", json={**CLIP, **fields})


def refusal(answer: httpx2.Response) -> dict[str, Any]:
    return dict(answer.json()["error"])


def spend(shared: Shared, client: httpx2.Client) -> tuple[float, float]:
    told = good(client.get("/key/info"))["info"]
    return told["spend"], told["held"]


def test_of_fifty_creates_at_once_as_many_are_let_in_as_fit(shared: Shared) -> None:
    client = shared.key(max_budget=2)
    with ThreadPoolExecutor(50) as hands:
        answers = list(hands.map(lambda _: create(client, prompt="fifty at once"), range(50)))
    made = [answer for answer in answers if answer.status_code == 200]
    assert len(made) == shared.creates("fifty at once") == 2  # at $0.80 of $2.00
    others = {(answer.status_code, refusal(answer)["code"]) for answer in answers if answer not in made}
    assert others == {(402, "budget_exceeded")}
    for answer in made:
        shared.proxy.ended(client, answer.json()["id"])
    assert spend(shared, client) == (2 * DEAR, 0.0)


def test_an_empty_budget_says_how_it_stands(shared: Shared) -> None:
    client = shared.key(key_alias="lab-7", max_budget=1)
    assert create(client).status_code == 200
    answer = create(client)
    error = refusal(answer)
    assert answer.status_code == 402
    assert "The key lab-7's budget of $1.00" in error["message"]
    assert (error["type"], error["param"]) == ("insufficient_quota", "max_budget")
    budget = error["budget"]
    assert (budget["scope"], budget["limit_usd"], budget["remaining_usd"]) == ("key", "1", "0.2")
    assert {budget["spent_usd"], budget["held_usd"]} == {"0", "0.8"}
    assert budget["resets_at"] is None
    assert answer.headers["x-should-retry"] == "false"


def test_a_budget_that_begins_anew_says_when(shared: Shared) -> None:
    client = shared.key(max_budget=1, budget_duration="1h")
    assert create(client).status_code == 200
    answer = create(client)
    assert (answer.status_code, refusal(answer)["code"]) == (429, "budget_exceeded")
    assert 0 < int(answer.headers["retry-after"]) <= 3600
    assert 0 < refusal(answer)["budget"]["resets_at"] - time.time() <= 3600
    assert answer.headers["x-should-retry"] == "false"


def test_a_key_without_budget_still_gets_what_it_paid_for(shared: Shared) -> None:
    client = shared.key(max_budget=DEAR)
    clip = good(create(client))["id"]
    shared.proxy.ended(client, clip)
    assert create(client).status_code == 402
    assert client.get(f"/v1/videos/{clip}").status_code == 200
    assert client.get(f"/v1/videos/{clip}/content").content[4:8] == b"ftyp"
    assert client.post("/videos/retrieval", json={"video_id": clip}).status_code == 200
    assert len(good(client.get("/v1/videos"))["data"]) == 1


@pytest.mark.parametrize("how", ["[moderation]", "[error]", "[refuse]"])
def test_a_job_that_fails_gives_the_money_back(shared: Shared, how: str) -> None:
    client = shared.key(max_budget=DEAR)
    for _ in range(3):
        answer = create(client, prompt=f"A kite {how}")
        if how == "[refuse]":
            assert answer.status_code == 400
        else:
            assert shared.proxy.ended(client, good(answer)["id"])["status"] == "failed"
        assert spend(shared, client) == (0.0, 0.0)


def test_remixes_edits_and_extensions_are_paid_for(shared: Shared) -> None:
    client = shared.key(max_budget=4 * COST)
    source = good(client.post("/v1/videos", json={"model": MODEL, "prompt": "A kite", "seconds": "4"}))["id"]
    shared.proxy.ended(client, source)
    made = [
        client.post(f"/v1/videos/{source}/remix", json={"prompt": "at night"}),
        client.post("/v1/videos/edits", json={"prompt": "in snow", "video": {"id": source}}),
        client.post("/v1/videos/extensions", json={"prompt": "on", "video": {"id": source}, "seconds": "4"}),
        client.post(f"/v1/videos/{source}/remix", json={"prompt": "in fog"}),
    ]
    assert [answer.status_code for answer in made] == [200, 200, 200, 402]
    for answer in made[:3]:
        video = shared.proxy.ended(client, answer.json()["id"])
        assert (video["status"], video["cost"]) == ("completed", str(COST))
        assert video["remixed_from_video_id"] == source
    assert spend(shared, client) == (4 * COST, 0.0)


def test_the_tightest_of_key_user_and_team_decides(shared: Shared) -> None:
    team = good(shared.proxy.master.post("/team/new", json={"team_alias": "lab", "max_budget": 1}))["team_id"]
    good(shared.proxy.master.post("/user/new", json={"user_id": "bob", "max_budget": 3}))
    one, other = shared.key(team_id=team, max_budget=5), shared.key(team_id=team, user_id="bob")
    answer = create(one)
    assert answer.headers["x-soravid-budget-scope"] == "team"
    assert answer.headers["x-soravid-remaining-usd"] == "0.2"
    refused = create(other)
    assert (refused.status_code, refusal(refused)["budget"]["scope"]) == (402, "team")
    assert "The team lab's budget" in refusal(refused)["message"]


def test_a_create_tells_its_estimate_and_what_is_left(shared: Shared) -> None:
    client = shared.key(max_budget=5, budget_duration="30d")
    answer = create(client)
    headers = answer.headers
    assert headers["x-soravid-estimate-usd"] == headers["x-litellm-response-cost"] == "0.8"
    assert (headers["x-soravid-remaining-usd"], headers["x-soravid-budget-usd"]) == ("4.2", "5")
    assert int(headers["x-soravid-budget-resets-at"]) > time.time()
    assert headers["x-litellm-key-spend"] == "0"
    video = shared.proxy.ended(client, answer.json()["id"])
    assert (video["cost"], video["cost_nano_usd"]) == ("0.8", 800_000_000)
    assert client.get(f"/v1/videos/{video['id']}").headers["x-soravid-cost-usd"] == "0.8"


def test_a_limit_of_one_s_own_is_a_mistake_not_a_budget(shared: Shared) -> None:
    answer = create(shared.key(), max_cost=0.5)
    assert (answer.status_code, refusal(answer)["param"]) == (400, "max_cost")


def test_a_price_that_is_not_known_is_not_let_in_under_a_budget(shared: Shared) -> None:
    """The master key may ask for any field; a model's unknown price is another matter."""
    client = shared.key(max_budget=5)
    answer = client.post("/v1/videos", json={"model": "local/animatic", "prompt": "A kite", "size": "64x64"})
    assert answer.status_code == 200  # it is known to be free


def test_the_same_idempotency_key_pays_once(shared: Shared) -> None:
    client = shared.key(max_budget=DEAR)
    headers = {"idempotency-key": "take one"}
    first, again = (client.post("/v1/videos", json=CLIP, headers=headers) for _ in range(2))
    assert good(first)["id"] == good(again)["id"]
    other = client.post("/v1/videos", json={**CLIP, "prompt": "Another"}, headers=headers)
    assert (other.status_code, refusal(other)["code"]) == (409, "idempotency_conflict")


def test_the_journal_adds_up(shared: Shared) -> None:
    journal = Journal(shared.proxy.home)
    assert journal.verify() == []
    journal.close()
