"""Google's application default credentials: a bearer token that is renewed when it has run out.

Uses ``google-auth`` (``soravid[vertex]``): service accounts, ``gcloud auth application-default login``,
workload identity and the metadata server of Google's own machines all come this way.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from soravid.errors import AuthenticationFailed, ConnectionFailed, MissingExtra, MissingKey, SoravidError

HINT = "Or sign in at Google: gcloud auth application-default login."
_NAMED = "GOOGLE_APPLICATION_CREDENTIALS"
_SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
_SERVERLESS = ("K_SERVICE", "CLOUD_RUN_JOB", "GAE_SERVICE", "GCE_METADATA_HOST")
"""Variables that are set where Google runs the program and gives it an account."""
_MALFORMED = (AttributeError, TypeError, ValueError)
"""What google-auth lets through for a file that is JSON and no account."""
_lock = threading.Lock()
_known: dict[tuple[str, int], Any] = {}
"""The credentials in use, by their file and its time of change."""


def is_set_up() -> bool:
    """Whether credentials seem to be there and can be used, without asking any server."""
    return _installed() and _seem_there()


def bearer() -> Callable[[], str] | None:
    """What gives a token that is valid now; None where there seem to be no credentials.

    Raises:
        MissingKey: the file that the environment names is not there.
        MissingExtra: there are credentials, and google-auth is not installed.
    """
    named = os.environ.get(_NAMED, "")
    if named and not Path(named).is_file():
        raise MissingKey(f"{_NAMED} names no file: {named}.", param="api_key")
    if not _seem_there():
        return None
    if not _installed():
        raise MissingExtra("Signing in at Google", "vertex")
    return token


def token() -> str:
    """A token that is valid now. May ask Google's server, so it is called off the loop thread.

    Raises:
        MissingKey: there are no credentials, or they cannot be read.
        AuthenticationFailed: Google does not accept them.
        ConnectionFailed: Google's server could not be reached.
    """
    import google.auth
    from google.auth.exceptions import GoogleAuthError
    from google.auth.transport.requests import Request

    source = _source()
    with _lock:  # several jobs that find the token out of date renew it once
        try:
            if source not in _known:
                _known.clear()
                _known[source] = google.auth.default(scopes=_SCOPES)[0]
            credentials = _known[source]
            if not credentials.valid:
                credentials.refresh(Request())
        except (GoogleAuthError, OSError, *_MALFORMED) as wrong:
            _known.clear()
            raise _told(wrong) from None
        return str(credentials.token)


def _told(wrong: Exception) -> SoravidError:
    """One of google-auth's errors as ours. Of its text only the code of the refusal is repeated."""
    from google.auth.exceptions import RefreshError, TransportError

    kind = type(wrong).__name__
    if isinstance(wrong, TransportError) or getattr(wrong, "retryable", False):
        return ConnectionFailed(
            f"Google's sign-in could not be reached ({kind}).",
            hint="Check the network; nothing was sent.",
        )
    if isinstance(wrong, RefreshError):
        code = re.match(r"[a-z_]{3,40}(?=:|$)", str(wrong.args[0]) if wrong.args else "")
        return AuthenticationFailed(
            f"Google did not accept the credentials ({code[0] if code else kind}).",
            provider_code=code[0] if code else None,
            hint="Sign in again: gcloud auth application-default login; or make a new key of the account.",
        )
    return MissingKey(
        f"Google's credentials cannot be read ({kind}).",
        param="api_key",
        hint=f"Run: gcloud auth application-default login, or set {_NAMED} to the file of an account's key.",
    )


def _installed() -> bool:
    return all(find_spec(name) for name in ("google", "google.auth", "requests"))


def _seem_there() -> bool:
    return _file().is_file() or _on_google()


def _source() -> tuple[str, int]:
    """What tells one set of credentials from another: who signs in anew is somebody else from then on."""
    file = _file()
    with suppress(OSError):
        return str(file), file.stat().st_mtime_ns
    return "", 0


def _file() -> Path:
    """Where the credentials are, if they are in a file."""
    named = os.environ.get(_NAMED)
    if named:
        return Path(named)
    folder = os.environ.get("CLOUDSDK_CONFIG") or (
        Path(os.environ.get("APPDATA", "")) / "gcloud" if os.name == "nt" else Path.home() / ".config/gcloud"
    )
    return Path(folder) / "application_default_credentials.json"


def _on_google() -> bool:
    """Whether this machine is Google's, where a server hands out tokens (``NO_GCE_CHECK`` says no)."""
    if os.environ.get("NO_GCE_CHECK") == "true":
        return False
    with suppress(OSError):
        if Path("/sys/class/dmi/id/product_name").read_text().startswith("Google"):
            return True
    return any(os.environ.get(name) for name in _SERVERLESS)
