"""Guardrails from a configuration: soravid's own rows, and LiteLLM's ``guardrails:`` section.

guardrails:
  - type: block_list
    file: words.txt            # beside the configuration
  - name: moderation
    type: openai_moderation
    stages: [prompt, input_image]
    timeout: 5
    on_error: allow
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from soravid.errors import InvalidRequest, nearest, one_of
from soravid.guardrails.base import BaseGuardrail, Common
from soravid.guardrails.call import Call
from soravid.guardrails.chat_moderation import ChatModeration
from soravid.guardrails.guard import Guard
from soravid.guardrails.http import resolved
from soravid.guardrails.length import Length
from soravid.guardrails.litellm import is_litellm, rows_of
from soravid.guardrails.openai_moderation import OpenAIModeration
from soravid.guardrails.patterns import Patterns
from soravid.guardrails.personal_data import PersonalData
from soravid.guardrails.webhook import WebHook
from soravid.guardrails.words import BlockList
from soravid.transport import Transport

TYPES: dict[str, type[BaseGuardrail]] = {
    each.kind: each
    for each in (
        Length, BlockList, Patterns, OpenAIModeration, ChatModeration, WebHook, Call, PersonalData,
    )
}  # fmt: skip
"""The built-in guardrails by the name of their type."""
_ALSO = {"blocklist": "block_list", "web_hook": "webhook"}
_NOT_WRITTEN = {"transport", "engine"}
"""Arguments that a configuration cannot hold."""


def from_config(
    rows: Sequence[Mapping[str, Any]],
    *,
    transport: Transport | None = None,
    folder: str | os.PathLike[str] = ".",
) -> Guard:
    """Make a guard of the rows of a configuration, in their order.

    A row is ``name``, ``type``, ``stages``, ``timeout``, ``on_error``, ``default_on`` and the arguments of
    that guardrail; or LiteLLM's ``guardrail_name`` and ``litellm_params``. ``os.environ/NAME`` stands for a
    variable's value.

    Args:
        rows: the section ``guardrails``.
        transport: whose connections the guardrails use; None for their own.
        folder: what a relative ``file`` is beside.

    Raises:
        InvalidRequest: a row that cannot work; the message says which, the hint names what is near.
        MissingKey: a key, or a variable that is named, is not set.
        MissingExtra: a guardrail's optional part is not installed.
    """
    if not isinstance(rows, Sequence) or not all(isinstance(row, Mapping) for row in rows):
        raise InvalidRequest("guardrails must be a list of names and values.", param="guardrails")
    made: list[BaseGuardrail] = []
    for number, row in enumerate(rows, 1):
        label = row.get("name") or row.get("guardrail_name")
        where = f"guardrail {label!r}" if label else f"guardrail {number}"
        whole = _resolved(row)
        own = rows_of(whole, where, TYPES) if is_litellm(row) else [whole]
        made += [_guardrail(each, where, transport, Path(folder)) for each in own]
    return Guard(made)


def _guardrail(
    row: Mapping[str, Any], where: str, transport: Transport | None, folder: Path
) -> BaseGuardrail:
    options = dict(row)
    kind = _type(options.pop("type", None), where)
    takes = _arguments(kind)
    for name in options:
        if name not in takes:
            near = nearest(name, [*takes, "type"], 1)
            raise InvalidRequest(
                f"The {where} ({kind.kind}) has no setting {name!r}.",
                param="guardrails",
                hint=f"Did you mean {near[0]!r}?" if near else f"It takes {', '.join(sorted(takes))}.",
            )
    missing = [name for name, needed in takes.items() if needed and name not in options]
    if missing:
        raise InvalidRequest(f"The {where} ({kind.kind}) needs {one_of(missing)}.", param="guardrails")
    if "file" in options:
        options["file"] = folder / Path(str(options["file"])).expanduser()
    if "transport" in inspect.signature(kind).parameters:
        options["transport"] = transport
    try:
        return kind(**options)
    except InvalidRequest as wrong:
        wrong.message = f"In the {where}: {wrong.message}"
        raise
    except (TypeError, AttributeError):
        raise InvalidRequest(
            f"The {where} ({kind.kind}) has a setting of the wrong kind.", param="guardrails"
        ) from None


def _type(name: object, where: str) -> type[BaseGuardrail]:
    word = str(name or "").lower().replace("-", "_")
    found = TYPES.get(_ALSO.get(word, word))
    if found is None:
        near = nearest(word, TYPES, 1)
        raise InvalidRequest(
            f"The {where} has no type {name!r}." if name else f"The {where} has no type.",
            param="guardrails",
            hint=f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(TYPES)}.",
        )
    return found


def _arguments(kind: type[BaseGuardrail]) -> dict[str, bool]:
    """What a guardrail's row may hold, and whether it must."""
    own = {
        name: parameter.default is parameter.empty
        for name, parameter in inspect.signature(kind).parameters.items()
        if parameter.kind is not parameter.VAR_KEYWORD and name not in _NOT_WRITTEN
    }
    return {**dict.fromkeys(Common.__annotations__, False), **own}


def _resolved(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _resolved(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_resolved(part) for part in value]
    return resolved(value) if isinstance(value, str) else value
