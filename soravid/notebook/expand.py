"""Variables in a prompt: ``{name}``, ``{shot.title}``, ``{shots[0]}``, ``{price:.2f}``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from typing import Any

from soravid.errors import InvalidRequest

# A doubled brace, or a name with what may follow it. Other braces (a prompt in JSON) stand as they are.
_NAMED = r"\{([A-Za-z_]\w*(?:\.\w+|\[[^\[\]{}]+\])*(?:![rsa])?(?::[^{}]*)?)\}"
_FIELD = re.compile(rf"\{{\{{|\}}\}}|{_NAMED}")
_DOUBLED = {"{{": "{", "}}": "}"}


def expand(prompt: str, names: Mapping[str, Any]) -> str:
    """The prompt with its ``{name}`` fields filled in; ``{{`` and ``}}`` stand for single braces.

    Nothing is evaluated but attributes and indexes. A prompt without a name in braces is returned as it is.

    Raises:
        InvalidRequest: a name that is not defined, or a field that cannot be read.
    """
    if not re.search(_NAMED, prompt):
        return prompt

    def value(match: re.Match[str]) -> str:
        if match[1] is None:
            return _DOUBLED[match[0]]
        try:
            return Formatter().vformat(match[0], (), names)
        except KeyError:
            problem = f"{match[0]} in the prompt names nothing that is defined."
        except Exception as wrong:
            problem = f"{match[0]} in the prompt cannot be filled in: {wrong}."
        raise InvalidRequest(problem, param="prompt", hint="Write {{...}} for braces that should stay.")

    return _FIELD.sub(value, prompt)
