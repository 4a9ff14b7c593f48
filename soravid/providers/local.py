"""The local engine: an OpenAI-compatible server like any other, in-process unless a base URL is set."""

from __future__ import annotations

from typing import ClassVar

from soravid.deployments import ProviderProfile
from soravid.providers.openai import OpenAI


class Local(OpenAI):
    """A key only where the engine is served with one. The same idempotency key gives the same job."""

    profile: ClassVar[ProviderProfile] = ProviderProfile(
        name="local",
        key_vars=("LOCAL_API_KEY",),
        key_required=False,
        base_vars=("LOCAL_API_BASE",),
        default_base="http://engine.soravid.invalid/v1",
        base_path="/v1",
        poll_seconds=0.2,
        variants=("video", "thumbnail", "spritesheet"),
        replays_creates=True,
        lists_status=True,
    )
