"""The vocabulary: what goes in (VideoRequest) and what comes out (Video).

Names and units follow OpenAI's Videos API, whose wire outlived its models: ``seconds`` is text such as
``"8"``, ``size`` is ``"1280x720"`` (width x height in pixels), times are Unix seconds.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, cast, get_args

from pydantic import BaseModel, ConfigDict, PrivateAttr, field_validator, model_validator

from soravid.errors import InvalidRequest, one_of
from soravid.money import to_usd
from soravid.refusals import REFUSED, is_refusal
from soravid.statuses import FINAL as FINAL
from soravid.statuses import Status as Status
from soravid.statuses import normal_status as normal_status

Variant = Literal["video", "thumbnail", "spritesheet"]
Operation = Literal["create", "remix", "edit", "extend"]


def parse_size(size: str) -> tuple[int, int]:
    """``"1280x720"`` as (width, height) in pixels.

    Raises:
        InvalidRequest: not two positive whole numbers with an x between them.
    """
    width, _, height = size.lower().partition("x")
    digits = width.isdecimal() and height.isdecimal() and len(size) < 20
    if not (digits and int(width) and int(height)):
        raise InvalidRequest(
            f"size must be WIDTHxHEIGHT in pixels, such as 1280x720, not {size!r}.", param="size"
        )
    return int(width), int(height)


class _Record(BaseModel):
    """Attributes and ``["key"]`` access alike, as LiteLLM's and OpenAI's users have in their code."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())

    def __getitem__(self, key: str) -> Any:
        if key not in self:
            raise KeyError(key)
        return getattr(self, key)

    def __contains__(self, key: object) -> bool:
        return key in type(self).model_fields or key in (self.model_extra or {})

    def get(self, key: str, default: Any = None) -> Any:
        """The field, or ``default`` where there is none."""
        return getattr(self, key) if key in self else default


class Usage(_Record):
    """What was used. Video is billed by duration: token counts are 0 unless a provider reports them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    duration_seconds: float = 0.0


class VideoError(_Record):
    """Why a job failed.

    ``code`` is ``moderation_blocked`` for every refusal by a safety check, and the provider's own code stands
    in ``provider_code``; for any other failure ``code`` is the provider's own.
    """

    code: str | None = None
    message: str = ""
    provider_code: str | None = None

    @model_validator(mode="after")
    def _one_code_for_refusals(self) -> VideoError:
        if self.code != REFUSED and is_refusal(self.code):
            self.code, self.provider_code = REFUSED, self.code
        return self

    @field_validator("code", mode="before")
    @classmethod
    def _code_as_text(cls, value: Any) -> Any:
        # vLLM-Omni sends the HTTP status as an integer.
        return str(value) if isinstance(value, int) else value


class Video(_Record):
    """A generation job as the provider tells it (OpenAI's video object).

    ``status`` is one of queued, in_progress, completed, failed, cancelled, whatever the provider's spelling;
    the seed's surfaces (`video_status` ...) say ``processing`` instead of ``in_progress``.
    """

    id: str
    object: str = "video"
    status: str = "queued"
    model: str = ""
    prompt: str | None = None
    progress: int | None = None
    created_at: int = 0
    completed_at: int | None = None
    expires_at: int | None = None
    size: str | None = None
    seconds: str | None = None
    remixed_from_video_id: str | None = None
    error: VideoError | None = None
    usage: Usage | None = None

    _cost: int | None = PrivateAttr(default=None)
    _job_id: str | None = PrivateAttr(default=None)
    _poll_after: float | None = PrivateAttr(default=None)
    _bill: int | None = PrivateAttr(default=None)
    """Nano-USD that the provider says it charges for the job, also for one that failed; None: not said."""

    @field_validator("status", mode="before")
    @classmethod
    def _one_spelling(cls, value: Any) -> Any:
        return normal_status(value) if isinstance(value, str) else value

    @field_validator("seconds", mode="before")
    @classmethod
    def _seconds_as_text(cls, value: Any) -> Any:
        """A plain number of seconds, or None: a server's other words must not keep a clip from its owner."""
        text = f"{value:g}" if isinstance(value, (int, float)) else str(value or "").strip()
        return text if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) else None

    @field_validator("size", mode="before")
    @classmethod
    def _size_as_pixels(cls, value: Any) -> Any:
        return value if isinstance(value, str) and re.fullmatch(r"[0-9]{1,5}x[0-9]{1,5}", value) else None

    @field_validator("progress", "created_at", "completed_at", "expires_at", mode="before")
    @classmethod
    def _whole(cls, value: Any) -> Any:
        return round(value) if isinstance(value, float) else value

    @property
    def final(self) -> bool:
        """Whether nothing more will change."""
        return self.status in FINAL

    @property
    def cost(self) -> Decimal | None:
        """What the job cost in USD once it ended, its estimate before; None when the price is unknown."""
        return None if self._cost is None else to_usd(self._cost)

    @property
    def ahead(self) -> int | None:
        """How many jobs are before it in the provider's queue, where that is told."""
        place = self.get("queue_position")
        return place if isinstance(place, int) and place >= 0 else None

    @property
    def job_id(self) -> str | None:
        """The journal's id of the job, when soravid made it on this machine."""
        return self._job_id


class VideoList(_Record):
    """One page of an account's videos; ``after=page.last_id`` asks for the next while ``has_more``."""

    object: str = "list"
    data: list[Video] = []
    has_more: bool = False

    @property
    def first_id(self) -> str | None:
        """The id of the page's first video."""
        return self.data[0].id if self.data else None

    @property
    def last_id(self) -> str | None:
        """The id of the page's last video."""
        return self.data[-1].id if self.data else None

    def __len__(self) -> int:
        return len(self.data)


class VideoDeleted(_Record):
    """The answer to a delete."""

    id: str
    object: str = "video.deleted"
    deleted: bool = True


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference picture, whole and checked. Its bytes never show in a repr."""

    data: bytes = field(repr=False)
    media_type: str
    filename: str

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes, in hex."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def base64(self) -> str:
        """The bytes in base64, as many wires want them inside JSON."""
        return base64.b64encode(self.data).decode("ascii")

    @property
    def data_url(self) -> str:
        """The picture as a ``data:`` URL."""
        return f"data:{self.media_type};base64,{self.base64}"


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoRequest:
    """Everything that decides what a clip will show. Who pays and where it is sent stands elsewhere.

    Attributes:
        model: ``provider/model`` as the user names it.
        seconds: duration as text, or None for the model's default.
        size: ``WIDTHxHEIGHT`` in pixels, or None for the model's default.
        input_reference: the picture that the clip starts from.
        last_frame: the picture that the clip ends on.
        references: further pictures of what or who the clip shows.
        audio: whether the clip has sound, or None for the model's default.
        source_id: the provider's id of the video to remix, edit or extend.
        take: 1, 2, 3 ... where several clips of the same request are wanted.
        extra_body: further fields for the provider, passed on untouched.
    """

    model: str
    prompt: str
    operation: Operation = "create"
    seconds: str | None = None
    size: str | None = None
    input_reference: Reference | None = None
    last_frame: Reference | None = None
    references: tuple[Reference, ...] = ()
    audio: bool | None = None
    source_id: str | None = None
    user: str | None = None
    seed: int | None = None
    negative_prompt: str | None = None
    take: int = 1
    extra_body: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def pictures(self) -> tuple[Reference, ...]:
        """Every picture that goes along: the first frame, the last one, and the references."""
        return tuple(each for each in (self.input_reference, self.last_frame, *self.references) if each)

    def parameters(self) -> dict[str, Any]:
        """What was asked for beside model and prompt, as JSON values; a picture stands as its digest."""
        wanted = {
            "operation": self.operation,
            "seconds": self.seconds,
            "size": self.size,
            "input_reference": self.input_reference and self.input_reference.digest,
            "last_frame": self.last_frame and self.last_frame.digest,
            "references": [picture.digest for picture in self.references] or None,
            "audio": self.audio,
            "source_id": self.source_id,
            "seed": self.seed,
            "negative_prompt": self.negative_prompt,
            "take": None if self.take == 1 else self.take,
            "extra_body": self.extra_body or None,
        }
        return {name: value for name, value in wanted.items() if value is not None}

    def fingerprint(self) -> str:
        """The same for the same clip wanted: model, prompt, parameters and the pictures' digests."""
        text = json.dumps([self.model, self.prompt, self.parameters()], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


def check_variant(variant: str) -> Variant:
    """The variant as typed.

    Raises:
        InvalidRequest: no such variant.
    """
    if variant not in get_args(Variant):
        raise InvalidRequest(
            f"variant must be {one_of(get_args(Variant))}, not {variant!r}.", param="variant"
        )
    return cast(Variant, variant)
