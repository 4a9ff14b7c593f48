"""Where in a ``config.yaml`` a mistake is, from what is said of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from soravid.errors import InvalidRequest

_SECTION = re.compile(r"([a-z_]+(?:\[\d+\])?(?:\.[a-z_]+)*)(?=[ :])")
_VARIABLE = re.compile(r"The variable (\w+) ")
_QUOTED = re.compile(r"'([^']+)'")


def located(path: Path, wrong: InvalidRequest) -> InvalidRequest:
    """The same mistake with its line before it, where it can be told: ``config.yaml:12: ...``."""
    line = line_of(path, wrong)
    if line is None:
        return wrong
    return InvalidRequest(f"{path.name}:{line}: {wrong.message}", param=wrong.param, hint=wrong.hint)


def line_of(path: Path, wrong: InvalidRequest) -> int | None:
    """The line of a mistake, counted from 1; None where the file does not tell."""
    import yaml

    try:
        root = yaml.compose(path.expanduser().read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as broken:
        mark = broken.problem_mark
        return mark.line + 1 if mark else None
    except (OSError, ValueError, yaml.YAMLError):
        return None
    if root is None:
        return None
    if variable := _VARIABLE.match(wrong.message):
        return _first(root, value=f"os.environ/{variable[1]}")
    section = _section(root, wrong.message)
    place = root if section is None else section
    for name in (*_QUOTED.findall(wrong.message), wrong.param):
        if name and (line := _first(place, key=name) or _first(place, value=name)):
            return line
    return None if section is None else section.start_mark.line + 1


def _section(root: Any, message: str) -> Any:
    """The part of the file that a message begins with, such as ``model_list[1].litellm_params``."""
    found = _SECTION.match(message)
    node = root
    for name in re.findall(r"[a-z_]+|\d+", found[1]) if found else ():
        node, above = _inside(node, name), node
        if node is None:
            return None if above is root else above
    return None if node is root else node


def _inside(node: Any, name: str) -> Any:
    if node.id == "sequence":
        return node.value[int(name)] if name.isdecimal() and int(name) < len(node.value) else None
    if node.id == "mapping":
        return next((value for key, value in node.value if key.value == name), None)
    return None


def _first(node: Any, *, key: str = "", value: str = "") -> int | None:
    """The first line below a node that has a name, or a value."""
    for each in _walk(node):
        if each.id == "mapping" and key:
            for name, _ in each.value:
                if name.value == key:
                    return int(name.start_mark.line) + 1
        if each.id == "scalar" and value and each.value == value:
            return int(each.start_mark.line) + 1
    return None


def _walk(node: Any) -> Iterator[Any]:
    yield node
    for part in node.value if node.id in {"mapping", "sequence"} else ():
        for each in part if isinstance(part, tuple) else (part,):
            yield from _walk(each)
