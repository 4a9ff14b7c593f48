"""ByteDance's Seedance on Ark. Reference pictures exclude frames: they have a test of their own."""

from tests.fakes.volcengine import TASKS, VolcengineFake
from tests.providers.cases import KEY, Case

CASE = Case(
    model="volcengine/doubao-seedance-2-0-260128",
    fake=VolcengineFake,
    environment=lambda url: {"ARK_API_KEY": KEY, "VOLCENGINE_API_BASE": url},
    cost="0.568",
    body={
        "model": "doubao-seedance-2-0-260128",
        "content": [{"type": "text", "text": "a red kite"}],
        "resolution": "720p",
        "ratio": "16:9",
        "duration": 4,
    },
    cancels=True,
    key_variable="ARK_API_KEY",
    full={
        "input_reference": "picture",
        "last_frame": "picture",
        "seed": 7,
        "audio": False,
        "user": "u-1",
        "extra_body": {"watermark": True},
    },
    full_body={
        "content": [
            {"type": "text", "text": "a red kite"},
            {"type": "image_url", "image_url": {"url": "<picture>"}, "role": "first_frame"},
            {"type": "image_url", "image_url": {"url": "<picture>"}, "role": "last_frame"},
        ],
        "ratio": None,  # the clip has the frame's shape
        "seed": 7,
        "generate_audio": False,
        "safety_identifier": "u-1",
        "watermark": True,
    },
    creates=TASKS,
)
