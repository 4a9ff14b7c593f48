"""``model_list``: each entry is a deployment, one account's way to a model, under the name of its group."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast

from soravid import catalog
from soravid.deployments import Connection
from soravid.errors import InvalidRequest
from soravid.routing import keys
from soravid.routing.keys import Resolve

_ENTRY = {"model_name", "litellm_params", "model_info", "rpm"}
_CONNECTION = ("api_key", "api_base", "api_version", "timeout", "extra_headers")
_PARAMS = {
    *_CONNECTION,
    *("model", "custom_llm_provider", "rpm", "weight", "max_parallel_requests", "parallel_jobs", "order"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One deployment as the configuration has it. Its credential never shows.

    Attributes:
        id: what the journal remembers it by: ``model_info.id``, else the same for the same account and model.
        group: the name that people ask for.
        model: ``provider/model``.
        connection: key, address, API version, timeout (seconds) and headers, where the entry says them.
        rpm: creates a minute that may be sent to it; None: any number.
        weight: its share of a shuffled group's creates.
        max_parallel_requests: creates under way at once; further ones queue. None: any number.
        parallel_jobs: the same, and jobs that have been made and have not ended counted with them.
        order: a lower one is used first, as long as it is up.
    """

    id: str
    group: str
    model: str
    connection: Connection = field(default_factory=Connection, repr=False)
    rpm: int | None = None
    weight: float | None = None
    max_parallel_requests: int | None = None
    parallel_jobs: int | None = None
    order: int = 1


def read_entries(rows: object, resolve: Resolve) -> list[Entry]:
    """The entries of a ``model_list``, with variables in place of ``os.environ/NAME``.

    Raises:
        InvalidRequest: something in it is not right; the message names the entry.
    """
    if not isinstance(rows, (list, tuple)):
        raise InvalidRequest("model_list must be a list of deployments.", param="model_list")
    entries: dict[str, Entry] = {}
    for number, row in enumerate(rows):
        entry = _read(f"model_list[{number}]", row, resolve, entries)
        if entry.id in entries:
            raise InvalidRequest(f"Two deployments have the id {entry.id!r}.", param="model_list")
        entries[entry.id] = entry
    return list(entries.values())


def _read(where: str, row: Any, resolve: Resolve, taken: Iterable[str]) -> Entry:
    outer = keys.checked(where, row, _ENTRY, {"tpm"})
    raw = keys.checked(f"{where}.litellm_params", outer.get("litellm_params"), _PARAMS, keys.UNUSED_PARAMS)
    info = keys.checked(f"{where}.model_info", outer.get("model_info"), {"id", "base_model"}, strict=False)
    params, info = resolve(raw), resolve(info)
    group, model = outer.get("model_name"), str(params.get("model", ""))
    if not isinstance(group, str) or not group.strip():
        raise InvalidRequest(f"{where} has no model_name.", param="model_name")
    if provider := params.get("custom_llm_provider"):
        model = model if model.startswith(f"{provider}/") else f"{provider}/{model}"
    head, slash, name = model.partition("/")
    if not (head and slash and name):
        raise InvalidRequest(
            f"{where} ({group}) needs litellm_params.model as provider/model, not {model!r}.", param="model"
        )
    if "*" in group or "*" in model:
        raise InvalidRequest(
            f"{where} has a * in it: name each model of a group.", param="model_name", hint=_NO_WILDCARD
        )
    _learn(model, info.get("base_model"))
    rpm, weight = params.get("rpm", resolve(outer.get("rpm"))), params.get("weight")
    cap, most = params.get("max_parallel_requests"), params.get("parallel_jobs")
    return Entry(
        id=str(info["id"]) if "id" in info else _id(group, model, raw, taken),
        group=group.strip(),
        model=model,
        connection=_connection(where, params),
        rpm=None if rpm is None else keys.whole("rpm", rpm),
        weight=None if weight is None else keys.number("weight", weight, above=False),
        max_parallel_requests=None if cap is None else keys.whole("max_parallel_requests", cap),
        parallel_jobs=None if most is None else keys.whole("parallel_jobs", most),
        order=keys.whole("order", params.get("order", 1), 0),
    )


_NO_WILDCARD = "A model that is in no group is asked for as provider/model and needs no entry."


def _connection(where: str, params: dict[str, Any]) -> Connection:
    found = {name: params[name] for name in _CONNECTION if name in params}
    for name in ("api_key", "api_base", "api_version"):
        if name in found:
            found[name] = str(found[name])  # YAML reads 2024-10-21 as a date
    if "timeout" in found:
        found["timeout"] = keys.number("timeout", found["timeout"])
    if not isinstance(found.get("extra_headers", {}), dict):
        raise InvalidRequest(f"{where}: extra_headers must hold names and values.", param="extra_headers")
    return cast("Connection", found)


def _learn(model: str, base: object) -> None:
    """Let a model of one's own naming (Azure's) be what ``base_model`` says, with its sizes and prices."""
    if isinstance(base, str) and base != model and catalog.find(base) and not catalog.find(model):
        catalog.add({"id": model, "like": base})


def _id(group: str, model: str, params: dict[str, Any], taken: Iterable[str]) -> str:
    """The same in every process, for the same place in the configuration.

    A key that stands in a variable counts by the variable's name, so that it may be renewed. One that is
    written out counts by a digest, from which it cannot be told.
    """
    key = str(params.get("api_key", ""))
    if key and not key.startswith("os.environ/"):
        key = hashlib.sha256(f"soravid deployment key {key}".encode()).hexdigest()
    parts = "\n".join((group, model, str(params.get("api_base", "")), key))
    name = hashlib.sha256(parts.encode()).hexdigest()[:16]
    again = sum(each.partition("-")[0] == name for each in taken)
    return f"{name}-{again + 1}" if again else name
