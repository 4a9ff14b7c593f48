"""No test may reach a provider with somebody's key, whatever shell it is started from."""

from __future__ import annotations

import os
import re

for name in list(os.environ):
    if re.match(
        r"(OPENAI|AZURE|GEMINI|GOOGLE|CLOUDSDK|VERTEX|VERTEXAI|VERTEX_AI|RUNWAYML|XAI|FAL|OPENROUTER|MINIMAX|ARK|"
        r"VOLCENGINE|HOSTED_VLLM|SGLANG|LOCAL|SORAVID)_",
        name,
    ) and not name.endswith(("_CHROMIUM", "_SHOTS")):
        del os.environ[name]
# Nor may a sign-in at Google ask the machine that it runs on.
os.environ["NO_GCE_CHECK"] = "true"
