"""What happens when a deployment fails: the next one where that is safe, none where it is not."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

import soravid
from soravid import loop, planning
from soravid.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    OutcomeUnknown,
    RateLimited,
    Refused,
)
from soravid.router import Router
from soravid.routing import NoDeployment
from tests.core.helpers import jobs, kinds, until
from tests.core.servers import closed_port
from tests.routing.conftest import Account, Clock, group


def tiers(*params: dict[str, Any]) -> list[dict[str, Any]]:
    """A group whose deployments are tried in this order."""
    return group("sora", *({**row, "order": number} for number, row in enumerate(params)))


def creates(accounts: list[Account]) -> list[int]:
    return [account.fake.creates for account in accounts]


def test_a_definite_error_goes_on_to_the_next(accounts: list[Account], home: Path) -> None:
    first, second, _ = accounts
    router = Router(tiers({**first.params(), "api_base": closed_port()}, second.params() | {"api_key": "no"}))
    with pytest.raises(AuthenticationFailed):
        router.video_generation("a kite", model="sora")
    assert kinds(home) == ["hold", "void", "hold", "void"]
    router = Router(
        tiers(
            {**first.params(), "api_base": closed_port()},  # nobody listens
            first.params() | {"api_key": "wrong"},
            second.params(),
        )
    )
    assert router.video_generation("a kite", model="sora").id in second.fake.videos
    assert creates(accounts) == [0, 1, 0]


def test_being_asked_to_wait_goes_on_to_the_next(accounts: list[Account], home: Path) -> None:
    first, second, _ = accounts
    second.fake._limited.add("a kite [429]")  # it does not mind
    router = Router(tiers(first.params(), second.params()))
    router.video_generation("a kite [429]", model="sora")
    assert creates(accounts) == [0, 1, 0]
    assert kinds(home) == ["hold", "void", "hold"]
    assert [row["State"] for row in router.deployments()] == ["cooling down", "up"]


@pytest.mark.parametrize(("word", "error"), [("[refuse]", Refused), ("[500]", OutcomeUnknown)])
def test_a_refusal_and_an_unknown_outcome_go_nowhere_else(
    word: str, error: type[Exception], accounts: list[Account]
) -> None:
    first, second, third = accounts
    router = Router(
        [*tiers(first.params(), second.params()), *group("more", third.params())],
        fallbacks=[{"sora": ["more"]}],
    )
    with pytest.raises(error):
        router.video_generation(f"a kite {word}", model="sora")
    assert [len(account.fake.asked("POST")) for account in accounts] == [1, 0, 0]


def test_after_a_groups_deployments_come_those_of_its_fallbacks(accounts: list[Account]) -> None:
    first, second, third = accounts
    router = Router(
        [*tiers(first.params(), second.params()), *group("more", third.params())],
        default_fallbacks=["more"],
    )
    first.fake.api_key = "another"
    router.video_generation("a kite", model="sora")
    assert creates(accounts) == [0, 1, 0]
    for account in accounts[:2]:
        account.fake.api_key = "another"
    router.video_generation("a kite", model="sora")
    assert creates(accounts) == [0, 1, 1]


def test_a_calls_own_fallbacks_may_be_groups(accounts: list[Account]) -> None:
    first, second, _ = accounts
    router = Router([*group("sora", first.params() | {"api_key": "no"}), *group("more", second.params())])
    router.video_generation("a kite", model="sora", fallbacks=["more"])
    assert creates(accounts) == [0, 1, 0]


def test_retries_are_as_many_as_set(accounts: list[Account]) -> None:
    wrong = [account.params() | {"api_key": "no"} for account in accounts]
    for retries, expected in ((0, 1), (1, 2), (None, 3)):
        before = sum(len(account.fake.asked("POST")) for account in accounts)
        with pytest.raises(AuthenticationFailed):
            Router(group("sora", *wrong), num_retries=retries).video_generation("a kite", model="sora")
        assert sum(len(account.fake.asked("POST")) for account in accounts) - before == expected


def test_a_deployment_that_fails_is_left_alone_and_tried_again_later(
    accounts: list[Account], clock: Clock
) -> None:
    first, second, _ = accounts
    router = Router(tiers(first.params(), second.params()), allowed_fails=1, cooldown_time=30, clock=clock)
    first.fake.api_key = "renewed"
    for number in range(5):
        router.video_generation(f"kite {number}", model="sora")
    assert (len(first.fake.asked("POST")), second.fake.creates) == (2, 5)
    first.fake.api_key = "sk-a"
    clock.passes(30)
    assert router.deployments()[0]["State"] == "half-open"
    router.video_generation("a kite", model="sora")
    assert (first.fake.creates, router.deployments()[0]["State"]) == (1, "up")


def test_a_server_error_counts_although_nothing_else_is_tried(accounts: list[Account], clock: Clock) -> None:
    first, second, _ = accounts
    router = Router(tiers(first.params(), second.params()), allowed_fails=0, clock=clock)
    with pytest.raises(OutcomeUnknown):
        router.video_generation("a kite [500]", model="sora")
    router.video_generation("a kite", model="sora")
    assert creates(accounts) == [0, 1, 0]


def test_refusals_and_bad_requests_cool_nothing_down(accounts: list[Account]) -> None:
    router = Router(group("sora", accounts[0].params()), allowed_fails=0)
    for number in range(5):
        with pytest.raises(Refused):
            router.video_generation(f"kite {number} [refuse]", model="sora")
    assert router.deployments()[0]["State"] == "up"


def test_when_everything_cools_down_the_error_says_until_when(
    accounts: list[Account], clock: Clock, home: Path
) -> None:
    first, second, _ = accounts
    router = Router(group("sora", first.params(), second.params()), clock=clock)
    with pytest.raises(RateLimited):
        router.video_generation("a kite [429 always]", model="sora")
    clock.passes(3)
    before = len(jobs(home))
    then = time.strftime("%H:%M", time.localtime(time.time() + 4))
    with pytest.raises(NoDeployment) as told:
        router.video_generation("a kite", model="sora")
    assert told.value.message == "No deployment of 'sora' is up: all 2 are cooling down."
    assert f"may be tried at {then}" in told.value.hint
    assert "in 4 s; nothing was sent" in told.value.hint
    assert told.value.retry_after == 4.0
    assert len(jobs(home)) == before
    clock.passes(4)
    router.video_generation("a kite", model="sora")


def test_no_more_creates_at_once_than_allowed_and_none_fails(accounts: list[Account]) -> None:
    account = accounts[0]
    account.fake.slow_seconds = 0.05
    router = Router(group("sora", account.params(max_parallel_requests=2)))

    async def story() -> int:
        most = 0
        calls = [
            asyncio.ensure_future(router.avideo_generation(f"kite {number} [slow]", model="sora"))
            for number in range(10)
        ]
        (route,) = router._groups.find("sora")
        while not all(call.done() for call in calls):
            most = max(most, route.gate.inside)
            await asyncio.sleep(0.002)
        assert all(call.result().id in account.fake.videos for call in calls)
        return most

    assert asyncio.run(story()) == 2
    assert account.fake.creates == 10


def test_no_more_jobs_at_once_than_allowed_and_none_fails(accounts: list[Account], home: Path) -> None:
    fake = accounts[0].fake
    fake.polls_to_finish = 10_000
    router = Router(group("sora", accounts[0].params(parallel_jobs=1)))
    first, second = (router.generate(f"kite {number}", model="sora") for number in range(2))
    until(lambda: first.status != "submitting" and second.id in planning.current()._queued)
    assert (fake.creates, second.status) == (1, "submitting")
    fake.finish(next(iter(fake.videos)))
    assert first.wait().path.is_file()
    until(lambda: len(fake.videos) == 2)
    fake.finish(list(fake.videos)[1])
    assert second.wait().path.is_file()


def test_who_gives_up_in_the_queue_gets_the_money_back(accounts: list[Account], home: Path) -> None:
    account = accounts[0]
    account.fake.slow_seconds = 0.5
    router = Router(group("sora", account.params(max_parallel_requests=1)))

    async def story() -> None:
        first = asyncio.ensure_future(router.avideo_generation("one [slow]", model="sora"))
        await asyncio.sleep(0.2)
        second = asyncio.ensure_future(router.avideo_generation("two", model="sora"))
        await asyncio.sleep(0.15)
        second.cancel()
        await asyncio.wait([second])
        await first

    asyncio.run(story())
    until(lambda: soravid.spend().held == 400_000_000)
    assert {row["prompt"]: row["status"] for row in jobs(home)} == {"one [slow]": "queued", "two": "failed"}
    assert [call.fields["prompt"] for call in account.fake.asked("POST")] == ["one [slow]"]
    assert router.deployments()[0]["Load"] == "1"


def test_a_queued_job_can_be_withdrawn(accounts: list[Account], home: Path) -> None:
    account = accounts[0]
    account.fake.slow_seconds = 0.5
    router = Router(group("sora", account.params(max_parallel_requests=1)))
    first = router.generate("one [slow]", model="sora")
    until(lambda: account.fake.creates)
    second = router.generate("two", model="sora")
    line = planning.current()
    until(lambda: second.id in line._queued)

    async def withdraw() -> bool:
        return line.withdraw(second.id)

    assert loop.run(withdraw())
    until(second.done)
    assert first.wait().path.is_file()
    assert jobs(home)[1]["status"] == "failed"
    assert account.fake.creates == 1


def test_no_more_creates_a_minute_than_set(accounts: list[Account], clock: Clock) -> None:
    first, second, _ = accounts
    router = Router(tiers(first.params(rpm=2), second.params()), clock=clock)
    for number in range(5):
        router.video_generation(f"kite {number}", model="sora")
    assert creates(accounts) == [2, 3, 0]
    clock.passes(60)
    router.video_generation("a kite", model="sora")
    assert creates(accounts) == [3, 3, 0]


def test_a_plan_after_a_failed_job_leaves_its_maker_out(accounts: list[Account]) -> None:
    first, second, _ = accounts
    for on_failed_job in (True, False):
        router = Router(tiers(first.params(), second.params()), on_failed_job=on_failed_job)
        for word, expected in (("[error]", 1 if on_failed_job else None), ("[moderation]", None)):
            left = loop.run(_after(router, f"a kite {word}"))
            assert left == expected


async def _after(router: Router, prompt: str) -> int | None:
    from soravid.routing.active import using

    with using(router._groups):
        line = planning.current()
        plan = await planning.make_plan(line, prompt, "sora")
        row = await line.watch(await line.submit(plan))
        assert row.status == "failed"
        rest = plan.after_failure(row)
    return len(rest.steps) if rest else None


def test_nobody_listening_is_told_where_there_is_nothing_else() -> None:
    router = Router(group("sora", {"model": "openai/sora-2", "api_base": closed_port(), "api_key": "sk-a"}))
    with pytest.raises(ConnectionFailed):
        router.video_generation("a kite", model="sora")
