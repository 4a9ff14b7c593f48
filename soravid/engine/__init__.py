"""The local engine: draws an animatic of the prompt, behind the OpenAI Videos API.

An *animatic* is a moving storyboard: it lets timing, framing and cuts be judged before a second of AI video
is paid for. The engine is an ASGI app, called in-process by the ordinary ``openai`` adapter or served on a
port.

Beyond OpenAI's fields, ``POST /videos`` takes ``seed`` (integer), ``fps`` (1..60, default 24) and ``pace``
(least wall-clock seconds spent for each second of clip, spread over the frames; for trying out slow jobs). A
prompt that contains ``[refuse]`` ends as ``failed`` with ``moderation_blocked``; one with ``[fail]`` as
``render_failed``.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp

__all__ = ["create_app", "serve"]

_PARTS = ("av", "numpy", "PIL", "starlette", "python_multipart")


def create_app(home: Path, *, parallel: int | None = None, api_key: str | None = None) -> ASGIApp:
    """Make the engine's ASGI app, with its jobs and clips in the folder `home`.

    `parallel` is how many clips are drawn at once (default: half of the cores); further jobs wait their turn.
    With `api_key`, every call but ``/healthz`` must carry it as a bearer token.

    Raises:
        ImportError: an optional part of the engine is not installed.
    """
    _require(*_PARTS)
    from soravid.engine.app import build_app

    return build_app(Path(home), parallel=parallel, api_key=api_key)


def serve(
    host: str = "127.0.0.1",
    port: int = 8765,
    home: Path | None = None,
    *,
    parallel: int | None = None,
    api_key: str | None = None,
) -> None:
    """Serve the engine until Ctrl-C. `home` defaults to ``soravid_engine`` in the working folder.

    Raises:
        ImportError: an optional part of the engine is not installed.
        OSError: the port is taken or not allowed.
    """
    _require(*_PARTS, "uvicorn")
    from soravid.engine.server import run_server

    app = create_app(home or Path("soravid_engine"), parallel=parallel, api_key=api_key)
    run_server(app, host, port)


def _require(*modules: str) -> None:
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        message = f'The local engine needs {", ".join(missing)}: pip install "soravid[local]"'
        raise ImportError(message)
