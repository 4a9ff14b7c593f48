"""Keys come and go: made, shown once, limited, turned, blocked, deleted."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import httpx2
import pytest

from tests.core.helpers import query
from tests.proxy.conftest import Shared
from tests.proxy.operated import COST, MODEL, good


def master(shared: Shared, path: str, **fields: Any) -> dict[str, Any]:
    return dict(good(shared.proxy.master.post(path, json=fields)))


def info(shared: Shared, key: str) -> dict[str, Any]:
    return dict(good(shared.proxy.master.get("/key/info", params={"key": key}))["info"])


def create(client: httpx2.Client, **fields: Any) -> httpx2.Response:
    return client.post("/v1/videos", json={"model": MODEL, "prompt": "A kite", **fields})


def error(answer: httpx2.Response) -> tuple[int, str, str]:
    told = answer.json()["error"]
    return answer.status_code, told["code"], told["message"]


def test_a_key_is_shown_once_and_only_its_digest_is_stored(shared: Shared) -> None:
    made = master(shared, "/key/generate", key_alias="seen-once", max_budget=2.5, budget_duration="30d")
    secret = made["key"]
    assert secret.startswith("sk-")
    assert len(secret) >= 43 + 3
    assert (made["max_budget"], made["spend"], made["remaining"]) == (2.5, 0.0, 2.5)
    later = info(shared, "seen-once")
    assert "key" not in later
    assert later["key_name"] == f"sk-...{secret[-4:]}"
    (row,) = query(shared.proxy.home, "SELECT * FROM virtual_keys WHERE alias = 'seen-once'")
    assert row["digest"] == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in str(row)


def test_a_key_is_found_by_its_alias_its_id_and_itself(shared: Shared) -> None:
    made = shared.proxy.key(key_alias="three-names")
    told = [info(shared, name) for name in ("three-names", made["token"], made["key"])]
    assert told[0] == told[1] == told[2]


def test_a_rotated_key_opens_with_the_new_secret_alone_and_keeps_its_clips(shared: Shared) -> None:
    made = shared.proxy.key(key_alias="to-turn")
    before = shared.proxy.client(made["key"])
    clip = shared.proxy.make(before)
    turned = master(shared, "/key/regenerate", key="to-turn")
    assert (turned["token"], turned["key"] != made["key"]) == (made["token"], True)
    assert error(before.get(f"/v1/videos/{clip}"))[:2] == (401, "invalid_api_key")
    assert good(shared.proxy.client(turned["key"]).get(f"/v1/videos/{clip}"))["id"] == clip


def test_a_deleted_key_opens_nothing_and_its_name_is_free(shared: Shared) -> None:
    made = shared.proxy.key(key_alias="to-delete")
    client = shared.proxy.client(made["key"])
    assert good(client.get("/v1/videos"))["data"] == []
    assert master(shared, "/key/delete", key_aliases=["to-delete"])["deleted_keys"] == [made["token"]]
    assert client.get("/v1/videos").status_code == 401
    assert shared.proxy.key(key_alias="to-delete")["token"] != made["token"]


def test_a_key_that_another_process_revokes_is_refused_within_two_seconds(shared: Shared) -> None:
    """As by ``soravid keys`` on the same journal, or by another replica."""
    from soravid.ledger.journal import Journal
    from soravid.ledger.keys import Keys

    made = shared.proxy.key()
    client = shared.proxy.client(made["key"])
    assert client.get("/v1/models").status_code == 200
    journal = Journal(shared.proxy.home)
    Keys.of(journal).delete(made["token"])
    journal.close()
    since = time.monotonic()
    while client.get("/v1/models").status_code == 200:
        assert time.monotonic() - since < 2
        time.sleep(0.05)


def test_a_blocked_key_is_let_in_again(shared: Shared) -> None:
    made = shared.proxy.key()
    client = shared.proxy.client(made["key"])
    master(shared, "/key/update", key=made["token"], blocked=True)
    assert error(client.get("/v1/models"))[:2] == (403, "key_blocked")
    master(shared, "/key/update", key=made["token"], blocked=False)
    assert client.get("/v1/models").status_code == 200


def test_a_key_expires(shared: Shared) -> None:
    made = shared.proxy.key(duration="1s")
    client = shared.proxy.client(made["key"])
    assert client.get("/v1/models").status_code == 200
    since = time.monotonic()
    while (answer := client.get("/v1/models")).status_code == 200:
        assert time.monotonic() - since < 3
        time.sleep(0.05)
    assert error(answer)[:2] == (401, "key_expired")


@pytest.mark.parametrize(
    ("models", "may", "may_not"),
    [
        (["kite"], "kite", "draft"),
        (["local/*"], "draft", "kite"),
        (["openai/kite-1"], "kite", "draft"),
        (["dra*", "nothing"], "draft", "kite"),
    ],
)
def test_a_key_may_use_what_it_may(shared: Shared, models: list[str], may: str, may_not: str) -> None:
    client = shared.key(models=models)
    assert [row["id"] for row in good(client.get("/v1/models"))["data"]] == [may]
    status, code, message = error(create(client, model=may_not))
    assert (status, code) == (403, "model_not_allowed")
    assert f"It may use {may}." in message
    assert client.get(f"/v1/models/{may_not}").status_code == 404
    assert create(client, model=may, size="64x64" if may == "draft" else None).status_code == 200


def test_a_key_with_one_model_need_not_name_it(shared: Shared) -> None:
    client = shared.key(models=["kite"])
    assert good(client.post("/v1/videos", json={"prompt": "A kite"}))["model"] == "kite"
    both = shared.key()
    status, code, message = error(both.post("/v1/videos", json={"prompt": "A kite"}))
    assert (status, code) == (400, "missing_required_parameter")
    assert "kite or draft" in message


def test_a_key_looks_at_itself_and_at_nobody_else(shared: Shared) -> None:
    client = shared.key(max_budget=1)
    other = shared.proxy.key(key_alias="not-yours")
    mine = good(client.get("/key/info"))["info"]
    assert (mine["max_budget"], mine["remaining"]) == (1.0, 1.0)
    assert client.get("/key/info", params={"key": other["token"]}).status_code == 403
    assert client.get("/key/info", params={"key": "not-there"}).status_code == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/key/generate"),
        ("POST", "/key/update"),
        ("POST", "/key/delete"),
        ("POST", "/key/regenerate"),
        ("GET", "/key/list"),
        ("POST", "/user/new"),
        ("GET", "/user/info"),
        ("GET", "/user/list"),
        ("POST", "/user/update"),
        ("POST", "/user/delete"),
        ("POST", "/team/new"),
        ("GET", "/team/info"),
        ("GET", "/team/list"),
        ("POST", "/team/update"),
        ("POST", "/team/delete"),
    ],
)
def test_only_the_master_key_gives_out_keys(shared: Shared, method: str, path: str) -> None:
    client = shared.key()
    assert error(client.request(method, path))[:2] == (403, "master_key_needed")
    nobody = httpx2.request(method, f"{shared.proxy.url}{path}")
    assert error(nobody)[:2] == (401, "invalid_api_key")


def test_a_rate_is_of_creates_alone(shared: Shared) -> None:
    client = shared.key(key_alias="two-a-minute", rpm_limit=2)
    clip = shared.proxy.make(client)
    shared.proxy.make(client)
    answer = create(client)
    assert error(answer)[:2] == (429, "rate_limit_exceeded")
    assert "two-a-minute may make 2 clips a minute" in error(answer)[2]
    assert 0 < int(answer.headers["retry-after"]) <= 61
    shared.proxy.ended(client, clip)
    for _ in range(5):
        assert client.get(f"/v1/videos/{clip}").status_code == 200
        assert client.get(f"/v1/videos/{clip}/content").status_code == 200


def test_jobs_at_once_are_counted_until_they_end(shared: Shared) -> None:
    client = shared.key(max_parallel_requests=1)
    slow = {"model": "draft", "seconds": "1", "size": "64x64"}
    first = good(create(client, **slow))["id"]
    answer = create(client, **slow)
    assert error(answer)[:2] == (429, "rate_limit_exceeded")
    assert "has 1 job running" in error(answer)[2]
    shared.proxy.ended(client, first)
    assert create(client, **slow).status_code == 200


def test_a_team_s_limits_hold_for_all_its_keys_together(shared: Shared) -> None:
    team = master(shared, "/team/new", team_alias="film", rpm_limit=2, models=["kite"])["team_id"]
    one, other = shared.key(team_id=team), shared.key(team_id=team)
    shared.proxy.make(one)
    shared.proxy.make(other)
    assert "film may make 2 clips a minute" in error(create(one))[2]
    assert error(create(other, model="draft"))[1] == "model_not_allowed"
    told = good(shared.proxy.master.get("/team/info", params={"team_id": team}))
    assert (told["team_info"]["held"] + told["team_info"]["spend"], len(told["keys"])) == (2 * COST, 2)


def test_a_deleted_team_s_keys_open_nothing(shared: Shared) -> None:
    team = master(shared, "/team/new")["team_id"]
    client = shared.key(team_id=team)
    assert client.get("/v1/models").status_code == 200
    master(shared, "/team/delete", team_ids=[team])
    assert client.get("/v1/models").status_code == 401
    missing = shared.proxy.master.post("/key/generate", json={"team_id": team})
    assert error(missing)[:2] == (400, "invalid_value")


def test_a_user_s_name_in_a_request_charges_nobody(shared: Shared) -> None:
    """``user`` is for tracking: with another user's id in it, that user's budget stays as it is."""
    master(shared, "/user/new", user_id="ann", max_budget=10)
    assert create(shared.key(), user="ann").status_code == 200
    assert good(shared.proxy.master.get("/user/info", params={"user_id": "ann"}))["user_info"]["held"] == 0
    assert create(shared.key(user_id="ann"), user="somebody").status_code == 200
    told = good(shared.proxy.master.get("/user/info", params={"user_id": "ann"}))["user_info"]
    assert told["held"] + told["spend"] == COST


def test_changing_one_thing_leaves_the_others(shared: Shared) -> None:
    made = shared.proxy.key(max_budget=3, budget_duration="24h", rpm_limit=5, models=["kite"])
    changed = master(shared, "/key/update", key=made["token"], max_budget=4)
    assert (changed["max_budget"], changed["budget_duration"]) == (4.0, "24h")
    assert (changed["rpm_limit"], changed["models"]) == (5, ["kite"])
    freed = master(shared, "/key/update", key=made["token"], max_budget=None, rpm_limit=None, models=None)
    assert (freed["max_budget"], freed["remaining"], freed["rpm_limit"], freed["models"]) == (
        None,
        None,
        None,
        [],
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"max_budgte": 3}, "Did you mean 'max_budget'?"),
        ({"max_budget": "a lot"}, "an amount in USD"),
        ({"max_budget": -1}, "an amount in USD"),
        ({"max_budget": True}, "an amount in USD"),
        ({"budget_duration": "soon"}, "30m, 24h, 30d or 1mo"),
        ({"duration": "1mo"}, "30m, 24h, 30d or 2w"),
        ({"duration": "1d", "expires": "2027-01-01"}, "not both"),
        ({"expires": "never"}, "2027-01-31T12:00:00Z"),
        ({"rpm_limit": 0}, "above 0"),
        ({"rpm_limit": 1.5}, "above 0"),
        ({"models": "kite"}, "list of names"),
        ({"blocked": "yes"}, "true or false"),
        ({"metadata": []}, "must be an object"),
        ({"key_alias": ""}, "1 to 200 characters"),
        ({"team_id": "nobody"}, "There is no team 'nobody'"),
        ({"key": "sk-1"}, "There is no field 'key'"),
    ],
)
def test_a_mistake_in_a_key_is_told_and_makes_none(
    shared: Shared, fields: dict[str, Any], words: str
) -> None:
    before = len(good(shared.proxy.master.get("/key/list"))["keys"])
    status, _, message = error(shared.proxy.master.post("/key/generate", json=fields))
    assert status == 400
    assert words in message
    assert len(good(shared.proxy.master.get("/key/list"))["keys"]) == before


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/key/delete", {}),
        ("/key/delete", {"keys": 7}),
        ("/key/delete", {"keys": [{}]}),
        ("/key/delete", {"key_aliases": ["nobody"]}),
        ("/key/update", {"rpm_limit": 1}),
        ("/key/update", {"key": 7}),
        ("/key/regenerate", {"key": "nobody"}),
        ("/team/delete", {"team_ids": "nobody"}),
        ("/team/update", {"team_id": ["a"]}),
        ("/user/update", {}),
    ],
)
def test_who_is_meant_has_to_be_said(shared: Shared, path: str, fields: dict[str, Any]) -> None:
    assert error(shared.proxy.master.post(path, json=fields))[0] == 400


def test_two_keys_have_not_the_same_name(shared: Shared) -> None:
    shared.proxy.key(key_alias="taken")
    assert "already" in error(shared.proxy.master.post("/key/generate", json={"key_alias": "taken"}))[2]


def test_what_is_litellm_s_and_means_nothing_here_is_told(shared: Shared) -> None:
    made = shared.proxy.key(tpm_limit=1000, aliases={}, permissions={"a": 1})
    assert made["ignored"] == ["permissions", "tpm_limit"]
