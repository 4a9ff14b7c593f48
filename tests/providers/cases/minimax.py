"""MiniMax's H3. Reference pictures exclude frames: they have a test of their own."""

from tests.fakes.minimax import MAKE, MiniMaxFake
from tests.providers.cases import KEY, Case

CASE = Case(
    model="minimax/MiniMax-H3",
    fake=MiniMaxFake,
    environment=lambda url: {"MINIMAX_API_KEY": KEY, "MINIMAX_API_BASE": url},
    cost="0.32",
    body={
        "model": "MiniMax-H3",
        "content": [{"type": "text", "text": "a red kite"}],
        "resolution": "768P",
        "duration": 4,
        "ratio": "16:9",
    },
    size="1366x768",
    cancels=True,
    key_variable="MINIMAX_API_KEY",
    full={
        "input_reference": "picture",
        "last_frame": "picture",
        "audio": True,  # it always makes sound: nothing has to be said
        "extra_body": {"aigc_watermark": True},
    },
    full_body={
        "content": [
            {"type": "text", "text": "a red kite"},
            {"type": "image_url", "image_url": {"url": "<picture>"}, "role": "first_frame"},
            {"type": "image_url", "image_url": {"url": "<picture>"}, "role": "last_frame"},
        ],
        "ratio": None,  # the clip has the frame's shape
        "aigc_watermark": True,
    },
    creates=MAKE,
)
