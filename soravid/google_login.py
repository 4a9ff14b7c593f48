"""Google's application default credentials: a bearer token that is renewed when it has run out.

Uses ``google-auth`` (``soravid[vertex]``): service accounts, ``gcloud auth application-default login``,
workload identity and the metadata server of Google's own machines all come this way.
"""

from __future__ import annotations

import os
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from soravid.errors import MissingExtra, MissingKey

_SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
_lock = threading.Lock()
_known: dict[str, Any] = {}


def is_set_up() -> bool:
    """Whether credentials seem to be there, without asking any server."""
    if find_spec("google") is None or find_spec("google.auth") is None:
        return False
    named = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS", "")
    return Path(named).is_file() if named else _gcloud_file().is_file()


def token() -> str:
    """A token that is valid now. May ask Google's server, so it is called off the loop thread.

    Raises:
        MissingExtra: google-auth is not installed.
        MissingKey: there are no credentials, or Google does not accept them.
    """
    try:
        import google.auth
        import google.auth.exceptions
        import google.auth.transport.requests
    except ImportError:
        raise MissingExtra("Signing in at Google", "vertex") from None
    source = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS", "")
    with _lock:
        try:
            if source not in _known:
                _known[source] = google.auth.default(scopes=_SCOPES)[0]
            credentials = _known[source]
            if not credentials.valid:
                credentials.refresh(google.auth.transport.requests.Request())
        except google.auth.exceptions.GoogleAuthError as wrong:
            _known.pop(source, None)
            raise MissingKey(
                f"Google's credentials cannot be used ({type(wrong).__name__}).",
                param="api_key",
                hint="Run: gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS.",
            ) from None
        return str(credentials.token)


def _gcloud_file() -> Path:
    folder = os.environ.get("CLOUDSDK_CONFIG") or (
        Path(os.environ.get("APPDATA", "")) / "gcloud" if os.name == "nt" else Path.home() / ".config/gcloud"
    )
    return Path(folder) / "application_default_credentials.json"
