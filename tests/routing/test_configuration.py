"""``config.yaml`` as LiteLLM's users have it: what is used, what is not, and what is wrong."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import soravid
from soravid import catalog, config
from soravid.errors import InvalidRequest, UnknownModel
from soravid.routing import Groups
from tests.routing.conftest import SEED, Account, group

ONE = group("sora", {"model": "openai/sora-2"})


def load(whole: object) -> Groups:
    Path("config.yaml").write_text(whole if isinstance(whole, str) else yaml.safe_dump(whole))
    soravid.load_config("config.yaml")
    return config.groups()


def test_the_seeds_file_is_read_as_it_is(seed: list[Account]) -> None:
    groups = load(SEED)
    assert groups.names == ["sora-2", "azure-sora-2"]
    (azure,) = groups.find("azure-sora-2")
    assert (azure.entry.model, azure.connection["api_version"]) == ("azure/sora-2", "2024-02-15-preview")
    assert azure.connection["api_key"] == "sk-b"


def test_a_key_never_shows(seed: list[Account]) -> None:
    (azure,) = load(SEED).find("azure-sora-2")
    assert "sk-b" not in f"{azure.entry!r} {azure.labels} {azure.connection.keys()}"


def test_the_environments_file_is_read_when_it_is_needed(
    seed: list[Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not config.groups()
    monkeypatch.setenv("SORAVID_CONFIG", "config.yaml")
    assert config.groups() is config.groups()
    assert config.groups().names == ["sora-2", "azure-sora-2"]
    Path("other.yaml").write_text(yaml.safe_dump({"model_list": ONE}))
    soravid.load_config("other.yaml")
    assert config.groups().names == ["sora"]  # what was read last
    monkeypatch.delenv("SORAVID_CONFIG")
    assert not config.groups()


def test_a_wrong_file_of_the_environment_is_told_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SORAVID_CONFIG", "away.yaml")
    for _ in range(2):
        with pytest.raises(InvalidRequest, match=r"away.yaml cannot be read"):
            soravid.estimate(model="sora")


def test_every_setting_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHARE", "3")
    monkeypatch.setenv("STRATEGY", "least-busy")
    row = {"rpm": 10, "weight": "os.environ/SHARE", "max_parallel_requests": 2, "order": 2, "timeout": 5}
    row["parallel_jobs"] = 3
    groups = load(
        {
            "model_list": [
                {
                    "model_name": "sora",
                    "litellm_params": {"model": "sora-2", "custom_llm_provider": "openai", **row},
                    "model_info": {"id": "east", "mode": "video_generation"},
                },
                *group("veo", {"model": "gemini/veo-3.1-generate-preview", "api_version": 20251001}),
            ],
            "litellm_settings": {"num_retries": 1, "request_timeout": 30, "allowed_fails": 9},
            "router_settings": {
                "routing_strategy": "os.environ/STRATEGY",
                "allowed_fails": 0,
                "cooldown_time": 60,
                "fallbacks": [{"sora": ["veo", "local/animatic"]}],
                "default_fallbacks": ["veo"],
                "model_group_alias": {"video": "sora", "hidden": {"model": "veo", "hidden": True}},
                "on_failed_job": True,
            },
        }
    )
    east, policy = groups.routes["east"], groups.policy
    entry = east.entry
    assert (entry.model, entry.rpm, entry.weight, entry.max_parallel_requests, entry.order) == (
        *("openai/sora-2", 10, 3.0, 2, 2),
    )
    assert entry.parallel_jobs == 3
    assert (policy.strategy, policy.num_retries, policy.allowed_fails, policy.cooldown_time) == (
        *("least-busy", 1, 0, 60.0),
    )
    assert policy.on_failed_job
    veo = groups.find("hidden")[0]
    assert (east.connection["timeout"], veo.connection["timeout"]) == (5, 30)
    assert groups.find("video") == groups.find("east") == [east]
    assert groups.chain("video") == [east, veo, "local/animatic"]
    assert groups.chain("veo") == [veo]
    assert groups.chain("east") == [east]


def test_a_circle_of_fallbacks_ends() -> None:
    rows = [*ONE, *group("veo", {"model": "gemini/veo-3.1-generate-preview"})]
    groups = load({"model_list": rows, "router_settings": {"fallbacks": [{"sora": "veo"}, {"veo": "sora"}]}})
    assert [getattr(route, "entry", None) and route.entry.group for route in groups.chain("veo")] == [  # type: ignore[union-attr]
        "veo",
        "sora",
    ]


def test_a_name_of_ones_own_may_be_what_another_model_is() -> None:
    rows = [{**group("sora", {"model": "azure/my-video"})[0], "model_info": {"base_model": "openai/sora-2"}}]
    load({"model_list": rows})
    known = catalog.find("azure/my-video")
    assert known
    assert known.price("4", "1280x720") == 400_000_000


def test_ids_are_the_same_in_every_process_and_for_a_renewed_key(monkeypatch: pytest.MonkeyPatch) -> None:
    def ids(*keys: str) -> list[str]:
        rows = group("sora", *({"model": "openai/sora-2", "api_key": key} for key in keys))
        return list(load({"model_list": rows}).routes)

    monkeypatch.setenv("A", "sk-1")
    monkeypatch.setenv("B", "sk-1")
    before = ids("os.environ/A", "os.environ/B")
    monkeypatch.setenv("A", "sk-2")
    assert ids("os.environ/A", "os.environ/B") == before
    assert len(set(ids("sk-1", "sk-2", "sk-2", "os.environ/A"))) == 4
    assert ids("sk-1") == ids("sk-1") != ids("sk-2")


def test_what_is_litellms_and_means_nothing_here_is_told() -> None:
    whole = {
        "model_list": group("sora", {"model": "openai/sora-2", "tpm": 1000, "max_retries": 2}),
        "router_settings": {"redis_host": "cache", "routing_strategy": "least-busy"},
    }
    with pytest.warns(UserWarning, match="has no meaning here and is ignored") as told:
        load(whole)
    assert [str(each.message).partition(" of LiteLLM's")[0] for each in told] == [
        "model_list[0].litellm_params: max_retries, tpm",
        "router_settings: redis_host",
    ]
    assert config.groups().names == ["sora"]


@pytest.mark.parametrize(
    ("whole", "words"),
    [
        ({"model_lits": ONE}, "has no setting 'model_lits'. Did you mean model_list?"),
        ({"model_list": {}, "router_settings": 3}, "router_settings in config.yaml must hold"),
        ({"model_list": "sora"}, "model_list must be a list"),
        ({"model_list": [{"model_nam": "sora"}]}, "[0] has no setting 'model_nam'. Did you mean model_name?"),
        ({"model_list": [{"litellm_params": {"model": "openai/sora-2"}}]}, "model_list[0] has no model_name"),
        (
            {"model_list": group("sora", {"model": "sora-2"})},
            "(sora) needs litellm_params.model as provider/",
        ),
        ({"model_list": group("openai/*", {"model": "openai/*"})}, "has a * in it"),
        ({"model_list": group("a", {"model": "openai/a", "rmp": 3})}, "'rmp'. Did you mean rpm?"),
        ({"model_list": group("a", {"model": "openai/a", "rpm": 0})}, "rpm must be a whole number from 1 up"),
        (
            {"model_list": group("a", {"model": "openai/a", "weight": -1})},
            "weight must be a number from 0 up",
        ),
        ({"model_list": group("a", {"model": "openai/a", "api_key": "os.environ/NOPE"})}, "variable NOPE"),
        (
            {"model_list": [{**ONE[0], "model_info": {"id": "x"}}] * 2},
            "Two deployments have the id 'x'",
        ),
        ({"model_list": ONE, "router_settings": {"strategy": 1}}, "Did you mean routing_strategy?"),
        (
            {"model_list": ONE, "router_settings": {"routing_strategy": "usage-based-routing"}},
            "There are simple-shuffle, least-busy, lowest-cost or latency-based.",
        ),
        ({"model_list": ONE, "router_settings": {"fallbacks": ["sora"]}}, "fallbacks must be a list such as"),
        (
            {"model_list": ONE, "router_settings": {"fallbacks": [{"sora": ["veo"]}]}},
            "fallbacks names 'veo', which is no group of model_list. There are sora.",
        ),
        (
            {"model_list": ONE, "router_settings": {"fallbacks": [{"sorra": ["local/animatic"]}]}},
            "fallbacks names 'sorra', which is no group of model_list. Did you mean sora?",
        ),
        (
            {"model_list": ONE, "router_settings": {"model_group_alias": {"video": "sorra"}}},
            "model_group_alias names 'sorra'",
        ),
        ({"model_list": ONE, "router_settings": {"cooldown_time": "soon"}}, "cooldown_time must be a number"),
    ],
)
def test_what_is_wrong_is_told_and_the_configuration_before_stays(whole: dict[str, Any], words: str) -> None:
    before = load({"model_list": ONE})
    with pytest.raises(InvalidRequest, match=re.escape(words)):
        load(whole)
    assert config.groups() is before


def test_a_group_that_there_is_not_is_told_with_the_nearest() -> None:
    load({"model_list": ONE})
    with pytest.raises(UnknownModel, match=r"no model group 'sorra'. Did you mean sora"):
        soravid.estimate(model="sorra")
