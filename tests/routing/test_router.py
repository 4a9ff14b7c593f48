"""``Router`` has LiteLLM's shape, and every function that soravid has."""

from __future__ import annotations

import asyncio
import inspect

import pytest

from soravid import functions, session
from soravid.errors import InvalidRequest, UnknownKeyword
from soravid.router import Router
from tests.core.helpers import until
from tests.routing.conftest import Account, group


@pytest.fixture
def router(accounts: list[Account]) -> Router:
    return Router(
        model_list=group("sora", *(account.params() for account in accounts)), routing_strategy="least-busy"
    )


def test_it_has_every_function_with_its_signature() -> None:
    names = [name for name in vars(functions) if name.startswith(("video_", "avideo_"))]
    assert len(names) == 18
    for name in [*names, "generate", "estimate"]:
        function = getattr(functions if name in names else session, name)
        (itself, *others) = inspect.signature(getattr(Router, name)).parameters.values()
        assert itself.name == "self"
        assert others == list(inspect.signature(function).parameters.values()), name


def test_from_asking_to_the_clip(router: Router, accounts: list[Account]) -> None:
    video = router.video_generation("a kite", model="sora", seconds=8)
    assert video.status in {"queued", "processing"}
    until(lambda: router.video_status(video.id).status == "completed")
    (account,) = [one for one in accounts if video.id in one.fake.videos]
    assert router.video_content(video.id) == account.fake.bytes_of(video.id)
    assert router.video_remix("higher", video_id=video.id).id in account.fake.videos
    assert router.video_delete(video.id).deleted
    assert [one.strangers for one in accounts] == [[], [], []]


def test_the_same_awaited_on_any_loop(router: Router) -> None:
    async def story() -> bytes:
        video = await router.avideo_generation("a kite", model="sora")
        for _ in range(3):  # each is a step of the fake's
            video = await router.avideo_status(video.id)
        assert video.status == "completed"
        return await router.avideo_content(video.id)

    assert asyncio.run(story())[4:8] == b"ftyp"


def test_a_job_from_a_group(router: Router) -> None:
    clip = router.generate("a kite", model="sora").wait()
    assert clip.path.is_file()


def test_the_table_shows_health_and_load_and_no_key(router: Router) -> None:
    for number in range(4):
        router.video_generation(f"kite {number}", model="sora")
    table = router.deployments()
    assert sorted(row["Load"] for row in table) == ["1", "1", "2"]
    assert {row["State"] for row in table} == {"up"}
    assert "sk-" not in f"{table} {table._repr_mimebundle_()} {router!r}"


def test_two_routers_do_not_see_each_others_groups(router: Router, accounts: list[Account]) -> None:
    other = Router(group("veo", accounts[0].params()))
    other.video_generation("a kite", model="veo")
    with pytest.raises(InvalidRequest, match="provider/model, not 'veo'"):
        router.video_generation("a kite", model="veo")


def test_litellms_other_settings_are_told_and_unknown_ones_are_errors() -> None:
    rows = group("sora", {"model": "openai/sora-2"})
    with pytest.warns(UserWarning, match=r"Router: redis_host, set_verbose of LiteLLM's has no meaning"):
        Router(rows, redis_host="cache", set_verbose=True)
    with pytest.raises(InvalidRequest, match=r"Router has no setting 'cooldown'. Did you mean cooldown_time"):
        Router(rows, cooldown=3)


def test_an_unknown_keyword_of_a_call_is_named(router: Router) -> None:
    with pytest.raises(UnknownKeyword, match=r"video_generation.* no argument 'second'.*seconds"):
        router.video_generation("a kite", second=3)  # type: ignore[call-arg]
