"""Failures of a deployment cool it down; those of a request do not; one try shows whether it is up again."""

from __future__ import annotations

import asyncio

import pytest

from soravid.errors import (
    AuthenticationFailed,
    BadRequest,
    ConnectionFailed,
    OutcomeUnknown,
    RateLimited,
    Refused,
    ServerError,
    SoravidError,
)
from soravid.routing import Policy
from soravid.routing.health import Health
from tests.routing.conftest import Clock

POLICY = Policy(allowed_fails=2, cooldown_time=30)


def fails(health: Health, *errors: BaseException | None) -> None:
    for error in errors:
        health.end(error, trial=health.begin())


@pytest.mark.parametrize("kind", [AuthenticationFailed, ConnectionFailed, OutcomeUnknown, ServerError])
def test_more_failures_than_allowed_cool_it_down(kind: type[SoravidError], clock: Clock) -> None:
    health = Health(POLICY, clock)
    fails(health, kind("no"), kind("no"))
    assert health.up
    fails(health, kind("no"))
    assert (health.up, health.wait, health.word) == (False, 30, "cooling down")


@pytest.mark.parametrize("error", [Refused("no"), BadRequest("no"), asyncio.CancelledError()])
def test_what_a_request_did_wrong_says_nothing_of_it(error: BaseException, clock: Clock) -> None:
    health = Health(Policy(allowed_fails=0), clock)
    fails(health, *[error] * 10)
    assert health.up


def test_failures_count_together_within_a_minute_only(clock: Clock) -> None:
    health = Health(POLICY, clock)
    for _ in range(10):
        fails(health, ServerError("no"))
        clock.passes(31)
    assert (health.up, health.failures) == (True, 1)


def test_a_success_in_between_begins_anew(clock: Clock) -> None:
    health = Health(POLICY, clock)
    fails(health, *[ServerError("no"), ServerError("no"), None] * 5)
    assert (health.up, health.failures) == (True, 0)


def test_who_is_asked_to_wait_waits_at_once_and_as_long(clock: Clock) -> None:
    limited = RateLimited("slow down")
    limited.retry_after = 12.5
    health = Health(POLICY, clock)
    fails(health, limited)
    assert (health.up, health.wait) == (False, 12.5)
    clock.passes(12.5)
    assert health.up


def test_after_the_cooldown_one_try_at_a_time_decides(clock: Clock) -> None:
    health = Health(Policy(allowed_fails=0, cooldown_time=30), clock)
    fails(health, ServerError("no"))
    clock.passes(30)
    assert (health.up, health.word) == (True, "half-open")
    trial = health.begin()
    assert not health.up  # nobody else meanwhile
    health.end(ServerError("still"), trial=trial)
    assert health.wait == 30
    clock.passes(30)
    fails(health, None)
    assert (health.up, health.word) == (True, "up")


@pytest.mark.parametrize(("error", "word"), [(asyncio.CancelledError(), "half-open"), (Refused("no"), "up")])
def test_a_try_that_broke_off_decides_nothing_and_a_refusal_shows_that_it_is_there(
    error: BaseException, word: str, clock: Clock
) -> None:
    health = Health(Policy(allowed_fails=0, cooldown_time=30), clock)
    fails(health, ServerError("no"))
    clock.passes(30)
    fails(health, error)
    assert (health.up, health.word) == (True, word)
