"""What the environment says, read when it is needed, so that ``os.environ[...] = ...`` in a cell works.

The proxy that this process is connected to (``soravid.connect``) counts more than the environment's.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

import platformdirs

from soravid import google_login
from soravid.deployments import Bearer, Connection, Deployment, ProviderProfile
from soravid.errors import InvalidRequest, MissingKey, one_of

DEFAULT_MODEL = "local/animatic"
"""Used where nothing is configured: it needs no key and costs nothing."""


def home() -> Path:
    """The folder of the journal and the engine's state: ``SORAVID_HOME``, else the user's data folder."""
    return Path(os.environ.get("SORAVID_HOME") or platformdirs.user_data_dir("soravid")).expanduser()


def media_dir() -> Path:
    """The folder for finished clips: ``SORAVID_MEDIA_DIR``, else ``soravid_media`` beside the notebook."""
    return Path(os.environ.get("SORAVID_MEDIA_DIR") or "soravid_media").expanduser()


def default_model() -> str:
    """The model used where none is named: ``SORAVID_MODEL``, else a proxy's first, else the local engine."""
    shared = _proxy.models[:1] if _proxy else ()
    return os.environ.get("SORAVID_MODEL") or next(iter(shared), DEFAULT_MODEL)


def waits() -> bool:
    """Whether cells wait for their clip: ``SORAVID_WAIT=1``, for runs without a person."""
    return os.environ.get("SORAVID_WAIT", "").lower() in {"1", "true", "yes", "on"}


def budget() -> str | None:
    """USD that a session may spend at most: ``SORAVID_BUDGET``; None where it is not limited."""
    return os.environ.get("SORAVID_BUDGET", "").strip() or None


def database_url() -> str | None:
    """Where a journal is that several machines share: ``SORAVID_DATABASE_URL``, else a file in ``home``."""
    return os.environ.get("SORAVID_DATABASE_URL", "").strip() or None


@dataclass(frozen=True, slots=True)
class Proxy:
    """A soravid proxy that this process is connected to by a call. Its key stays in memory.

    Attributes:
        url: its address, without ``/v1``.
        models: ``soravid/<name>`` of what the key may use, in the proxy's order.
    """

    url: str
    key: str = field(repr=False)
    models: tuple[str, ...] = ()


_proxy: Proxy | None = None


def proxy() -> Proxy | None:
    """The proxy that this process is connected to; None: there is only what the environment says."""
    return _proxy


def use_proxy(chosen: Proxy | None) -> None:
    """Have a proxy's address and key count more than the environment's, from now on; None ends that."""
    global _proxy
    _proxy = chosen


def proxy_url() -> str | None:
    """The proxy's address: of the one that this process is connected to, else ``SORAVID_PROXY_URL``."""
    return _first(("SORAVID_PROXY_URL",))


def environment_key(url: str) -> str | None:
    """``SORAVID_API_KEY``, if it is for the proxy at ``url``: the environment names that one, or none."""
    theirs = os.environ.get("SORAVID_PROXY_URL", "").strip().rstrip("/").removesuffix("/v1")
    return os.environ.get("SORAVID_API_KEY", "").strip() or None if theirs in {"", url} else None


def _first(names: tuple[str, ...]) -> str | None:
    told = {"SORAVID_PROXY_URL": _proxy.url, "SORAVID_API_KEY": _proxy.key} if _proxy else {}
    return next(
        (value for name in names if (value := told.get(name) or os.environ.get(name, "").strip())), None
    )


def has_key(profile: ProviderProfile) -> bool:
    """Whether the environment holds what the provider asks for (always true where it asks for nothing)."""
    if not profile.key_required or _first(profile.key_vars + profile.token_vars) is not None:
        return True
    return profile.credentials == "google" and google_login.is_set_up()


def missing(profile: ProviderProfile) -> str:
    """The variable to set before a provider can be used; empty where nothing is missing."""
    if not has_key(profile) and profile.credentials == "google":
        return "GOOGLE_APPLICATION_CREDENTIALS"
    if not has_key(profile):
        return next(iter(profile.key_vars + profile.token_vars), "")
    if not _environment_base(profile, required=False):
        fields = [variables for _, variables in profile.base_fields]
        return next(iter(profile.base_vars), "") or (
            fields[0][0] if fields else f"{profile.name.upper()}_API_BASE"
        )
    return ""


def deployment(profile: ProviderProfile, model: str, given: Connection | None = None) -> Deployment:
    """Where a model is reached and with which credential: what the call gave, else the environment.

    Raises:
        MissingKey: no credential; the message names the variable to set.
        InvalidRequest: no base URL, or one that is not http(s).
    """
    given = given or {}
    base = _checked_base(given.get("api_base") or _environment_base(profile), profile)
    own_host = _is_own(base, profile)
    # The environment's key is for the environment's address and the provider's own: an address that came from
    # elsewhere (a call, an old job) does not get it.
    ours = own_host or base == _checked_base(
        _environment_base(profile, required=False), profile, required=False
    )
    key = given.get("api_key") or (_first(profile.key_vars) if ours else None)
    bearer: Bearer | None = _first(profile.token_vars) if ours and not key else None
    if profile.credentials == "google" and ours and not (key or bearer):
        bearer = google_login.bearer()
    for secret in (key, bearer):
        if isinstance(secret, str) and not (secret.isascii() and secret.isprintable() and " " not in secret):
            raise MissingKey(
                f"The key for {profile.name} has characters that no key has: a line break, perhaps.",
                param="api_key",
            )
    headers = given.get("extra_headers") or {}
    for name, value in headers.items():
        if not (isinstance(value, str) and f"{name}{value}".isascii() and f"{name}{value}".isprintable()):
            raise InvalidRequest(f"extra_headers[{name!r}] must be plain ASCII text.", param="extra_headers")
    if profile.key_required and not (key or bearer):
        raise _no_key(profile, None if ours else base)
    return Deployment(
        provider=profile.name,
        model=model,
        api_base=base,
        own_host=own_host,
        api_key=key,
        bearer=bearer,
        api_version=given.get("api_version") or _first(profile.version_vars),
        headers={name.lower(): value for name, value in headers.items()},
        timeout=_seconds(given.get("timeout")),
    )


def _no_key(profile: ProviderProfile, elsewhere: str | None) -> MissingKey:
    """What to set; ``elsewhere`` is an address that the environment's key is not for."""
    variables = profile.key_vars + profile.token_vars
    if elsewhere is None:
        message = f"There is no key for {profile.name}: " + (
            f"set {one_of(variables)}." if variables else "pass api_key=..."
        )
    else:
        message = f"The key for {urlsplit(elsewhere).hostname} is not known: pass api_key=..." + (
            f", or set {one_of(_base_vars(profile))} to that address and {variables[0]} to its key."
            if variables
            else ""
        )
    hint = google_login.HINT if profile.credentials == "google" and not elsewhere else ""
    if profile.name == "soravid":
        hint = f"%video connect {elsewhere or 'http://host:4000'} asks for it."
    return MissingKey(message, param="api_key", hint=hint)


def _base_vars(profile: ProviderProfile) -> tuple[str, ...]:
    """The variables that may hold a provider's base URL, first wins."""
    return tuple(dict.fromkeys((*profile.base_vars, f"{profile.name.upper()}_API_BASE")))


def _environment_base(profile: ProviderProfile, *, required: bool = True) -> str:
    """Where the environment says that the provider is, else the provider's own address."""
    return _first(_base_vars(profile)) or _own_base(profile, required=required)


def _own_base(profile: ProviderProfile, *, required: bool) -> str:
    """The provider's own address; empty where the environment does not say all of it."""
    return _filled(profile, profile.default_base, required=required)


@lru_cache
def _is_own(base: str, profile: ProviderProfile) -> bool:
    """Whether an address is the provider's own, whichever region or project it is for."""
    pattern = re.escape(profile.default_base)
    for name, _ in profile.base_fields:
        pattern = pattern.replace(re.escape(f"{{{name}}}"), r"[\w-]+")
    return bool(base) and re.fullmatch(pattern, base) is not None


def _filled(profile: ProviderProfile, text: str, *, required: bool) -> str:
    """An address, or a path, with what the environment has to say of it; empty where that is missing.

    Raises:
        InvalidRequest: something is missing and ``required``; the message names the variables.
    """
    fields = {}
    for name, variables in profile.base_fields:
        normal = next((text[1:] for text in variables if text.startswith("=")), None)
        variables = tuple(text for text in variables if not text.startswith("="))
        fields[name] = _first(variables) or normal or ""
        if f"{{{name}}}" in text and not fields[name]:
            if not required:
                return ""
            raise InvalidRequest(
                f"{profile.name} needs the {name}: set {one_of(variables)}.", param="api_base"
            )
    return text.format(**fields)


def _checked_base(base: str, profile: ProviderProfile, *, required: bool = True) -> str:
    """A base URL as it is used: http(s), without a password, and with the path that people leave out."""
    base = base.rstrip("/")
    if not base and not required:
        return base
    if not base:
        raise InvalidRequest(
            f"{profile.name} needs the address of your resource: set {one_of(_base_vars(profile))}.",
            param="api_base",
        )
    if "@" in base:
        raise InvalidRequest(
            "api_base holds a password.", param="api_base", hint="Send it with extra_headers instead."
        )
    path = _path_of(base)
    if path is None:
        raise InvalidRequest(
            f"api_base must be an address such as https://host/v1, not {base!r}.", param="api_base"
        )
    # People give the bare host, where most servers have their API under /v1.
    return base if path else base + _filled(profile, profile.base_path, required=required)


@lru_cache
def _path_of(base: str) -> str | None:
    """The path of an http(s) address; None: it is none."""
    try:
        parts = urlsplit(base)
        well_formed = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts.path if well_formed else None


def _seconds(timeout: object) -> float:
    if timeout is None:
        return 60.0
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not 0 < timeout < 1e6:
        raise InvalidRequest(
            f"timeout must be a positive number of seconds, not {timeout!r}.", param="timeout"
        )
    return float(timeout)


def poll_seconds(advised: float) -> float:
    """Seconds between two looks at a job: ``SORAVID_POLL_SECONDS``, else what the provider wants."""
    try:
        return max(0.02, float(os.environ["SORAVID_POLL_SECONDS"]))
    except (KeyError, ValueError):
        return advised
