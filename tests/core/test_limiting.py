"""Limits on how often and how much at once; polls and downloads are free of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import soravid
from soravid import errors, limiting
from soravid.limiting import LimitReached, Limits
from tests.core.helpers import MODEL, jobs
from tests.fakes.openai import OpenAIFake


@pytest.fixture(autouse=True)
def no_limits_afterwards() -> Iterator[None]:
    yield
    limiting.use(Limits())


def configure(text: str) -> None:
    Path("config.yaml").write_text(f"soravid_settings:\n  limits: {text}\n")
    soravid.load_config("config.yaml")


def test_so_many_a_minute_and_the_wait_is_told(openai: OpenAIFake, home: Path) -> None:
    configure("{user: {requests_per_minute: 2}}")
    made = [soravid.video_generation("a kite", MODEL, user="ada") for _ in range(2)]
    for _ in range(5):
        soravid.video_status(made[0].id)
    with pytest.raises(LimitReached, match="user ada may make 2 clips a minute") as caught:
        soravid.video_generation("a kite", MODEL, user="ada")
    assert caught.value.code == "rate_limited"
    assert caught.value.retry_after is not None
    assert 50 < caught.value.retry_after <= 60
    soravid.video_generation("a kite", MODEL, user="grace")
    assert (openai.creates, len(jobs(home))) == (3, 3)


def test_so_many_at_once(openai: OpenAIFake) -> None:
    configure("{user: {parallel_jobs: 1}}")
    first = soravid.video_generation("a kite", MODEL, user="ada")
    with pytest.raises(LimitReached, match="has 1 job running"):
        soravid.video_generation("a boat", MODEL, user="ada")
    openai.finish(first.id)
    soravid.video_status(first.id)
    soravid.video_generation("a boat", MODEL, user="ada")


def test_a_call_that_is_told_of_the_same_job_counts_for_nothing(openai: OpenAIFake) -> None:
    configure("{session: {requests_per_minute: 1, parallel_jobs: 1}}")
    first = soravid.video_generation("a kite", MODEL, idempotency_key="once")
    assert soravid.video_generation("a kite", MODEL, idempotency_key="once").id == first.id
    assert soravid.video_generation("a kite", MODEL, reuse=True).id == first.id
    with pytest.raises(LimitReached):
        soravid.video_generation("a kite", MODEL)


def test_a_fallback_is_no_second_create(openai: OpenAIFake) -> None:
    configure("{user: {requests_per_minute: 1, parallel_jobs: 1}}")
    soravid.video_generation("a kite [429]", MODEL, user="ada", fallbacks=["openai/sora-2-pro"])
    assert openai.creates == 1
    with pytest.raises(LimitReached, match="has 1 job running"):
        soravid.video_generation("a kite", MODEL, user="ada")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "must hold kinds"),
        ("{everybody: {parallel_jobs: 1}}", "not of 'everybody'"),
        ("{user: 3}", "names and numbers"),
        ("{user: {rpm: 3}}", "no limit 'rpm'"),
        ("{user: {parallel_jobs: 0}}", "whole number above 0, not 0"),
    ],
)
def test_a_wrong_limit_is_told(text: str, words: str) -> None:
    with pytest.raises(errors.InvalidRequest, match=words):
        configure(text)
