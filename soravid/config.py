"""``config.yaml``: LiteLLM's file, and soravid's own part of it.

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
from pathlib import Path
from typing import Any

import yaml

from soravid import catalog
from soravid.catalog import add as add_models
from soravid.catalog import load as load_models
from soravid.errors import InvalidRequest

__all__ = ["add_models", "load_config", "load_models"]


def load_config(path: str | os.PathLike[str]) -> list[catalog.Model]:
    """Read a ``config.yaml`` and add the models that it names; returns those.

    Raises:
        InvalidRequest: it cannot be read, or something in it is not right; the message says what.
    """
    file = Path(path).expanduser()
    try:
        whole = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as wrong:
        why = " ".join(str(wrong).split())
        raise InvalidRequest(f"{file} cannot be read as YAML: {why}.", param="config") from None
    settings = _section(_with_environment(whole), "soravid_settings", file)
    rows = settings.get("models") or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InvalidRequest(f"soravid_settings.models in {file} must be a list of models.", param="config")
    added = []
    if named := settings.get("models_file"):
        added += catalog.load(file.parent / str(named))
    return added + catalog.add(*rows)


def _section(whole: Any, name: str, file: Path) -> dict[str, Any]:
    if not isinstance(whole, dict):
        raise InvalidRequest(f"{file} has no settings in it.", param="config")
    section = whole.get(name) or {}
    if not isinstance(section, dict):
        raise InvalidRequest(f"{name} in {file} must hold names and values.", param="config")
    return section


def _with_environment(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_environment(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_with_environment(part) for part in value]
    if isinstance(value, str) and value.startswith("os.environ/"):
        name = value.removeprefix("os.environ/")
        if name not in os.environ:
            raise InvalidRequest(
                f"The variable {name} that the configuration names is not set.", param="config"
            )
        return os.environ[name]
    return value
