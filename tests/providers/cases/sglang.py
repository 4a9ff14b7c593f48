"""SGLang Diffusion, behind a proxy that wants a key."""

from tests.fakes.sglang import SGLangFake
from tests.providers.cases import KEY, Case

CASE = Case(
    model="sglang/Wan-AI/Wan2.2-TI2V-5B-Diffusers",
    fake=SGLangFake,
    environment=lambda url: {"SGLANG_API_KEY": KEY, "SGLANG_API_BASE": url},
    cost="0",
    body={
        "prompt": "a red kite",
        "model": "Wan-AI/Wan2.2-TI2V-5B-Diffusers",
        "seconds": "4",
        "size": "1280x720",
    },
    full={
        "input_reference": "picture",
        "seed": 7,
        "negative_prompt": "blur",
        "extra_body": {"num_inference_steps": 20},
    },
    full_body={
        "input_reference": "<picture>",
        "seed": "7",
        "negative_prompt": "blur",
        "num_inference_steps": "20",
    },
)
