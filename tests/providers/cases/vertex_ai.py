"""Google's Veo on Vertex AI, with a plain token; `test_google_login.py` signs in as an account does."""

from tests.fakes.vertex_ai import VertexFake
from tests.providers.cases import KEY, Case

IMAGE = {"bytesBase64Encoded": "<picture>", "mimeType": "image/jpeg"}

CASE = Case(
    model="vertex_ai/veo-3.1-generate-001",
    fake=VertexFake,
    environment=lambda url: {
        "VERTEX_AI_ACCESS_TOKEN": KEY,
        "VERTEX_AI_API_BASE": url,  # the path that people leave out follows from the project and the location
        "VERTEXAI_PROJECT": "p",
        # Whoever runs the tests may be signed in at Google.
        "GOOGLE_OAUTH_ACCESS_TOKEN": "",
        "GOOGLE_APPLICATION_CREDENTIALS": "",
        "CLOUDSDK_CONFIG": "nowhere",
        "NO_GCE_CHECK": "true",
    },
    cost="1.6",
    body={
        "instances": [{"prompt": "a red kite"}],
        "parameters": {
            "durationSeconds": 4,
            "aspectRatio": "16:9",
            "resolution": "720p",
            "generateAudio": True,
            "sampleCount": 1,
        },
    },
    key_variable="VERTEX_AI_ACCESS_TOKEN",
    # Reference pictures go with no other picture: `test_vertex_ai.py` sends them.
    full={
        "input_reference": "picture",
        "last_frame": "picture",
        "seed": 7,
        "negative_prompt": "rain",
        "audio": False,
        "extra_body": {"parameters": {"personGeneration": "dont_allow"}, "labels": {"team": "kites"}},
    },
    full_body={
        "instances": [{"prompt": "a red kite", "image": IMAGE, "lastFrame": IMAGE}],
        "parameters": {
            "seed": 7,
            "negativePrompt": "rain",
            "generateAudio": False,
            "personGeneration": "dont_allow",
        },
        "labels": {"team": "kites"},
    },
    creates=":predictLongRunning",
)
