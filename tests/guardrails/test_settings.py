"""What every guardrail can be told, and the simplest of them."""

from __future__ import annotations

from typing import Any

import pytest

from soravid.errors import InvalidRequest
from soravid.guardrails import (
    Guard,
    GuardrailBlocked,
    Length,
)
from tests.guardrails.conftest import check


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"timeout": 0}, "timeout must be a positive number of seconds"),
        ({"timeout": True}, "timeout must be"),
        ({"on_error": "blok"}, "on_error must be block or allow, not 'blok'. Did you mean block?"),
        ({"stages": "promt"}, "Did you mean prompt?"),
        ({"stages": []}, "has no stages"),
        ({"stages": "output_frames"}, "cannot look at output_frames: it looks at prompt only"),
    ],
)
def test_settings_that_cannot_work_are_told_at_once(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequest, match=message.replace("?", r"\?")):
        Length(10, **setting)


def test_length_of_both_prompts() -> None:
    guard = Guard([Length(10, min=2)])
    assert check(guard, "0123456789").prompt == "0123456789"
    with pytest.raises(GuardrailBlocked, match="The prompt has 11 characters; at most 10 are allowed here"):
        check(guard, "01234567890")
    with pytest.raises(GuardrailBlocked, match="The negative prompt has 11 characters"):
        check(guard, "boat", negative_prompt="01234567890")
    with pytest.raises(GuardrailBlocked, match="too short: it needs at least 2"):
        check(guard, " a ")
    for wrong in ({"max_characters": 0}, {"max_characters": 5, "min": 6}, {"max_characters": "5"}):
        with pytest.raises(InvalidRequest, match="max_characters"):
            Length(**wrong)
