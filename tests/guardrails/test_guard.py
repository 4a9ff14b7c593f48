"""A guard: order, rewrites, time, and what a guardrail's failure means."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from soravid.errors import InvalidRequest
from soravid.guardrails import (
    BaseGuardrail,
    BlockList,
    Call,
    Context,
    Guard,
    Guardrail,
    GuardrailBlocked,
    GuardrailUnavailable,
    OnError,
    Stage,
    Verdict,
)
from soravid.types import VideoRequest
from tests.guardrails.conftest import check, picture


def test_a_guard_without_guardrails_lets_everything_through() -> None:
    outcome = check(Guard(), "A boat")
    assert (outcome.prompt, outcome.rewritten, outcome.flags) == ("A boat", False, ())
    assert not Guard().watches("prompt")


def test_rewrites_chain_and_flags_are_kept_in_order() -> None:
    guard = Guard(
        [
            Call(lambda prompt: Verdict("rewrite", text=f"{prompt}, at dawn"), name="dawn"),
            Call(lambda prompt: Verdict("flag", "seen", prompt), name="first"),
            Call(lambda prompt: Verdict("rewrite", text=prompt.upper()), name="loud"),
            Call(lambda prompt: Verdict("flag", "seen", prompt), name="second"),
        ]
    )
    outcome = check(guard, "A boat")
    assert outcome.prompt == "A BOAT, AT DAWN"
    assert outcome.rewritten
    assert [(flag.guardrail, flag.reason) for flag in outcome.flags] == [
        ("first", "A boat, at dawn"),
        ("second", "A BOAT, AT DAWN"),
    ]


def test_the_first_that_blocks_ends_it() -> None:
    asked = []
    guard = Guard([lambda prompt: "No boats here.", lambda prompt: asked.append(prompt)])
    with pytest.raises(GuardrailBlocked) as refused:
        check(guard)
    wrong = refused.value
    assert str(wrong) == "No boats here. Change the prompt and try again; nothing was sent."
    assert (wrong.code, wrong.stage, wrong.guardrail, wrong.param) == (
        "guardrail_blocked",
        "prompt",
        "lambda",
        "prompt",
    )
    assert wrong.title == "Nothing was sent"
    assert isinstance(wrong, InvalidRequest)
    assert asked == []


@pytest.mark.parametrize(
    ("answer", "passes"),
    [
        (None, True),
        (True, True),
        (Verdict(), True),
        (False, False),
        ("Not here.", False),
        (Verdict("block"), False),
    ],
)
def test_what_a_function_may_return(answer: Any, passes: bool) -> None:
    async def later(stage: str, context: Context) -> Any:
        await asyncio.sleep(0)
        return answer

    for function in (later, lambda stage, context: answer, lambda prompt: answer):
        if passes:
            assert check(Guard([function])).prompt == "A boat"
        else:
            with pytest.raises(GuardrailBlocked):
                check(Guard([function]))


def test_anything_else_that_a_function_returns_is_a_failure() -> None:
    with pytest.raises(GuardrailUnavailable, match="TypeError"):
        check(Guard([lambda prompt: 1]))


def test_a_function_with_a_setting_of_its_own_is_given_the_prompt() -> None:
    def scored(prompt: str, limit: float = 0.5) -> str | None:
        return f"{prompt} {limit}"

    with pytest.raises(GuardrailBlocked, match=r"A boat 0\.5"):
        check(Guard([scored]))


def test_a_plain_function_runs_off_the_loop_and_a_coroutine_on_it() -> None:
    seen = []

    async def on(stage: str, context: Context) -> None:
        seen.append(threading.current_thread().name)

    check(Guard([lambda prompt: seen.append(threading.current_thread().name), on]))
    assert seen == ["soravid-guardrail", "soravid"]


@pytest.mark.parametrize("on_error", ["block", "allow"])
def test_a_guardrail_that_takes_too_long(on_error: Any) -> None:
    async def slow(stage: str, context: Context) -> None:
        await asyncio.sleep(30)

    guard = Guard([Call(slow, timeout=0.05, on_error=on_error), lambda prompt: Verdict("flag", "next")])
    begun = time.monotonic()
    if on_error == "block":
        with pytest.raises(GuardrailUnavailable) as refused:
            check(guard)
        assert refused.value.code == "guardrail_unavailable"
        assert str(refused.value) == (
            "The prompt could not be checked, so it was not let through: "
            "the guardrail 'slow' is not available. It did not answer within 0.05 s."
        )
    else:
        flags = check(guard).flags
        assert [(flag.guardrail, flag.rule) for flag in flags] == [
            ("slow", "guardrail_unavailable"),
            ("lambda", "next"),
        ]
        assert flags[0].reason == "It did not answer within 0.05 s."
    assert time.monotonic() - begun < 5


def test_a_plain_function_that_hangs_keeps_nobody_waiting() -> None:
    stop = threading.Event()
    guard = Guard([Call(lambda prompt: stop.wait(30), timeout=0.05)])
    begun = time.monotonic()
    for _ in range(20):  # more than the event loop's own pool has threads
        with pytest.raises(GuardrailUnavailable):
            check(guard)
    assert time.monotonic() - begun < 10
    stop.set()


@pytest.mark.parametrize(
    "wrong", [ValueError("sk-live-1"), SystemExit(1), StopIteration(), KeyboardInterrupt()]
)
def test_a_guardrail_that_raises_is_a_block_that_repeats_nothing_of_it(wrong: BaseException) -> None:
    def failing(prompt: str) -> None:
        raise wrong

    with pytest.raises(GuardrailUnavailable) as refused:
        check(Guard([failing]))
    assert "sk-live-1" not in str(refused.value)
    assert type(wrong).__name__ in str(refused.value) or "RuntimeError" in str(refused.value)
    assert check(Guard([Call(failing, on_error="allow")])).flags[0].rule == "guardrail_unavailable"


def test_only_a_prompt_can_be_rewritten() -> None:
    guard = Guard([Call(lambda prompt: Verdict("rewrite", text="x"), stages="input_image")])
    with pytest.raises(GuardrailUnavailable, match="Only a prompt can be rewritten"):
        check(guard, stage="input_image", pictures=(picture(),))


def test_a_rewrite_to_nothing_is_a_failure() -> None:
    with pytest.raises(GuardrailUnavailable, match="needs the new prompt"):
        check(Guard([lambda prompt: Verdict("rewrite", text="  ")]))


def test_pictures_are_looked_at_where_there_are_some() -> None:
    seen: list[Any] = []

    def look(stage: str, context: Context) -> None:
        seen.append((stage, len(context.images("input_image"))))

    guard = Guard([Call(look, stages="input_image")])
    check(guard, stage="input_image")
    check(guard, stage="input_image", pictures=(picture(), picture(), picture("red")))
    check(guard, stage="prompt")
    assert seen == [("input_image", 2)]


def test_frames_are_sampled_once_for_all_guardrails(clip: Path) -> None:
    seen = []

    def look(stage: str, context: Context) -> None:
        seen.append(context.frames)

    guard = Guard([Call(look, stages=["output_frames", "input_video"])] * 2, frames=3)
    check(guard, stage="output_frames", clip=clip)
    assert len(seen[0]) == 3
    assert seen[0] is seen[1]
    check(guard, stage="input_video", frames=(picture(),))
    assert len(seen[2]) == 1


def test_a_clip_that_cannot_be_read_is_not_let_through(tmp_path: Path) -> None:
    broken = tmp_path / "clip.mp4"
    broken.write_bytes(b"no video")
    guard = Guard([Call(lambda stage, context: None, stages="output_frames", name="look")])
    with pytest.raises(GuardrailUnavailable) as refused:
        check(guard, stage="output_frames", clip=broken)
    assert str(refused.value).startswith("The finished clip could not be checked")
    assert "clip.mp4 cannot be read as a video." in str(refused.value)
    assert refused.value.title == "The clip is held back"
    with pytest.raises(GuardrailUnavailable, match="not there to be looked at"):
        check(guard, stage="output_frames")


def test_some_guardrails_run_only_where_a_request_names_them() -> None:
    guard = Guard([Call(lambda prompt: False, name="strict", default_on=False)])
    assert check(guard).flags == ()
    assert not guard.watches("prompt")
    assert guard.watches("prompt", ["strict"])
    with pytest.raises(GuardrailBlocked):
        check(guard, guardrails=("strict",))
    with pytest.raises(InvalidRequest, match=r"There is no guardrail .strickt.\. Did you mean .strict.\?"):
        check(guard, guardrails=("strickt",))


def test_a_guardrail_of_ones_own() -> None:
    class NoBoats(BaseGuardrail):
        kind = "no_boats"

        async def check(self, stage: Any, context: Context) -> Verdict:
            return Verdict("block", "boats", "No boats.") if "boat" in context.prompt else Verdict()

    class Plain:
        name, timeout, default_on = "plain", 1.0, True
        stages: tuple[Stage, ...] = ("prompt",)
        on_error: OnError = "block"

        def check(self, stage: Any, context: Context) -> Verdict:
            return Verdict("flag", "plain")

    assert isinstance(Plain(), Guardrail)
    assert check(Guard([NoBoats(), Plain()]), "A cat").flags[0].guardrail == "plain"
    with pytest.raises(GuardrailBlocked, match="No boats"):
        check(Guard([NoBoats()]))


@pytest.mark.parametrize("thing", [1, "block_list", None, BlockList])
def test_what_is_no_guardrail_is_told(thing: Any) -> None:
    with pytest.raises(InvalidRequest, match="is no guardrail"):
        Guard([thing])


def test_the_context_of_a_request_shows_neither_prompt_nor_picture() -> None:
    request = VideoRequest(model="openai/sora-2", prompt="a secret", input_reference=picture(), user="me")
    context = Context.of(request, labels={"team": "a"}, clip=Path("x.mp4"))
    assert (context.prompt, context.user, context.pictures) == ("a secret", "me", request.pictures)
    assert "secret" not in repr(context)
    assert "secret" not in repr(Guard([BlockList(["secret"])])) + repr(BlockList(["secret"]))


def test_it_can_be_awaited_on_any_loop_and_writes_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    guard = Guard([BlockList(["kill"], action="flag")])
    outcome = asyncio.run(guard.check("prompt", Context(prompt="kill a secret")))
    assert outcome.flags[0].rule == "kill"
    assert "secret" not in caplog.text


def test_importing_soravid_does_not_import_guardrails() -> None:
    import subprocess

    code = "import soravid, sys; print('soravid.guardrails' in sys.modules, 'regex' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"
