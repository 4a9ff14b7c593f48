"""No test may reach a provider with somebody's key, whatever shell it is started from."""

from __future__ import annotations

import os
import re

for name in list(os.environ):
    if re.match(
        r"(OPENAI|AZURE|GEMINI|RUNWAYML|XAI|FAL|OPENROUTER|MINIMAX|HOSTED_VLLM|SGLANG|LOCAL|SORAVID)_", name
    ) and not name.endswith(("_CHROMIUM", "_SHOTS")):
        del os.environ[name]
