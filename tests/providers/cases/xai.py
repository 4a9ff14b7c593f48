"""xAI's Grok Imagine."""

from tests.fakes.xai import XAIFake
from tests.providers.cases import KEY, Case

CASE = Case(
    model="xai/grok-imagine-video-1.5",
    fake=XAIFake,
    environment=lambda url: {"XAI_API_KEY": KEY, "XAI_API_BASE": f"{url}/v1"},
    cost="0.56",
    refusal_cost="0.56",
    body={
        "model": "grok-imagine-video-1.5",
        "prompt": "a red kite",
        "duration": 4,
        "aspect_ratio": "16:9",
        "resolution": "720p",
    },
    key_variable="XAI_API_KEY",
    full={"input_reference": "picture", "references": ["picture"]},
    full_body={"image": {"url": "<picture>"}, "reference_images": [{"url": "<picture>"}]},
)
