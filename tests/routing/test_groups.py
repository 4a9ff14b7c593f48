"""A model's name that is a group of the configuration: who makes the clip, and who is asked for it later."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

import soravid
from soravid import planning
from soravid.errors import InvalidRequest, MissingKey
from tests.core.helpers import jobs, kinds, python, query
from tests.routing.conftest import Account, group


def use(rows: list[dict[str, Any]], **settings: Any) -> None:
    Path("config.yaml").write_text(yaml.safe_dump({"model_list": rows, "router_settings": settings}))
    soravid.load_config("config.yaml")


LATER = """
import sys, soravid
asked = []
for video_id, model in zip(sys.argv[1::2], sys.argv[2::2]):
    asked.append(soravid.video_status(video_id, model=model).status)
    asked.append(soravid.video_content(video_id)[4:8].decode())
print(sorted(set(asked)), len(asked))
"""


def test_every_later_call_goes_to_the_account_that_made_the_job(seed: list[Account], home: Path) -> None:
    soravid.load_config("config.yaml")
    made = [
        (soravid.video_generation(f"kite {number}", model=name, seconds="8", size="720x1280").id, name)
        for number in range(10)
        for name in ("sora-2", "azure-sora-2")
    ]
    for account in seed:
        assert len(account.fake.videos) == 10
        for video_id in account.fake.videos:
            account.fake.finish(video_id)
    for video_id, name in made:
        assert soravid.video_status(video_id, model=name).status == "completed"
        assert soravid.video_content(video_id)
    here = [len(account.fake.asked("GET")) for account in seed]
    words = [word for pair in made for word in pair]
    said = python(LATER, *words, SORAVID_CONFIG="config.yaml", SORAVID_HOME=home)
    assert said.strip() == "['completed', 'ftyp'] 40"
    assert [account.strangers for account in seed] == [[], []]
    assert here == [20, 20]  # a status and a clip for each of its ten
    assert [len(account.fake.asked("GET")) for account in seed] == [40, 40]
    versions = {call.query.get("api-version") for call in seed[1].fake.requests}
    assert versions == {"2024-02-15-preview"}


def test_two_keys_at_one_address_are_told_apart_by_another_process(
    accounts: list[Account], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = accounts[0]
    monkeypatch.setenv("KEY_A", "sk-a")
    monkeypatch.setenv("KEY_B", "sk-b")
    use(
        [
            *group("left", account.params() | {"api_key": "os.environ/KEY_A"}),
            *group("right", account.params() | {"api_key": "os.environ/KEY_B"}),
        ]
    )
    left = soravid.video_generation("a kite", model="left").id
    account.fake.api_key = "sk-b"
    right = soravid.video_generation("a kite", model="right").id
    code = "import sys, soravid; print(soravid.video_status(sys.argv[1]).id)"
    assert python(code, right, SORAVID_CONFIG="config.yaml", SORAVID_HOME=home).strip() == right
    account.fake.api_key = "sk-a"
    assert python(code, left, SORAVID_CONFIG="config.yaml", SORAVID_HOME=home).strip() == left


def test_without_its_configuration_a_job_says_what_is_missing(accounts: list[Account], home: Path) -> None:
    use(group("sora", accounts[0].params()))
    job = soravid.video_generation("a kite", model="sora").job_id
    code = """
import sys, soravid
try:
    soravid.video_status(sys.argv[1])
except soravid.SoravidError as wrong:
    print(type(wrong).__name__, wrong.hint)
"""
    said = python(code, str(job), SORAVID_HOME=home)
    assert said.startswith(f"{MissingKey.__name__} Its deployment is in no configuration here")


def test_the_journal_has_the_deployments_model_and_the_groups_name_and_no_key(
    accounts: list[Account], home: Path
) -> None:
    rows = group("sora", accounts[0].params())
    use([{**rows[0], "model_info": {"id": "east"}}])
    soravid.video_generation("a kite", model="sora", metadata={"for": "me"})
    (job,) = jobs(home)
    assert (job["model"], job["api_base"]) == ("openai/sora-2", f"{accounts[0].url}/v1")
    assert json.loads(job["labels"]) == {
        "for": "me",
        "soravid.group": "sora",
        "soravid.deployment": "east",
    }
    assert "sk-a" not in json.dumps(query(home, "SELECT * FROM jobs"))


def test_creates_are_spread_over_a_groups_deployments(accounts: list[Account]) -> None:
    use(
        group("sora", *(account.params() for account in accounts)),
        routing_strategy="least-busy",
    )
    for number in range(9):
        soravid.video_generation(f"kite {number}", model="sora")
    assert [account.fake.creates for account in accounts] == [3, 3, 3]


def test_a_rerun_is_free_whichever_deployment_made_the_clip(accounts: list[Account], home: Path) -> None:
    use(
        group("sora", accounts[0].params(), accounts[1].params("azure/sora-2")),
        routing_strategy="least-busy",
    )
    clips = [soravid.generate("a kite", model="sora", reuse=True).wait() for _ in range(4)]
    assert len({clip.video.id for clip in clips}) == 1
    assert sum(account.fake.creates for account in accounts) == 1
    assert kinds(home)[:2] == ["hold", "spend"]


def test_the_price_is_held_for_the_dearest_of_the_whole_chain(accounts: list[Account]) -> None:
    use(
        [*group("sora", accounts[0].params()), *group("pro", accounts[1].params("openai/sora-2-pro"))],
        fallbacks=[{"sora": ["pro"]}],
    )
    one = soravid.estimate(model="sora", seconds=4, size="1280x720")
    assert (str(one.low), str(one.expected), str(one.upper)) == ("0.4", "0.4", "1.2")
    with pytest.raises(InvalidRequest, match=r"estimated at \$1.20, above the limit"):
        soravid.generate("a kite", model="sora", seconds=4, size="1280x720", max_cost=1)


def test_a_deployment_that_cannot_do_it_is_left_out(accounts: list[Account]) -> None:
    use(
        group("sora", accounts[0].params(), accounts[1].params("openai/sora-2-pro")),
        routing_strategy="least-busy",
    )
    for number in range(4):
        soravid.video_generation(f"kite {number}", model="sora", size="1024x1792")
    assert [account.fake.creates for account in accounts[:2]] == [0, 4]
    with pytest.raises(InvalidRequest, match="size"):
        soravid.video_generation("a kite", model="sora", size="100x100")


def test_a_deployments_id_names_it(accounts: list[Account]) -> None:
    rows = group("sora", accounts[0].params(), accounts[1].params())
    use([{**row, "model_info": {"id": name}} for row, name in zip(rows, ("east", "west"), strict=True)])
    for number in range(3):
        soravid.video_generation(f"kite {number}", model="west")
    assert [account.fake.creates for account in accounts] == [0, 3, 0]
    with pytest.raises(InvalidRequest, match=r"'sora' has 2 deployments.*east or west"):
        soravid.video_list(model="sora")
    assert len(soravid.video_list(model="west")) == 3


def test_a_remix_goes_to_the_account_that_has_its_source(accounts: list[Account]) -> None:
    use(
        group("sora", *(account.params() for account in accounts)),
        routing_strategy="least-busy",
        model_group_alias={"video": "sora"},
    )
    videos = [soravid.video_generation(f"kite {number}", model="sora") for number in range(3)]
    for account in accounts:
        for video_id in list(account.fake.videos):
            account.fake.finish(video_id)
    for video in videos:
        assert soravid.video_status(video.id).status == "completed"
        for model in (None, "sora", "video"):
            soravid.video_remix("higher", video_id=video.id, model=model)
    assert [account.fake.creates for account in accounts] == [4, 4, 4]
    assert [account.strangers for account in accounts] == [[], [], []]


def test_a_group_takes_no_key_and_no_address_with_the_call(accounts: list[Account]) -> None:
    use(group("sora", accounts[0].params()))
    with pytest.raises(InvalidRequest, match=r"'sora' is a model group.*leave api_key out"):
        soravid.video_generation("a kite", model="sora", api_key="sk-mine")


def test_a_group_may_have_a_models_name_and_a_call_may_go_past_it(accounts: list[Account]) -> None:
    use(group("openai/sora-2", accounts[0].params()))
    soravid.video_generation("a kite", model="openai/sora-2")
    soravid.video_generation("a kite", model="openai/sora-2", api_base=accounts[1].url, api_key="sk-b")
    assert [account.fake.creates for account in accounts] == [1, 1, 0]


def test_soravids_own_labels_cannot_be_given(accounts: list[Account]) -> None:
    use(group("sora", accounts[0].params()))
    with pytest.raises(InvalidRequest, match=r"metadata may not hold 'soravid.deployment'"):
        soravid.video_generation("a kite", model="sora", metadata={"soravid.deployment": "x"})


def test_jobs_and_their_ends_are_the_load(accounts: list[Account]) -> None:
    use(group("sora", accounts[0].params()))
    from soravid import config

    (route,) = config.groups().find("sora")
    video = soravid.video_generation("a kite", model="sora")
    assert (route.load, route.gate.inside) == (1, 0)
    while soravid.video_status(video.id).status != "completed":
        pass
    assert route.load == 0
    assert route.latency is not None
    assert planning.current()._queued == {}
