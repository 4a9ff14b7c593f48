"""What is raised where a guardrail does not let a request or a clip through."""

from __future__ import annotations

from soravid.errors import InvalidRequest
from soravid.guardrails.verdicts import Stage

THING: dict[Stage, str] = {
    "prompt": "The prompt",
    "input_image": "The picture",
    "input_video": "The source video",
    "output_frames": "The finished clip",
}
"""What a stage is about, as a sentence begins."""
_PARAM: dict[Stage, str] = {
    "prompt": "prompt",
    "input_image": "input_reference",
    "input_video": "source_id",
}
_HINT: dict[Stage, str] = {
    "prompt": "Change the prompt and try again; nothing was sent.",
    "input_image": "Choose another picture and try again; nothing was sent.",
    "input_video": "Choose another video and try again; nothing was sent.",
}
_HELD_BACK = "The clip is held back"


class GuardrailBlocked(InvalidRequest):
    """A guardrail said no. The message is its reason, fit for the end user.

    Attributes:
        guardrail: its name.
        rule: which of its rules it was.
        stage: when it looked. Before ``output_frames`` nothing was sent; there the clip was made already.
    """

    code = "guardrail_blocked"

    def __init__(
        self, reason: str, *, guardrail: str, stage: Stage, rule: str = "", hint: str | None = None
    ) -> None:
        message = reason or f"{THING[stage]} is not allowed here."
        super().__init__(
            message, param=_PARAM.get(stage), hint=_HINT.get(stage, "") if hint is None else hint
        )
        self.guardrail, self.rule, self.stage = guardrail, rule, stage
        if stage == "output_frames":
            self.title = _HELD_BACK


class GuardrailUnavailable(GuardrailBlocked):
    """A guardrail that must be heard could not be: it failed, or did not answer in time."""

    code = "guardrail_unavailable"

    def __init__(self, why: str, *, guardrail: str, stage: Stage) -> None:
        super().__init__(
            f"{THING[stage]} could not be checked, so it was not let through: "
            f"the guardrail {guardrail!r} is not available.",
            guardrail=guardrail,
            stage=stage,
            rule=self.code,
            hint=why,
        )
