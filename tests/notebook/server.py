"""A real JupyterLab server in a folder of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import nbformat

TOKEN = "for-tests-only"

_SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "docmanager-extension/plugin": {"autosave": False},
}


class Lab:
    """A running JupyterLab server.

    Args:
        home: an empty folder; notebooks go to ``root`` in it, everything of Jupyter's own beside that.
        base_url: where the server is mounted, with slashes at both ends.
        env: more environment variables, for the server and its kernels.
    """

    def __init__(self, home: Path, base_url: str = "/", env: dict[str, str] | None = None) -> None:
        self.root = home / "root"
        self.root.mkdir(parents=True)
        self._log = home / "server.log"
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}{base_url}"
        self._write_settings(home / "config" / "lab" / "user-settings" / "@jupyterlab")
        options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": port,
            "ServerApp.port_retries": 0,
            "ServerApp.base_url": base_url,
            "ServerApp.root_dir": self.root,
            "ServerApp.allow_root": True,
            "ServerApp.terminals_enabled": False,
            "ServerApp.open_browser": False,
            "IdentityProvider.token": TOKEN,
            "LabApp.expose_app_in_browser": True,
            "LabApp.extension_manager": "readonly",
            "LabApp.news_url": None,
            "LabApp.check_for_updates_class": "jupyterlab.handlers.announcements.NeverCheckForUpdate",
        }
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "jupyterlab",
                    *(f"--{name}={value}" for name, value in options.items()),
                ],
                cwd=self.root,
                env=_isolated(home) | (env or {}),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait_until_ready()

    def _write_settings(self, folder: Path) -> None:
        for name, settings in _SETTINGS.items():
            file = folder / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(settings))

    def _wait_until_ready(self, patience: float = 60) -> None:
        give_up = time.monotonic() + patience
        while time.monotonic() < give_up and self._process.poll() is None:
            with contextlib.suppress(OSError):
                self.api("GET", "api/status")
                return
            time.sleep(0.1)
        self.stop()
        raise RuntimeError(f"JupyterLab did not start:\n{self._log.read_text()[-4000:]}")

    def api(self, method: str, path: str, body: object = None) -> Any:
        """Call the server's REST API; returns the decoded answer, or None when there is none."""
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {TOKEN}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def write(self, name: str, *cells: str, outputs: dict[int, dict[str, str]] | None = None) -> Path:
        """Write a notebook of code cells; ``outputs`` gives saved, untrusted outputs: cell to mime bundle."""
        notebook = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        for k, source in enumerate(cells):
            cell = nbformat.v4.new_code_cell(source)  # type: ignore[no-untyped-call]
            if outputs and k in outputs:
                cell.outputs = [nbformat.v4.new_output("display_data", data=outputs[k])]  # type: ignore[no-untyped-call]
            notebook.cells.append(cell)
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)  # type: ignore[no-untyped-call]
        return path

    def shutdown_kernels(self) -> None:
        """End every kernel."""
        for session in self.api("GET", "api/sessions"):
            with contextlib.suppress(urllib.error.HTTPError):
                self.api("DELETE", f"api/sessions/{session['id']}")

    def stop(self) -> None:
        """End the server and every kernel."""
        if self._process.poll() is None:
            with contextlib.suppress(OSError):
                self.shutdown_kernels()
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait(10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _isolated(home: Path) -> dict[str, str]:
    """An environment in which Jupyter, IPython and soravid know only folders under ``home``."""
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUPYTER", "JPY_", "SORAVID_"))
    }
    for name, folder in {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
        "SORAVID_HOME": "soravid",
    }.items():
        env[name] = str(home / folder)
    # So that cells can import soravid and tests.notebook.feed from here.
    source = str(Path(__file__).parents[2])
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [source, env.get("PYTHONPATH")]))
    return env
