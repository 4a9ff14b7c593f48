"""What a guardrail is shown, what it answers, and what comes of all the answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from soravid.errors import InvalidRequest, nearest, one_of
from soravid.types import Operation, Reference, VideoRequest

Stage = Literal["prompt", "input_image", "input_video", "output_frames"]
"""When a guardrail looks: the first three before anything is sent, the last at the finished clip."""
Action = Literal["allow", "block", "rewrite", "flag"]

STAGES: tuple[Stage, ...] = get_args(Stage)
ACTIONS: tuple[Action, ...] = get_args(Action)


def check_choice(param: str, value: object, choices: tuple[str, ...]) -> None:
    """Check one of a few words.

    Raises:
        InvalidRequest: it is none of them; the hint names the nearest.
    """
    if value not in choices:
        near = nearest(str(value), choices, 1)
        raise InvalidRequest(
            f"{param} must be {one_of(choices)}, not {value!r}.",
            param=param,
            hint=f"Did you mean {near[0]}?" if near else "",
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """A guardrail's answer.

    Attributes:
        action: ``allow``; ``block``; ``rewrite``: go on with ``text`` as the prompt; ``flag``: go on, and
            have it noted.
        rule: which of the guardrail's rules it was, for whoever runs it; the end user is not shown it.
        reason: one sentence for the end user.
        text: the new prompt of a ``rewrite``.

    Raises:
        InvalidRequest: an action that does not exist, or a rewrite without text.
    """

    action: Action = "allow"
    rule: str = ""
    reason: str = ""
    text: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        check_choice("action", self.action, ACTIONS)
        if self.action == "rewrite" and not (isinstance(self.text, str) and self.text.strip()):
            raise InvalidRequest("A guardrail's rewrite needs the new prompt in text.", param="text")

    @classmethod
    def from_json(cls, body: Any) -> Verdict:
        """Read ``{"action": ..., "rule": ..., "reason": ..., "text": ...}``; only the action must be there.

        Raises:
            InvalidRequest: it is no such object.
        """
        if not isinstance(body, Mapping) or not isinstance(body.get("action"), str):
            raise InvalidRequest("A verdict must be an object with an action.", param="action")
        text = body.get("text")
        rule, reason = (str(body.get(name) or "") for name in ("rule", "reason"))
        return cls(body["action"], rule, reason, text if isinstance(text, str) else None)


ALLOW = Verdict()


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is to be judged. Prompts and pictures do not show in its repr.

    Attributes:
        prompt: as the guardrails before this one left it.
        negative_prompt: what the clip shall not show; the built-in lists do not judge it.
        user: whom the request is for, as the caller names them.
        pictures: the first and last frame and the references that go along.
        frames: pictures of the video in question; where none are given, they are sampled from ``clip``.
        clip: the file of the finished clip, or of the source at the stage ``input_video``.
        labels: the request's own labels.
        guardrails: names of those to run beside the ones that always run.
    """

    prompt: str = field(default="", repr=False)
    negative_prompt: str | None = field(default=None, repr=False)
    model: str = ""
    user: str | None = None
    operation: Operation = "create"
    pictures: tuple[Reference, ...] = field(default=(), repr=False)
    frames: tuple[Reference, ...] = field(default=(), repr=False)
    clip: Path | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    guardrails: tuple[str, ...] = ()

    @classmethod
    def of(cls, request: VideoRequest, **more: Any) -> Context:
        """The context of a request; ``more`` are further fields, such as ``clip`` and ``labels``."""
        return cls(
            prompt=request.prompt,
            negative_prompt=request.negative_prompt,
            model=request.model,
            user=request.user,
            operation=request.operation,
            pictures=request.pictures,
            **more,
        )

    def images(self, stage: Stage) -> tuple[Reference, ...]:
        """The pictures that a stage is about, each once."""
        several = {"prompt": (), "input_image": self.pictures}.get(stage, self.frames)
        return tuple({picture.digest: picture for picture in several}.values())


@dataclass(frozen=True, slots=True)
class Flag:
    """Something to be noted about a request that was let through."""

    guardrail: str
    stage: Stage
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is left of a stage that blocked nothing.

    Attributes:
        prompt: the prompt to go on with.
        rewritten: whether it is another than the one that came.
        flags: what was noted on the way, in order.
    """

    prompt: str = field(repr=False)
    rewritten: bool = False
    flags: tuple[Flag, ...] = ()
