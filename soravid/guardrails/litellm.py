"""LiteLLM's ``guardrails:`` rows as soravid's own (source: litellm 1.109.1, ``types/guardrails.py``)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from soravid.errors import InvalidRequest, nearest, one_of
from soravid.guardrails.base import BaseGuardrail
from soravid.guardrails.verdicts import Stage

_ROW = {"guardrail_id", "guardrail_name", "litellm_params", "guardrail_info"}
_MODES: dict[str, tuple[Stage, ...]] = {
    "pre_call": ("prompt", "input_image", "input_video"),
    # LiteLLM runs these beside the call; a video is paid for by then, so here they run before it.
    "during_call": ("prompt", "input_image", "input_video"),
    "post_call": ("output_frames",),
}
_ACTIONS = {"BLOCK": "block", "MASK": "rewrite"}
_CONTENT_FILTER = "litellm_content_filter"
_PRESIDIO = "presidio"


def is_litellm(row: Mapping[str, Any]) -> bool:
    """Whether a row is in LiteLLM's shape."""
    return "litellm_params" in row or "guardrail_name" in row


def rows_of(
    row: Mapping[str, Any], where: str, types: Mapping[str, type[BaseGuardrail]]
) -> Iterator[dict[str, Any]]:
    """Yield the row, or the several rows, that stand for one of LiteLLM's.

    Raises:
        InvalidRequest: a guardrail, a mode or a setting that soravid does not have.
    """
    _known(row, _ROW, where)
    given = row.get("litellm_params")
    if not isinstance(given, Mapping):
        raise InvalidRequest(f"The {where} needs litellm_params.", param="guardrails")
    params = {name: value for name, value in given.items() if value is not None}
    kind = str(params.pop("guardrail", "")).lower()
    stages = _stages(params.pop("mode", "pre_call"), where)
    common: dict[str, Any] = {
        "name": row.get("guardrail_name"),
        "default_on": bool(params.pop("default_on", False)),  # as LiteLLM has it
    }
    if "fail_on_error" in params:
        common["on_error"] = "block" if params.pop("fail_on_error") else "allow"
    kinds = {"blocklist": "block_list", _CONTENT_FILTER: "block_list", _PRESIDIO: "personal_data"}
    own = kinds.get(kind, kind)
    if own not in types:
        near = nearest(own, types, 1)
        raise InvalidRequest(
            f"The {where} is LiteLLM's {kind!r}, which soravid does not have.",
            param="guardrails",
            hint=f"Did you mean {near[0]!r}?"
            if near
            else f"There are {', '.join(types)}; webhook calls any other.",
        )
    common["stages"] = [stage for stage in stages if stage in types[own].sees]
    if not common["stages"]:
        raise InvalidRequest(f"The {where} ({kind}) cannot look at {one_of(stages)}.", param="guardrails")
    if kind == _CONTENT_FILTER:
        yield from ({**common, **part} for part in _content_filter(params, where))
    elif kind == _PRESIDIO:
        yield from ({**common, **part} for part in _presidio(params, where))
    else:
        yield {**common, **params, "type": own}


def _stages(mode: Any, where: str) -> list[Stage]:
    modes = [mode] if isinstance(mode, str) else mode
    if not isinstance(modes, list) or not modes or not all(name in _MODES for name in modes):
        raise InvalidRequest(
            f"The {where} has the mode {mode!r}; soravid knows {one_of(_MODES)}.", param="guardrails"
        )
    return list(dict.fromkeys(stage for name in modes for stage in _MODES[name]))


def _content_filter(params: dict[str, Any], where: str) -> Iterator[dict[str, Any]]:
    """Lists and patterns, one row for each action and description."""
    _known(params, {"blocked_words", "blocked_words_file", "patterns", "keyword_redaction_tag"}, where)
    words = list(params.get("blocked_words") or [])
    if file := params.get("blocked_words_file"):
        words += _words_in(file, where)
    mask = {"mask": params["keyword_redaction_tag"]} if "keyword_redaction_tag" in params else {}
    lists: dict[tuple[str, str], list[str]] = {}
    for word in words:
        key = _action(word, where), str(word.get("description") or "")
        lists.setdefault(key, []).append(str(word.get("keyword") or ""))
    for (action, description), several in lists.items():
        reason = {"reason": description} if description else {}
        yield {"type": "block_list", "words": several, "action": action, **reason, **mask}
    patterns: dict[str, dict[str, str]] = {}
    for each in params.get("patterns") or []:
        action = _action(each, where)
        if each.get("pattern_type") != "regex":
            raise InvalidRequest(
                f"The {where} names LiteLLM's pattern {each.get('pattern_name')!r}, which is not here.",
                param="guardrails",
                hint="Write it as a regex, or use the type personal_data.",
            )
        patterns.setdefault(action, {})[str(each.get("name") or each.get("pattern"))] = each.get("pattern")
    for action, named in patterns.items():
        yield {"type": "patterns", "patterns": named, "action": action}
    if not lists and not patterns:
        raise InvalidRequest(f"The {where} has neither words nor patterns.", param="guardrails")


def _presidio(params: dict[str, Any], where: str) -> Iterator[dict[str, Any]]:
    _known(params, {"pii_entities_config", "presidio_language"}, where)
    language = {"language": params["presidio_language"]} if "presidio_language" in params else {}
    by_action: dict[str, list[str]] = {}
    for entity, action in (params.get("pii_entities_config") or {}).items():
        by_action.setdefault(_action({"action": action}, where), []).append(entity)
    if not by_action:
        yield {"type": "personal_data", **language}
    for action in sorted(by_action):  # what is blocked, before it is masked
        yield {"type": "personal_data", "entities": by_action[action], "action": action, **language}


def _action(entry: Any, where: str) -> str:
    action = entry.get("action", "BLOCK") if isinstance(entry, Mapping) else None
    if str(action).upper() not in _ACTIONS:
        raise InvalidRequest(f"The {where} has an entry without action BLOCK or MASK.", param="guardrails")
    return _ACTIONS[str(action).upper()]


def _words_in(file: Any, where: str) -> list[Any]:
    try:
        whole = yaml.safe_load(Path(str(file)).expanduser().read_text(encoding="utf-8"))
        words = whole["blocked_words"]
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError):
        words = None
    if not isinstance(words, list):
        raise InvalidRequest(
            f"The {where} names the file {str(file)!r}, which holds no blocked_words.", param="guardrails"
        )
    return words


def _known(given: Mapping[str, Any], names: Collection[str], where: str) -> None:
    for name in given:
        if name not in names:
            near = nearest(name, names, 1)
            raise InvalidRequest(
                f"The {where} has no setting {name!r}.",
                param="guardrails",
                hint=f"Did you mean {near[0]!r}?" if near else f"It takes {', '.join(sorted(names))}.",
            )
