"""``config.yaml``: LiteLLM's file, and soravid's own part of it.

    model_list:                       # see docs/routing.md
      - model_name: sora-2
        litellm_params: {model: openai/sora-2, api_key: os.environ/OPENAI_API_KEY}
    router_settings: {routing_strategy: least-busy}
    soravid_settings:
      models_file: my-models.toml     # beside this file
      models:
        - id: openai/my-model
          like: openai/sora-2
          prices: {720p: "0.08"}

``os.environ/NAME`` stands for a variable's value anywhere in it.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

from soravid import catalog, guarding, limiting
from soravid.catalog import add as add_models
from soravid.catalog import load as load_models
from soravid.errors import InvalidRequest
from soravid.routing import Groups, Policy, keys
from soravid.routing.active import of_router
from soravid.routing.policy import SHARED

__all__ = ["add_models", "groups", "load_config", "load_models", "with_environment"]

_SECTIONS = (
    *("model_list", "router_settings", "litellm_settings", "general_settings"),
    *("guardrails", "soravid_settings"),
)
_UNUSED_SECTIONS = (
    *("environment_variables", "credential_list", "mcp_servers", "callback_settings", "include"),
    *("vector_store_registry", "search_tools", "prompts", "files_settings", "finetune_settings"),
)
_NONE = Groups([], Policy())
_lock = threading.RLock()
_active: Groups = _NONE
_read_for: str | None = None
"""What ``SORAVID_CONFIG`` named when the active configuration was read; None: nothing was read for it."""


def groups() -> Groups:
    """The model groups that a call uses: its ``Router``'s, else those of the configuration read last.

    The file that ``SORAVID_CONFIG`` names is read when it is first needed.

    Raises:
        InvalidRequest: that file is not right.
    """
    global _active, _read_for
    if router := of_router():
        return router
    named = os.environ.get("SORAVID_CONFIG") or None
    with _lock:
        if named != _read_for:
            _active = _NONE
            if named:
                load_config(named)
            _read_for = named
        return _active


def load_config(path: str | os.PathLike[str]) -> list[catalog.Model]:
    """Read a ``config.yaml``: use its model groups, and add the models that it names; returns those models.

    Raises:
        InvalidRequest: it cannot be read, or something in it is not right; the message says what.
    """
    global _active, _read_for
    whole, file = _read(path)
    added = _models(whole, file)
    keys.checked(str(file), whole, _SECTIONS, _UNUSED_SECTIONS)
    if (limits := _section(whole, "soravid_settings", file).get("limits")) is not None:
        limiting.use(limiting.Limits.read(with_environment(limits)))
    if rules := whole.get("guardrails"):
        from soravid.guardrails import from_config

        guarding.use(from_config(with_environment(rules), folder=file.parent))
    if "model_list" in whole or "router_settings" in whole:
        found = Groups.read(whole.get("model_list") or [], _routing(whole, file), with_environment)
        with _lock:
            _active, _read_for = found, os.environ.get("SORAVID_CONFIG") or None
    return added


def _read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], Path]:
    import yaml  # not before it is needed: most programs have no configuration

    file = Path(path).expanduser()
    try:
        whole = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as wrong:
        why = " ".join(str(wrong).split())
        raise InvalidRequest(f"{file} cannot be read as YAML: {why}.", param="config") from None
    if not isinstance(whole, dict):
        raise InvalidRequest(f"{file} has no settings in it.", param="config")
    return whole, file


def _routing(whole: dict[str, Any], file: Path) -> dict[str, Any]:
    """What ``router_settings`` says, over what LiteLLM also takes from ``litellm_settings``."""
    known = {*SHARED, "request_timeout"}
    section = _section(whole, "litellm_settings", file)
    shared = keys.checked("litellm_settings", section, known, section.keys() - known)
    if "request_timeout" in shared:
        shared["timeout"] = shared.pop("request_timeout")
    return shared | _section(whole, "router_settings", file)


def _models(whole: dict[str, Any], file: Path) -> list[catalog.Model]:
    settings = with_environment(_section(whole, "soravid_settings", file))
    rows = settings.get("models") or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InvalidRequest(f"soravid_settings.models in {file} must be a list of models.", param="config")
    added = []
    if named := settings.get("models_file"):
        added += catalog.load(file.parent / str(named))
    return added + catalog.add(*rows)


def _section(whole: dict[str, Any], name: str, file: Path) -> dict[str, Any]:
    section = whole.get(name) or {}
    if not isinstance(section, dict):
        raise InvalidRequest(f"{name} in {file} must hold names and values.", param="config")
    return section


def with_environment(value: Any) -> Any:
    """A value with the variables' values in place of each ``os.environ/NAME``, also deep inside.

    Raises:
        InvalidRequest: a variable is not set.
    """
    if isinstance(value, dict):
        return {name: with_environment(part) for name, part in value.items()}
    if isinstance(value, list):
        return [with_environment(part) for part in value]
    if isinstance(value, str) and value.startswith("os.environ/"):
        name = value.removeprefix("os.environ/")
        if name not in os.environ:
            raise InvalidRequest(
                f"The variable {name} that the configuration names is not set.", param="config"
            )
        return os.environ[name]
    return value
