"""Another soravid's proxy. The first look at a model brings its price from there."""

from tests.fakes.soravid import MODEL, SoravidFake
from tests.providers.cases import KEY, Case

CASE = Case(
    model=f"soravid/{MODEL}",
    fake=SoravidFake,
    environment=lambda url: {"SORAVID_API_KEY": KEY, "SORAVID_PROXY_URL": url},
    cost="0.4",
    body={"prompt": "a red kite", "model": MODEL, "seconds": "4", "size": "1280x720"},
    finds_lost=True,
    cancels=True,
    key_variable="SORAVID_API_KEY",
    full={
        "input_reference": "picture",
        "last_frame": "picture",
        "references": ["picture"],
        "seed": 7,
        "negative_prompt": "blur",
        "audio": False,
        "user": "somebody",
        "extra_body": {"metadata": {"course": "film"}},
    },
    full_body={
        "input_reference": "<picture>",
        "last_frame": "<picture>",
        "references": "<picture>",
        "seed": "7",
        "negative_prompt": "blur",
        "audio": "false",
        "user": "somebody",
        "metadata": '{"course": "film"}',
    },
)
