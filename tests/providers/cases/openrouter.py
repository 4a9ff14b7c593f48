"""OpenRouter. No model of it is in the catalogue: each test asks its own fake for the list."""

from soravid import catalog, listings
from tests.fakes.openrouter import OpenRouterFake
from tests.providers.cases import KEY, Case


def forget() -> None:
    """Take back what a process has learnt from OpenRouter's list."""
    listings._asked.clear()
    known = catalog._catalogue()
    for name in [name for name in known if name.startswith("openrouter/")]:
        del known[name]


def _unknown() -> OpenRouterFake:
    forget()
    return OpenRouterFake()


PICTURE = {"type": "image_url", "image_url": {"url": "<picture>"}}
PASSED_ON = {"options": {"google-vertex": {"parameters": {"negativePrompt": "rain"}}}}

CASE = Case(
    model="openrouter/google/veo-3.1",
    fake=_unknown,
    environment=lambda url: {"OPENROUTER_API_KEY": KEY, "OPENROUTER_API_BASE": f"{url}/api/v1"},
    cost="1.60",
    body={
        "model": "google/veo-3.1",
        "prompt": "a red kite",
        "duration": 4,
        "resolution": "720p",
        "aspect_ratio": "16:9",
    },
    key_variable="OPENROUTER_API_KEY",
    full={
        # No references: OpenRouter ignores them beside a frame, and so soravid refuses the pair.
        "input_reference": "picture",
        "last_frame": "picture",
        "seed": 7,
        "audio": True,
        "user": "someone",
        "extra_body": {"provider": PASSED_ON},
    },
    full_body={
        "frame_images": [PICTURE | {"frame_type": "first_frame"}, PICTURE | {"frame_type": "last_frame"}],
        "seed": 7,
        "generate_audio": True,
        "user": "someone",
        "provider": PASSED_ON,
    },
)
