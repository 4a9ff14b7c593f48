"""Personal data, found by the real Presidio without a language model and without a network."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from soravid.errors import InvalidRequest
from soravid.guardrails import Guard, GuardrailBlocked, PersonalData
from tests.guardrails.conftest import check

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def guardrail() -> PersonalData:
    return PersonalData()


@pytest.mark.parametrize(
    ("prompt", "left"),
    [
        ("Write to jane.doe@firma.co.uk today", "Write to <EMAIL_ADDRESS> today"),
        ("Call +1 415 555 0132 now", "Call <PHONE_NUMBER> now"),
        ("Card 4111 1111 1111 1111.", "Card <CREDIT_CARD>."),
        ("IBAN DE89 3704 0044 0532 0130 00, host 10.0.0.1", "IBAN <IBAN_CODE>, host <IP_ADDRESS>"),
        (
            "A 1920x1080 shot of 12 cats, 24 fps, in 2026 at 12:30",
            "A 1920x1080 shot of 12 cats, 24 fps, in 2026 at 12:30",
        ),
        ("Card 4111 1111 1111 1112, jane@nowhere", "Card 4111 1111 1111 1112, jane@nowhere"),
    ],
)
def test_it_is_replaced_by_its_kind(
    guardrail: PersonalData, prompt: str, left: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert check(Guard([guardrail]), prompt).prompt == left
    assert "publicsuffix.org" not in caplog.text  # nothing was fetched


def test_it_can_block(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    guard = Guard([PersonalData(["EMAIL_ADDRESS", "PHONE_NUMBER"], action="block")])
    with pytest.raises(GuardrailBlocked) as refused:
        check(guard, "me@example.com, +1 415 555 0132")
    assert refused.value.message == "The prompt has personal data in it: email address, phone number."
    assert "example.com" not in str(refused.value) + caplog.text
    assert check(guard, "Card 4111 1111 1111 1111").prompt == "Card 4111 1111 1111 1111"


def test_what_needs_a_language_model_is_told() -> None:
    with pytest.raises(InvalidRequest, match="entities must be EMAIL_ADDRESS"):
        PersonalData(["PERSON"])


def test_where_presidio_or_regex_is_absent_the_extra_is_named() -> None:
    code = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"presidio_analyzer", "regex"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
from soravid.errors import MissingExtra
from soravid.guardrails import Patterns, PersonalData
for make in (PersonalData, lambda: Patterns("a")):
    try:
        make()
    except MissingExtra as wrong:
        print(wrong)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        'The guardrail personal_data needs an optional part. Install it: pip install "soravid[presidio]"',
        'The guardrail patterns needs an optional part. Install it: pip install "soravid[guardrails]"',
    ]
