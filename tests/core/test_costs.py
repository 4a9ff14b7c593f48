"""What a job cost: the provider's word first, then its tokens, then what was delivered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from soravid import costs
from soravid.deployments import Deployment
from soravid.ledger import JobRow
from soravid.ledger.journal import Journal
from soravid.types import Usage, Video, VideoError, VideoRequest

GEMINI, XAI, FAL = (
    "gemini/gemini-omni-1.2-flash",
    "xai/grok-imagine-video-1.5",
    "fal_ai/bytedance/seedance-2.5",
)
USD = 10**9


@pytest.fixture
def row(home: Path) -> JobRow:
    """A job as it was opened: 4 s at 720p."""
    request = VideoRequest(model=FAL, prompt="a kite", seconds="4", size="1280x720")
    deployment = Deployment(provider="fal_ai", model="x", api_base="https://x", own_host=True)
    journal = Journal(home)
    opened = journal.open(request, deployment, 2 * USD, expected=("4", "1280x720"))[0]
    journal.close()
    return opened


def done(**facts: object) -> Video:
    return Video.model_validate({"id": "v", "status": "completed", **facts})


def test_the_providers_own_figure_counts(row: JobRow) -> None:
    video = done(seconds="4")
    video._bill = 7
    assert costs.settled(row, video) == 7


def test_tokens_count_where_they_are_billed(row: JobRow) -> None:
    video = done(seconds="3", usage=Usage(completion_tokens=17_376))
    assert costs.settled(replace(row, model=GEMINI), video) == 304_080_000
    assert costs.settled(row, video) == 3 * 473_000_000


def test_what_was_delivered_counts(row: JobRow) -> None:
    assert costs.settled(row, done()) == 4 * 473_000_000
    assert costs.settled(row, done(seconds="5", size="854x480")) == 5 * 220_500_000


@pytest.mark.parametrize(("model", "cost"), [(XAI, 2 * USD), (FAL, 0)])
def test_a_refusal_is_billed_where_the_provider_does_so(row: JobRow, model: str, cost: int) -> None:
    refused = Video(id="v", status="failed", error=VideoError(code="content_policy_violation"))
    assert costs.settled(replace(row, model=model), refused) == cost
    broken = Video(id="v", status="failed", error=VideoError(code="internal"))
    assert costs.settled(replace(row, model=model), broken) == 0


def test_the_file_says_what_was_delivered(row: JobRow) -> None:
    assert costs.delivered(row, 4.04, "1280x720") == ("4", "1280x720", 4 * 473_000_000)
    assert costs.delivered(row, 2.5, "1280x720") == ("2.5", "1280x720", 1_182_500_000)
    # The file is of no class that has a price: it was sold as the class that was ordered.
    assert costs.delivered(row, 4.0, "1248x704") == ("4", "1248x704", 4 * 473_000_000)


def test_an_extension_costs_what_was_added(row: JobRow) -> None:
    extension = replace(row, operation="extend")
    assert costs.delivered(extension, 11.0, "1280x720") == ("11", "1280x720", 4 * 473_000_000)
    assert costs.settled(extension, done(seconds="11")) == 4 * 473_000_000


def test_pictures_cost_where_they_have_a_price(row: JobRow) -> None:
    pictured = replace(
        row, model=XAI, parameters={**row.parameters, "input_reference": "d", "references": ["e"]}
    )
    assert costs.settled(pictured, done(seconds="4")) == 4 * 140_000_000 + 2 * 10_000_000
