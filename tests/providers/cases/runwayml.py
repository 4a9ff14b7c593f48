"""Runway's task API."""

from tests.fakes.runwayml import RunwayMLFake
from tests.providers.cases import KEY, Case

CASE = Case(
    model="runwayml/seedance2_5",
    fake=RunwayMLFake,
    environment=lambda url: {"RUNWAYML_API_SECRET": KEY, "RUNWAYML_API_BASE": url},
    cost="1.20",
    refusal_cost="1.20",
    body={"model": "seedance2_5", "promptText": "a red kite", "duration": 4, "ratio": "1280:720"},
    cancels=True,
    key_variable="RUNWAYML_API_SECRET",
    # It takes references, too, but not with a first or a last frame; see test_runwayml.py.
    full={
        "input_reference": "picture",
        "last_frame": "picture",
        "seed": 7,
        "audio": False,
        "extra_body": {"outputFormat": "mov"},
    },
    full_body={
        "promptImage": [
            {"uri": "<picture>", "position": "first"},
            {"uri": "<picture>", "position": "last"},
        ],
        "seed": 7,
        "audio": False,
        "outputFormat": "mov",
    },
)
