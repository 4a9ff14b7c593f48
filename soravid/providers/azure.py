"""Azure OpenAI's video surface: the same wire under ``/openai/v1``, the key in a header of its own.

The path comes first and ``api-version`` last, so that status, content and remix keep their paths.
"""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import urlsplit

from soravid.deployments import ProviderProfile
from soravid.providers.openai import OpenAI


class Azure(OpenAI):
    """``{resource}/openai/v1/videos``; the model is the deployment's name."""

    profile: ClassVar[ProviderProfile] = ProviderProfile(
        name="azure",
        key_vars=("AZURE_OPENAI_API_KEY", "AZURE_API_KEY"),
        token_vars=("AZURE_AD_TOKEN",),
        base_vars=("AZURE_OPENAI_API_BASE", "AZURE_API_BASE"),
        version_vars=("AZURE_OPENAI_API_VERSION", "AZURE_API_VERSION"),
        poll_seconds=20.0,
        variants=("video", "thumbnail", "spritesheet"),
    )

    def _credentials(self) -> dict[str, str]:
        if self.deployment.api_key:
            return {"api-key": self.deployment.api_key}
        return super()._credentials()

    def _base(self) -> str:
        base = self.deployment.api_base
        return base if "/openai" in urlsplit(base).path else f"{base}/openai/v1"

    def _params(self) -> dict[str, str]:
        version = self.deployment.api_version
        return {"api-version": version} if version else {}
