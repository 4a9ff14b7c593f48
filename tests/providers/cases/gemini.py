"""Gemini Omni over the Interactions API."""

from tests.fakes.gemini import GeminiFake
from tests.providers.cases import KEY, Case

IMAGE = {"type": "image", "mime_type": "image/jpeg", "data": "<picture>"}
ROLES = (
    "a red kite\nUse Image1 as the starting frame. Use Image2 as the final frame. "
    "Use the other images as references, not as frames."
)

CASE = Case(
    model="gemini/gemini-omni-1.2-flash",
    fake=GeminiFake,
    environment=lambda url: {"GEMINI_API_KEY": KEY, "GEMINI_API_BASE": url},
    cost="0.40544",
    body={
        "model": "gemini-omni-1.2-flash",
        "input": [{"type": "user_input", "content": [{"type": "text", "text": "a red kite"}]}],
        "background": True,
        "store": True,
        "response_format": {
            "type": "video",
            "delivery": "uri",
            "duration": "4s",
            "aspect_ratio": "16:9",
            "resolution": "720p",
        },
        "generation_config": {"video_config": {"task": "text_to_video"}},
    },
    cancels=True,
    key_variable="GEMINI_API_KEY",
    full={
        "input_reference": "picture",
        "last_frame": "picture",
        "references": ["picture", "picture"],
        "audio": True,
        "seed": 7,
        "extra_body": {"generation_config": {"thinking_level": "low"}},
    },
    full_body={
        "input": [{"type": "user_input", "content": [*4 * [IMAGE], {"type": "text", "text": ROLES}]}],
        "generation_config": {"seed": 7, "thinking_level": "low", "video_config": None},
    },
)
