"""Guardrails from a configuration, in soravid's shape and in LiteLLM's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from soravid.errors import InvalidRequest, MissingKey
from soravid.guardrails import (
    BlockList,
    Context,
    GuardrailBlocked,
    OpenAIModeration,
    Verdict,
    from_config,
)
from soravid.guardrails.config import TYPES
from soravid.transport import Transport
from tests.fakes.moderation import ModerationFake
from tests.guardrails.conftest import KEY, check


def rows(text: str) -> Any:
    return yaml.safe_load(text)


def no_boats(stage: str, context: Context) -> Verdict | None:
    return Verdict("block", "boats", "No boats.") if "boat" in context.prompt else None


def test_rows_of_ones_own(
    tmp_path: Path, url: str, transport: Transport, fake: ModerationFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODERATION_KEY", KEY)
    monkeypatch.setenv("WORD", "sword")
    (tmp_path / "words.txt").write_text("kill\n")
    guard = from_config(
        rows(f"""
        - type: length
          max_characters: 100
        - {{name: words, type: block_list, words: [os.environ/WORD], file: words.txt, action: rewrite}}
        - {{type: patterns, patterns: {{phone: '\\d{{3}}-\\d{{4}}'}}, action: flag}}
        - name: moderation
          type: openai_moderation
          api_key: os.environ/MODERATION_KEY
          api_base: {url}/v1
          stages: [prompt, input_image]
          threshold: {{violence: 0.2}}
          timeout: 5
          on_error: allow
        - {{type: chat-moderation, api_base: {url}/v1, api_key: {KEY}, model: llama-guard}}
        - {{type: webhook, url: {url}/hook, default_on: false}}
        - {{type: call, function: "tests.guardrails.test_config:no_boats", stages: prompt}}
        - {{type: personal_data, entities: [EMAIL_ADDRESS]}}
        """),
        transport=transport,
        folder=tmp_path,
    )
    assert [each.name for each in guard.guardrails] == [
        "length",
        "words",
        "patterns",
        "moderation",
        "chat_moderation",
        "webhook",
        "no_boats",
        "personal_data",
    ]
    outcome = check(guard, "kill with a sword: 555-0199, me@example.com")
    assert outcome.prompt == "*** with a ***: 555-0199, <EMAIL_ADDRESS>"
    assert [flag.rule for flag in outcome.flags] == ["phone"]
    assert [call.path for call in fake.requests] == ["/v1/moderations", "/v1/chat/completions"]
    with pytest.raises(GuardrailBlocked, match="No boats"):
        check(guard, "A boat")
    moderation = guard.guardrails[3]
    assert (moderation.timeout, moderation.on_error, moderation.stages) == (
        5.0,
        "allow",
        ("prompt", "input_image"),
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "{type: blocklis, words: [a]}",
            "The guardrail 1 has no type 'blocklis'. Did you mean 'block_list'?",
        ),
        ("{name: x, words: [a]}", "The guardrail 'x' has no type. There are length, block_list"),
        (
            "{name: x, type: block_list, word: [a]}",
            "The guardrail 'x' (block_list) has no setting 'word'. Did you mean 'words'?",
        ),
        ("{name: x, type: length, max_characters: 5, time_out: 3}", "Did you mean 'timeout'?"),
        ("{name: x, type: chat_moderation, model: m}", "The guardrail 'x' (chat_moderation) needs api_base."),
        ("{name: x, type: length}", "needs max_characters"),
        ("{name: x, type: length, max_characters: many}", "In the guardrail 'x': max_characters must be"),
        ("{name: x, type: block_list, words: 5}", "has a setting of the wrong kind"),
        ("{name: x, type: block_list, words: [a], stages: [output]}", "Did you mean output_frames?"),
        ("{name: x, type: block_list, words: [a], on_error: open}", "on_error must be block or allow"),
        ("{name: x, type: call, function: 'os:nothing'}", "There is no function 'os:nothing'"),
        ("{name: x, type: openai_moderation, api_key: os.environ/NOT_SET}", "The variable NOT_SET"),
        ("{name: x, type: openai_moderation, transport: 1}", "has no setting 'transport'"),
    ],
)
def test_a_row_that_cannot_work_is_told(row: str, message: str) -> None:
    with pytest.raises(InvalidRequest, match=re.escape(message)):
        from_config([rows(row)])


def test_what_is_no_list_is_told() -> None:
    for wrong in ({"type": "length"}, ["length"], None, "length"):
        with pytest.raises(InvalidRequest, match="guardrails must be a list of names and values"):
            from_config(wrong)  # type: ignore[arg-type]


def test_every_type_has_its_own_settings_and_the_common_ones() -> None:
    assert set(TYPES) == {
        "length",
        "block_list",
        "patterns",
        "openai_moderation",
        "chat_moderation",
        "webhook",
        "call",
        "personal_data",
    }


# --- LiteLLM's section ---

LITELLM = """
- guardrail_name: openai-moderation
  litellm_params:
    guardrail: openai_moderation
    mode: [pre_call, post_call]
    api_key: os.environ/OPENAI_API_KEY
    api_base: {url}/v1
    model: omni-moderation-latest
    default_on: true
    fail_on_error: false
  guardrail_info: {{params: []}}
- guardrail_name: filter
  litellm_params:
    guardrail: litellm_content_filter
    mode: pre_call
    default_on: true
    blocked_words_file: {folder}/words.yaml
    blocked_words:
      - {{keyword: kill, action: BLOCK, description: No killing here.}}
      - {{keyword: sword, action: MASK}}
    patterns:
      - {{pattern_type: regex, name: ticket, pattern: 'T-\\d+', action: MASK}}
- guardrail_name: pii
  litellm_params:
    guardrail: presidio
    mode: pre_call
    presidio_language: en
    pii_entities_config: {{EMAIL_ADDRESS: MASK, CREDIT_CARD: BLOCK}}
- guardrail_name: words
  litellm_params: {{guardrail: blocklist, mode: during_call, words: [gun]}}
"""


def test_litellms_section(
    tmp_path: Path, url: str, transport: Transport, fake: ModerationFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    (tmp_path / "words.yaml").write_text("blocked_words:\n- {keyword: titan, action: MASK}\n")
    guard = from_config(rows(LITELLM.format(url=url, folder=tmp_path)), transport=transport)
    moderation = guard.guardrails[0]
    assert isinstance(moderation, OpenAIModeration)
    assert moderation.stages == ("prompt", "input_image", "input_video", "output_frames")
    assert moderation.on_error == "allow"
    assert check(guard, "titan, sword, T-12 and me@example.com").prompt == (
        "***, ***, *** and me@example.com"  # pii is not on by default, as in LiteLLM
    )
    with pytest.raises(GuardrailBlocked, match=r"No killing here\."):
        check(guard, "kill")
    assert check(guard, "to me@example.com", guardrails=("pii",)).prompt == "to <EMAIL_ADDRESS>"
    with pytest.raises(GuardrailBlocked, match="personal data in it: credit card"):
        check(guard, "card 4111 1111 1111 1111", guardrails=("pii",))
    assert isinstance(guard.guardrails[-1], BlockList)
    with pytest.raises(GuardrailBlocked):
        check(guard, "gun", guardrails=("words",))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("{guardrail: lakera_v2, mode: pre_call}", "is LiteLLM's 'lakera_v2', which soravid does not have"),
        ("{guardrail: openai_moderations, mode: pre_call}", "Did you mean 'openai_moderation'?"),
        (
            "{guardrail: blocklist, mode: logging_only, words: [a]}",
            "mode 'logging_only'; soravid knows pre_call",
        ),
        ("{guardrail: blocklist, mode: {default: pre_call}, words: [a]}", "soravid knows pre_call"),
        ("{guardrail: blocklist, mode: post_call, words: [a]}", "(blocklist) cannot look at output_frames"),
        ("{guardrail: blocklist, mode: pre_call, wordz: [a]}", "Did you mean 'words'?"),
        ("{guardrail: litellm_content_filter, mode: pre_call}", "neither words nor patterns"),
        (
            "{guardrail: litellm_content_filter, mode: pre_call, categories: []}",
            "has no setting 'categories'",
        ),
        (
            "{guardrail: litellm_content_filter, "
            "patterns: [{pattern_type: prebuilt, pattern_name: us_ssn, action: MASK}]}",
            "LiteLLM's pattern 'us_ssn'",
        ),
        (
            "{guardrail: litellm_content_filter, blocked_words: [{keyword: a, action: WARN}]}",
            "without action BLOCK or MASK",
        ),
        ("{guardrail: litellm_content_filter, blocked_words_file: none.yaml}", "holds no blocked_words"),
        (
            "{guardrail: presidio, presidio_analyzer_api_base: x}",
            "has no setting 'presidio_analyzer_api_base'",
        ),
        ("{guardrail: presidio, pii_entities_config: {PERSON: MASK}}", "entities must be"),
    ],
)
def test_what_soravid_does_not_have_of_it_is_told(params: str, message: str) -> None:
    with pytest.raises(InvalidRequest, match=re.escape(message)):
        from_config([{"guardrail_name": "x", "litellm_params": rows(params)}])


def test_a_row_of_neither_shape() -> None:
    with pytest.raises(InvalidRequest, match="needs litellm_params"):
        from_config([{"guardrail_name": "x"}])
    with pytest.raises(InvalidRequest, match=r"no setting 'mode'"):
        from_config([{"guardrail_name": "x", "litellm_params": {}, "mode": "pre_call"}])
    with pytest.raises(MissingKey, match="There is no key for openai"):
        from_config([{"guardrail_name": "x", "litellm_params": {"guardrail": "openai_moderation"}}])
