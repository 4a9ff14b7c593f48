"""vLLM-Omni."""

from tests.fakes.hosted_vllm import HostedVLLMFake
from tests.providers.cases import KEY, Case

CASE = Case(
    model="hosted_vllm/MiniMaxAI/MiniMax-H3",
    fake=HostedVLLMFake,
    environment=lambda url: {"HOSTED_VLLM_API_KEY": KEY, "HOSTED_VLLM_API_BASE": url},
    cost="0",
    body={"prompt": "a red kite", "model": "MiniMaxAI/MiniMax-H3", "seconds": "4", "size": "1280x720"},
    finds_lost=True,
    cancels=True,
    full={
        "input_reference": "picture",
        "references": ["picture", "picture"],
        "seed": 7,
        "negative_prompt": "blur",
        "audio": True,
        "user": "somebody",
        "extra_body": {"num_inference_steps": 20, "extra_params": {"audio_flow_shift": 3.0}},
    },
    full_body={
        "input_references": "<picture>",
        "seed": "7",
        "negative_prompt": "blur",
        "generate_sound": "true",
        "user": "somebody",
        "num_inference_steps": "20",
        "extra_params": '{"task": "ref2va", "audio_flow_shift": 3.0}',
    },
)
