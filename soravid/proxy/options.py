"""What a proxy is told by its ``config.yaml``, beside what every program takes from it (``soravid.config``).

general_settings:
  master_key: os.environ/MASTER_KEY
  database_url: os.environ/DATABASE_URL     # else a file in SORAVID_HOME
soravid_settings:
  media_store: {path: /srv/clips, max_age: 30d, max_size_gb: 200}
  references: {allow: [images.lab.internal, 10.1.0.0/16]}
  pass_on: [fps, pace]
  lease_seconds: 15
"""

from __future__ import annotations

import ipaddress
import os
import string
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from soravid import catalog, checks, config
from soravid.accounts import reached
from soravid.config import with_environment
from soravid.errors import InvalidRequest
from soravid.ledger.keys import PREFIX, new_secret
from soravid.ledger.windows import checked, window
from soravid.observe import redact
from soravid.providers import provider_class
from soravid.proxy import operating
from soravid.proxy.lines import located
from soravid.proxy.media import MediaOptions, read_media
from soravid.proxy.operating import OperatingOptions
from soravid.routing import keys

MASTER_KEY = "SORAVID_MASTER_KEY"
"""The variable that holds the master key where the configuration has none."""
_GENERAL = {"master_key", "database_url", "max_request_size_mb"}
_LITELLM = """
    alert_types alerting alerting_threshold allowed_file_extensions allowed_routes
    allow_requests_on_db_unavailable background_health_checks blocked_file_extensions completion_model
    custom_auth custom_key_generate database_connection_pool_limit database_connection_timeout database_type
    disable_adding_master_key_hash_to_db disable_master_key_return disable_prisma_schema_update
    disable_reset_budget disable_spend_logs enable_jwt_auth enforce_user_param enforced_params
    global_max_parallel_requests health_check_details health_check_interval infer_model_from_keys
    key_management_settings key_management_system litellm_jwtauth max_file_size_mb max_parallel_requests
    max_response_size_mb otel pass_through_endpoints proxy_batch_write_at proxy_budget_rescheduler_max_time
    proxy_budget_rescheduler_min_time public_routes service_account_settings store_model_in_db
    store_prompts_in_spend_logs ui_access_mode use_azure_key_vault use_google_kms user_header_name
"""
_SORAVID = {
    *("models", "models_file", "limits", "media_store", "references", "pass_on", "lease_seconds"),
    *operating.SETTINGS,
}
_LEASES = (1, 600)
"""Seconds that a lease may be: a shorter one would be lost to a busy moment."""
_STRONG = 64
"""Bits that a master key must seem to have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyOptions:
    """All that a proxy is told. The master key never shows.

    Attributes:
        master_key: opens everything; None: whoever reaches the proxy may do everything.
        database_url: where the journal is; None: as the environment says.
        max_request_bytes: a longer request is refused.
        allowed_hosts: hosts of private addresses that pictures may be fetched from all the same.
        allowed_networks: the same by address.
        pass_on: fields that are unknown here and go on to the provider as they are.
        lease_seconds: after so long without a sign of life others go on with this replica's jobs.
    """

    media: MediaOptions
    master_key: str | None = field(default=None, repr=False)
    database_url: str | None = field(default=None, repr=False)
    max_request_bytes: int = 64 << 20
    allowed_hosts: frozenset[str] = frozenset()
    allowed_networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    pass_on: frozenset[str] = frozenset()
    lease_seconds: float = 15.0
    operating: OperatingOptions = field(default_factory=OperatingOptions)
    notes: tuple[str, ...] = ()
    """What the operator should know of the configuration."""


def read_options(path: Path | None) -> ProxyOptions:
    """Read a configuration and put it in force: groups, models, guardrails, limits. None: there is none.

    Raises:
        InvalidRequest: a mistake; the message begins with the file and the line.
    """
    if path is None:
        return _options({}, {}, Path(), ())
    try:
        config.load_config(path)
        whole: dict[str, Any] = yaml.safe_load(path.expanduser().read_text(encoding="utf-8"))
        general, own = whole.get("general_settings") or {}, whole.get("soravid_settings") or {}
        general = keys.checked("general_settings", general, _GENERAL, _LITELLM.split())
        own = keys.checked("soravid_settings", own, _SORAVID)
        return _options(with_environment(general), with_environment(own), path.parent, _deployments())
    except InvalidRequest as wrong:
        raise located(path, wrong) from None


def database_url_of(path: Path) -> str | None:
    """Where a configuration has the journal; for a command that needs nothing else of it.

    Raises:
        InvalidRequest: it cannot be read, or a variable is not set.
    """
    try:
        whole = yaml.safe_load(path.expanduser().read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as wrong:
        why = " ".join(str(wrong).split())
        raise InvalidRequest(f"{path} cannot be read as YAML: {why}.", param="config") from None
    general = (whole or {}).get("general_settings") or {}
    url = with_environment(general.get("database_url"))
    return None if url is None else str(url)


def _options(
    general: dict[str, Any], own: dict[str, Any], folder: Path, notes: tuple[str, ...]
) -> ProxyOptions:
    master = general.get("master_key", os.environ.get(MASTER_KEY)) or None
    if master is not None and not (isinstance(master, str) and master.isascii() and master.isprintable()):
        raise InvalidRequest("master_key must be plain ASCII text.", param="master_key")
    redact.remember(master)
    url = general.get("database_url")
    redact.remember(url)
    hosts, networks = _references(own.get("references") or {})
    return ProxyOptions(
        media=read_media(own.get("media_store"), folder, seconds_of),
        master_key=master,
        database_url=None if url is None else str(url),
        max_request_bytes=keys.whole("max_request_size_mb", general.get("max_request_size_mb", 64)) << 20,
        allowed_hosts=hosts,
        allowed_networks=networks,
        pass_on=frozenset(_texts("pass_on", own.get("pass_on") or [])),
        lease_seconds=_lease(own.get("lease_seconds", 15)),
        operating=operating.read_operating(own),
        notes=notes,
    )


def weakness(master_key: str) -> str | None:
    """Why a master key is easy to guess, and a better one; None for a good one."""
    text = master_key.removeprefix(PREFIX)
    kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
    alphabet = sum(len(kind) for kind in kinds if set(kind) & set(text)) or 1
    bits = min(len(text), 4 * len(set(text))) * (alphabet.bit_length() - 1)
    if bits >= _STRONG:
        return None
    return (
        f"The master key is easy to guess: it has {len(master_key)} characters. Who has it can spend all. "
        f"Here is one that nobody guesses: {new_secret()}"
    )


def seconds_of(param: str, length: Any) -> float:
    """A length of time such as ``30m``, ``24h``, ``30d`` or ``2w`` in seconds.

    Raises:
        InvalidRequest: none of these.
    """
    try:
        text = checked(str(length))
        if text.endswith("mo"):
            raise InvalidRequest(text)
    except InvalidRequest:
        message = f"{param} must be a length such as 30m, 24h, 30d or 2w, not {length!r}."
        raise InvalidRequest(message, param=param) from None
    start, end = window(text, 0, 0.0)
    return float((end or 0) - start)


def _references(
    given: Any,
) -> tuple[frozenset[str], tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]]:
    told = keys.checked("references", given, {"allow"})
    hosts, networks = set(), []
    for text in _texts("allow", told.get("allow") or []):
        try:
            networks.append(ipaddress.ip_network(text))
        except ValueError:
            if "/" in text or ":" in text:
                message = f"references.allow takes hosts and networks such as 10.1.0.0/16, not {text!r}."
                raise InvalidRequest(message, param="allow") from None
            hosts.add(text.lower().rstrip("."))
    return frozenset(hosts), tuple(networks)


def _lease(given: Any) -> float:
    seconds = keys.number("lease_seconds", given)
    if not _LEASES[0] <= seconds <= _LEASES[1]:
        message = f"lease_seconds must be from {_LEASES[0]} to {_LEASES[1]}, not {given!r}."
        raise InvalidRequest(message, param="lease_seconds")
    return seconds


def _texts(param: str, given: Any) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(text, str) and text for text in given):
        raise InvalidRequest(f"{param} must be a list of texts.", param=param)
    return given


def _deployments() -> tuple[str, ...]:
    """Check that every deployment has a key, an address and a known model; returns what is shut down."""
    notes = []
    today = datetime.now(UTC).date()
    routes = config.groups().routes.values()
    for number, route in enumerate(routes):
        where = f"model_list[{number}] ({route.entry.group})"
        provider, name = checks.split_model(route.entry.model)
        try:
            there = reached(provider_class(provider).profile, name, route.connection)
        except InvalidRequest as wrong:
            raise InvalidRequest(f"{where}: {wrong.message}", param=wrong.param, hint=wrong.hint) from None
        model = catalog.find(route.entry.model)
        if model is None and there.own_host:
            raise InvalidRequest(f"{where}: there is no model {route.entry.model!r}.", param="model")
        if model and model.retired(today) and there.own_host:
            notes.append(f"{where}: {model.id} was shut down on {model.retires_on}.")
    return tuple(notes)
