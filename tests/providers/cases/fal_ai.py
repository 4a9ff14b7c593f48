"""fal's queue, with Seedance 2.5. Its references have an endpoint of their own: see the provider's tests."""

from tests.fakes.fal_ai import FalAIFake
from tests.providers.cases import KEY, Case

CASE = Case(
    model="fal_ai/bytedance/seedance-2.5",
    fake=FalAIFake,
    environment=lambda url: {"FAL_KEY": KEY, "FAL_AI_API_BASE": url},
    cost="1.892",
    body={"prompt": "a red kite", "duration": "4", "aspect_ratio": "16:9", "resolution": "720p"},
    cancels=True,
    key_variable="FAL_KEY",
    full={
        "input_reference": "picture",
        "last_frame": "picture",
        "seed": 7,
        "audio": False,
        "user": "u-1",
        "extra_body": {"bitrate_mode": "high"},
    },
    full_body={
        "image_url": "<picture>",
        "end_image_url": "<picture>",
        "seed": 7,
        "generate_audio": False,
        "end_user_id": "u-1",
        "bitrate_mode": "high",
        "aspect_ratio": None,
    },
)
