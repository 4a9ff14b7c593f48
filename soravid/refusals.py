"""The words by which providers say that a safety check refused, and the one word that we say."""

from __future__ import annotations

REFUSED = "moderation_blocked"
"""The one code of a refusal by a safety check, whatever the provider's own is (that one stands beside it)."""

_REFUSALS = frozenset(
    {
        REFUSED,
        "content_policy_violation",  # fal, and OpenAI's image API
        "content_filter",  # Azure
        "contentfilter",
        "imagine:content-moderated",  # xAI
        "no_video",  # Gemini's Omni models: completed, and only text came
        "safety",  # Google's Interactions API, this and the next seven
        "prohibited_content",
        "blocklist",
        "spii",
        "recitation",
        "image_safety",
        "image_prohibited_content",
        "content_blocked",
        "rai_filtered",  # Veo
        "input_moderation",  # Azure's older jobs
        "output_moderation",
        "content_moderation",
        "refusal",  # OpenRouter: the model itself declined
        "guardrail",  # vLLM-Omni and SGLang
    }
)
_REFUSALS_BEGIN = (
    "safety.",
    "input_preprocessing.safety",
    "inputtextsensitive",
    "inputimagesensitive",
    "outputvideosensitive",
)
_REFUSALS_HOLD = ("sensitivecontentdetected",)


def is_refusal(code: object) -> bool:
    """Whether a provider's code says that its safety check refused the prompt, the picture or the clip."""
    word = str(code or "").lower()
    return (
        word in _REFUSALS or word.startswith(_REFUSALS_BEGIN) or any(part in word for part in _REFUSALS_HOLD)
    )
