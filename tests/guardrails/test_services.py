"""Moderation by a server: what goes out, and what its answers mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI

from soravid import loop
from soravid.errors import InvalidRequest, MissingKey
from soravid.guardrails import (
    ChatModeration,
    Guard,
    GuardrailBlocked,
    GuardrailUnavailable,
    OpenAIModeration,
)
from soravid.transport import Transport
from tests.fakes.moderation import ModerationFake
from tests.guardrails.conftest import KEY, check, picture


def _gore(value: str) -> dict[str, float]:
    """A red picture, or a text that has blood in it."""
    red = value == picture("red").data_url or value.startswith("data:image/jpeg")
    return {"violence/graphic": 0.9, "violence": 0.7} if red or "blood" in value else {"hate": 0.2}


@pytest.fixture
def moderation(url: str, transport: Transport, fake: ModerationFake) -> OpenAIModeration:
    fake.judge = _gore
    return OpenAIModeration(api_key=KEY, api_base=f"{url}/v1", transport=transport)


# --- OpenAI's moderation ---


def test_a_prompt_is_moderated(moderation: OpenAIModeration, fake: ModerationFake) -> None:
    guard = Guard([moderation])
    assert check(guard, "A boat").flags == ()
    with pytest.raises(GuardrailBlocked) as refused:
        check(guard, "blood")
    assert refused.value.message == "The prompt is not allowed here because of graphic violence, violence."
    assert refused.value.rule == "violence/graphic, violence"
    assert [call.fields for call in fake.requests] == [
        {"model": "omni-moderation-latest", "input": "A boat"},
        {"model": "omni-moderation-latest", "input": "blood"},
    ]


def test_each_picture_is_asked_about_by_itself(moderation: OpenAIModeration, fake: ModerationFake) -> None:
    fake.delay = 0.2
    with pytest.raises(GuardrailBlocked, match="The picture is not allowed here because of graphic violence"):
        check(Guard([moderation]), stage="input_image", pictures=(picture(), picture("red"), picture()))
    sent = sorted(call.fields["input"][0]["image_url"]["url"] for call in fake.requests)
    assert sent == sorted([picture().data_url, picture("red").data_url])
    assert fake.most == 2  # both at once


def test_frames_of_a_finished_clip_are_moderated(
    moderation: OpenAIModeration, fake: ModerationFake, clip: Path
) -> None:
    with pytest.raises(GuardrailBlocked) as refused:
        check(Guard([moderation], frames=3), stage="output_frames", clip=clip)
    assert str(refused.value) == (
        "The finished clip is not allowed here because of graphic violence, violence."
    )
    assert len(fake.requests) == 3
    assert all(
        call.fields["input"][0]["image_url"]["url"].startswith("data:image/jpeg;base64,")
        for call in fake.requests
    )


@pytest.mark.parametrize(
    ("threshold", "prompt", "rule"),
    [
        ({"hate": 0.1}, "A boat", "hate"),
        ({"hate": 0.3}, "A boat", None),
        ({"violence": 0.95}, "blood", "violence/graphic"),
        (0.95, "blood", None),
        (0.8, "blood", "violence/graphic"),
        (0.15, "A boat", "hate"),
    ],
)
def test_thresholds(
    threshold: Any, prompt: str, rule: str | None, url: str, transport: Transport, fake: ModerationFake
) -> None:
    fake.judge = _gore
    base = f"{url}/v1"
    guardrail = OpenAIModeration(
        api_key=KEY, api_base=base, threshold=threshold, action="flag", transport=transport
    )
    assert [flag.rule for flag in check(Guard([guardrail]), prompt).flags] == ([rule] if rule else [])


def test_the_key_may_come_from_the_environment(
    url: str, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(MissingKey, match="There is no key for openai: set OPENAI_API_KEY"):
        OpenAIModeration()
    with pytest.raises(MissingKey, match="The variable MY_KEY that a guardrail names is not set"):
        OpenAIModeration(api_key="os.environ/MY_KEY")
    monkeypatch.setenv("MY_KEY", KEY)
    guardrail = OpenAIModeration(api_key="os.environ/MY_KEY", api_base=url, transport=transport)
    check(Guard([guardrail]))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", f"{url}/v1")
    check(Guard([OpenAIModeration(transport=transport)]))
    with pytest.raises(InvalidRequest, match=r"threshold must be .*, not 'hat'. Did you mean hate\?"):
        OpenAIModeration(threshold={"hat": 0.5})
    with pytest.raises(InvalidRequest, match="from 0 to 1"):
        OpenAIModeration(threshold=50)


def test_the_fake_answers_the_official_client_alike(url: str, fake: ModerationFake) -> None:
    """What our guardrail asks is what OpenAI's own client sends, and its answers fit that client's types."""
    fake.judge = _gore
    with OpenAI(api_key=KEY, base_url=f"{url}/v1", max_retries=0) as client:
        results = client.moderations.create(input=["A boat", "blood"]).results
        assert [result.flagged for result in results] == [False, True]
        assert results[1].category_scores.violence_graphic == 0.9
        part: Any = {"type": "image_url", "image_url": {"url": picture("red").data_url}}
        text: Any = {"type": "text", "text": "A boat"}
        answer = client.moderations.create(model="omni-moderation-latest", input=[text, part])
        assert answer.results[0].categories.violence
        with pytest.raises(Exception, match="exceeds maximum of 1"):
            client.moderations.create(input=[part, part])
        client.moderations.create(model="omni-moderation-latest", input="A boat")
        client.moderations.create(model="omni-moderation-latest", input=[part])
        theirs = [call.fields for call in fake.requests[-2:]]
        chat = client.chat.completions.create(
            model="llama-guard",
            messages=[{"role": "user", "content": "A boat"}],
            temperature=0,
            max_tokens=64,
        )
        assert chat.choices[0].message.content == "safe"
        theirs.append(fake.requests[-1].fields)
    transport = Transport()
    guard = Guard(
        [
            OpenAIModeration(api_key=KEY, api_base=f"{url}/v1", transport=transport, action="flag"),
            ChatModeration(f"{url}/v1", "llama-guard", api_key=KEY, transport=transport),
        ]
    )
    check(guard)
    check(guard, stage="input_image", pictures=(picture("red"),))
    loop.run(transport.close())
    ours = [call.fields for call in fake.requests[-3:]]
    assert ours == [theirs[0], theirs[2], theirs[1]]


# --- a model behind a chat ---


@pytest.mark.parametrize(
    ("answer", "rule", "message"),
    [
        ("safe", None, ""),
        ("\n\nsafe", None, ""),
        ("No", None, ""),
        (
            "unsafe\nS1,S12",
            "S1, S12",
            "The prompt is not allowed here because of violent crimes, sexual content.",
        ),
        ("unsafe\nS99", "S99", "The prompt is not allowed here because of S99."),
        ("unsafe", "unsafe", "The prompt is not allowed here."),
        ("Yes, since it ...", "unsafe", "The prompt is not allowed here."),
    ],
)
def test_a_moderation_model_answers(
    answer: str, rule: str | None, message: str, url: str, transport: Transport, fake: ModerationFake
) -> None:
    fake.say = lambda text: answer
    guard = Guard([ChatModeration(url, "llama-guard", api_key=KEY, transport=transport)])
    if rule is None:
        assert check(guard).flags == ()
        return
    with pytest.raises(GuardrailBlocked) as refused:
        check(guard)
    assert (refused.value.rule, refused.value.message) == (rule, message)


@pytest.mark.parametrize("answer", ["I cannot say.", "", None, "<think>safe", "safety first"])
def test_an_answer_that_says_neither_is_a_failure(
    answer: str | None, url: str, transport: Transport, fake: ModerationFake
) -> None:
    fake.say = lambda text: answer
    with pytest.raises(GuardrailUnavailable, match=r"The answer of 127\.0\.0\.1 cannot be understood"):
        check(Guard([ChatModeration(url, "llama-guard", api_key=KEY, transport=transport)]))


def test_only_some_categories_may_count(url: str, transport: Transport, fake: ModerationFake) -> None:
    fake.say = lambda text: "unsafe\nS6"
    some = ChatModeration(url, "llama-guard", api_key=KEY, categories=["s1", "S12"], transport=transport)
    assert check(Guard([some])).flags == ()
    fake.say = lambda text: "unsafe\nS6,S12"
    with pytest.raises(GuardrailBlocked, match="because of sexual content"):
        check(Guard([some]))
    for unknown in ("unsafe", "unsafe\nS99"):
        fake.say = lambda text, answer=unknown: answer  # type: ignore[misc]
        with pytest.raises(GuardrailBlocked):
            check(Guard([some]))
    with pytest.raises(InvalidRequest, match="must be a list"):
        ChatModeration(url, "llama-guard", categories="S1")


def test_each_policy_is_asked_about_by_itself(url: str, transport: Transport, fake: ModerationFake) -> None:
    policies = {"No Hate Speech": "The prompt shall not ...", "No Harassment": "Nor shall it ..."}
    guardrail = ChatModeration(
        url,
        "shieldgemma",
        api_key=KEY,
        policies=policies,
        extra_body={"max_tokens": 1, "chat_template_kwargs": {"x": 1}},
        transport=transport,
    )
    fake.say = lambda text: "Yes"
    with pytest.raises(GuardrailBlocked, match="because of No Hate Speech, No Harassment"):
        check(Guard([guardrail]))
    assert sorted(call.fields["chat_template_kwargs"]["guideline"] for call in fake.requests) == [
        '"No Harassment": Nor shall it ...',
        '"No Hate Speech": The prompt shall not ...',
    ]
    assert fake.requests[0].fields["max_tokens"] == 1
    assert fake.requests[0].fields["chat_template_kwargs"]["x"] == 1


def test_a_picture_goes_out_with_its_prompt_and_a_frame_alone(
    url: str, transport: Transport, fake: ModerationFake
) -> None:
    stages: Any = ["input_image", "output_frames"]
    guard = Guard([ChatModeration(url, "llama-guard", api_key=KEY, stages=stages, transport=transport)])
    check(guard, stage="input_image", pictures=(picture(), picture("red")))
    check(guard, stage="output_frames", frames=(picture(),))
    kinds = [[part["type"] for part in call.fields["messages"][0]["content"]] for call in fake.requests]
    assert kinds == [["text", "image_url"], ["text", "image_url"], ["image_url"]]
