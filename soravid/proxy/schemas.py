"""What goes in and comes out, for the OpenAPI page. The routes check their input themselves."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

_PICTURE = "A picture: PNG, JPEG or WebP, as a file part, an http(s) address or a data URL."


class _Described(BaseModel):
    # Nothing is checked by these; the page is made from them when somebody asks for it.
    model_config = ConfigDict(defer_build=True)


class _Open(_Described):
    model_config = ConfigDict(extra="allow")


class PictureReference(_Described):
    """A picture by its address, or as a data URL."""

    image_url: str


Picture = str | PictureReference


class Extra(_Described):
    """What every operation that makes a clip takes."""

    prompt: str = Field(description="What the clip should show.", min_length=1, max_length=32_000)
    seed: int | None = None
    negative_prompt: str | None = Field(None, description="What the clip should not show.")
    audio: bool | None = Field(None, description="With sound, or without.")
    user: str | None = Field(None, description="Your own user's id, for tracking.", max_length=512)
    metadata: dict[str, str] | None = Field(None, description="At most 16 short texts, kept with the job.")
    guardrails: list[str] | None = Field(None, description="Guardrails to run beside those for everybody.")
    max_cost: float | None = Field(None, description="USD; a clip that may cost more is refused.", ge=0)


class CreateVideo(Extra):
    """A new clip."""

    model: str | None = Field(None, description="A name of GET /models.")
    seconds: str | float | None = Field(None, description="Duration in seconds.")
    size: str | None = Field(None, description="WIDTHxHEIGHT in pixels, such as 1280x720.")
    aspect_ratio: str | None = Field(None, description="In place of size, with resolution, such as 16:9.")
    resolution: str | None = Field(None, description="In place of size, such as 720p.")
    input_reference: Picture | None = Field(None, description=_PICTURE)
    last_frame: Picture | None = Field(None, description=_PICTURE)
    references: list[Picture] | None = Field(None, description=_PICTURE)
    fit: Literal["cover", "contain"] | None = Field(None, description="Make a picture of another size fit.")
    fallbacks: list[str] | None = Field(None, description="Models to try where this one is not to be had.")


class RemixVideo(Extra):
    """A new clip from a finished one."""

    model: str | None = None
    seconds: str | float | None = None
    size: str | None = None
    input_reference: Picture | None = Field(None, description=_PICTURE)


class RemixNamedVideo(RemixVideo):
    """The same, with the video in the body; without it, the clip starts from ``input_reference``."""

    video_id: str | None = None


class VideoId(_Described):
    """A video of one's own."""

    id: str


class EditVideo(Extra):
    """A change of a finished clip."""

    video: VideoId | str


class ExtendVideo(EditVideo):
    """A finished clip, and more."""

    seconds: str | float = Field(description="How much longer, in seconds.")


class NamedVideo(_Described):
    """LiteLLM's way to name a video."""

    video_id: str
    model: str | None = None


class VideoFailure(_Open):
    """Why a job has no clip."""

    code: str | None = None
    message: str


class VideoUsage(_Open):
    """What was used."""

    duration_seconds: float


class VideoObject(_Open):
    """A job. ``cost`` (USD) is an estimate until the job has ended; null where the price is unknown."""

    id: str
    object: Literal["video"]
    status: Literal["queued", "in_progress", "processing", "completed", "failed", "cancelled"]
    model: str
    prompt: str | None
    progress: int | None
    created_at: int
    completed_at: int | None
    expires_at: int | None
    size: str | None
    seconds: str | None
    remixed_from_video_id: str | None
    error: VideoFailure | None
    usage: VideoUsage | None
    cost: str | None
    cost_nano_usd: int | None


class VideoPage(_Described):
    """A page of videos."""

    object: Literal["list"]
    data: list[VideoObject]
    first_id: str | None
    last_id: str | None
    has_more: bool


class VideoDeleted(_Described):
    """A video that is gone."""

    id: str
    object: Literal["video.deleted"]
    deleted: bool


class ModelObject(_Open):
    """A model; ``soravid`` holds what the catalogue says of it."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    soravid: dict[str, Any] | None = None


class ModelPage(_Described):
    """The models that a key may use."""

    object: Literal["list"]
    data: list[ModelObject]


class Budgeted(_Described):
    """Limits of a key, a user or a team. Null takes one away."""

    models: list[str] | None = Field(None, description="Names and patterns such as gemini/*; empty: all.")
    max_budget: float | None = Field(None, description="USD.", ge=0)
    budget_duration: str | None = Field(None, description="30m, 24h, 30d or 1mo; null: for ever.")
    default_hold: float | None = Field(None, description="USD held where a price is unknown.", ge=0)
    rpm_limit: int | None = Field(None, description="Creates a minute.", ge=1)
    max_parallel_jobs: int | None = Field(None, ge=1)
    max_parallel_requests: int | None = Field(None, description="The same, by LiteLLM's name.", ge=1)
    blocked: bool | None = None
    metadata: dict[str, Any] | None = None


class KeyFields(Budgeted):
    """A virtual key."""

    key_alias: str | None = None
    team_id: str | None = None
    user_id: str | None = None
    duration: str | None = Field(None, description="How long it is good: 30m, 24h, 30d or 2w.")
    expires: str | None = Field(None, description="Or until when, such as 2027-01-31T12:00:00Z.")


class NamedKeyFields(KeyFields):
    """A change of a virtual key."""

    key: str = Field(description="The key, its id or its alias.")


class NamedKey(_Described):
    """A virtual key by itself, its id or its alias."""

    key: str


class NamedKeys(_Described):
    """Virtual keys by themselves, their ids or their aliases."""

    keys: list[str] | None = None
    key_aliases: list[str] | None = None


class UserFields(Budgeted):
    """A user."""

    user_id: str | None = None
    user_alias: str | None = None


class TeamFields(Budgeted):
    """A team."""

    team_id: str | None = None
    team_alias: str | None = None
    shares_clips: bool | None = Field(None, description="Whether its keys see each other's clips.")


class UserIds(_Described):
    """Users."""

    user_ids: list[str]


class TeamIds(_Described):
    """Teams."""

    team_ids: list[str]


class Info(_Open):
    """What is known of a key, a user or a team."""


class Failure(_Open):
    """Why not, in OpenAI's shape."""

    message: str
    type: str
    param: str | None
    code: str | None


class Envelope(_Described):
    """Every refusal."""

    error: Failure
