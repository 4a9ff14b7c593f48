"""A real JupyterLab and a real browser, for tests that read like someone at work.

The fixtures are in ``conftest.py``:

* ``lab``: one JupyterLab for the whole run, in a folder of its own; ``lab_under_prefix``: the same under
  ``/user/x/``, as on a hub. Nothing of the person's own Jupyter configuration is read or written.
* ``open_book(lab, name, *cells)``: writes a notebook of these cells and opens it; gives a ``Book``.

A test, whole::

    @pytest.mark.browser
    def test_a_clip_plays(lab: Lab, open_book: OpenBook) -> None:
        book = open_book(lab, "kite.ipynb", "%load_ext soravid", "%%video -m local/animatic\\nA red kite")
        book.run_all()
        video = book.output(1).locator("video")
        expect(video).to_be_visible()
        assert book.plays(video)
        book.save()
        book.shutdown_kernel()
        book.reload()
        expect(book.output(1).locator("video")).to_be_visible()
        book.shot("kite")

Wait with playwright's ``expect`` (it retries) or ``book.pause``, not with ``time.sleep``: the browser's
events reach Python only while playwright waits. ``book.traffic`` holds every message between the browser
and the kernels. Pictures go to the folder in ``SORAVID_SHOTS``, when it is set.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import nbformat
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright, WebSocket

CHROMIUM = os.environ.get("SORAVID_CHROMIUM", "/usr/bin/chromium")
SHOTS = os.environ.get("SORAVID_SHOTS")
TOKEN = "for-tests-only"

_QUIET_BROWSER = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
_SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "docmanager-extension/plugin": {"autosave": False},
}


def launch(playwright: Playwright) -> Browser:
    """Start the browser of the tests."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=_QUIET_BROWSER)


# --- the server ---------------------------------------------------------------------------------------


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


# --- what travels between the browser and the kernel ---------------------------------------------------


@dataclass(frozen=True)
class Message:
    """One message of the Jupyter protocol."""

    to_browser: bool
    at: float
    """When its sender made it, in Unix seconds."""
    kind: str
    """``msg_type``: ``comm_open``, ``comm_msg``, ``update_display_data``, ..."""
    size: int
    """Bytes on the wire."""
    content: dict[str, Any]


@dataclass
class Traffic:
    """Every message between the browser and the kernels, oldest first."""

    messages: list[Message] = field(default_factory=list)

    def listen(self, socket: WebSocket) -> None:
        """Take in what a web socket carries, if it is a kernel's."""
        if "/api/kernels/" not in socket.url:
            return
        socket.on("framereceived", lambda payload: self._take(payload, to_browser=True))
        socket.on("framesent", lambda payload: self._take(payload, to_browser=False))

    def _take(self, payload: bytes | str, *, to_browser: bool) -> None:
        header, content = _parts(payload)
        at = dt.datetime.fromisoformat(header["date"]).timestamp() if header.get("date") else time.time()
        self.messages.append(Message(to_browser, at, header["msg_type"], len(payload), content))

    def clear(self) -> None:
        """Forget what came so far."""
        self.messages.clear()

    def received(self, *kinds: str) -> list[Message]:
        """What the kernels sent, of these kinds (all, when none is named)."""
        return [m for m in self.messages if m.to_browser and (not kinds or m.kind in kinds)]

    def sent(self, *kinds: str) -> list[Message]:
        """What the browser sent, of these kinds (all, when none is named)."""
        return [m for m in self.messages if not m.to_browser and (not kinds or m.kind in kinds)]


def busiest_second(messages: list[Message]) -> int:
    """The most messages that left within any one second."""
    times = sorted(m.at for m in messages)
    return max((sum(start <= at < start + 1 for at in times) for start in times), default=0)


def _parts(payload: bytes | str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and content of a frame, in either of the server's two framings."""
    if isinstance(payload, str):
        message = json.loads(payload)
        return message["header"], message["content"]
    # v1.kernel.websocket.jupyter.org: the number of offsets, the offsets, then
    # channel, header, parent header, metadata, content and buffers.
    count = int.from_bytes(payload[:8], "little")
    offsets = [int.from_bytes(payload[8 * k : 8 * k + 8], "little") for k in range(1, count + 1)]
    header, content = (json.loads(payload[offsets[k] : offsets[k + 1]]) for k in (1, 4))
    return header, content


# --- a notebook in the browser ------------------------------------------------------------------------


class Book:
    """An open notebook."""

    def __init__(self, page: Page, lab: Lab, name: str) -> None:
        self.page = page
        self.lab = lab
        self.name = name
        self.traffic = Traffic()
        page.on("websocket", self.traffic.listen)
        if page.url.startswith(lab.url):
            self.command("docmanager:open", path=name)
        else:
            page.goto(self._url)
        self._wait_until_open()

    @property
    def _url(self) -> str:
        return f"{self.lab.url}lab/tree/{self.name}?token={TOKEN}"

    def _wait_until_open(self) -> None:
        self.page.wait_for_function(
            f"""path => {{
                {_PANEL}
                return panel?.context.isReady
                    && ["idle", "busy"].includes(panel.sessionContext.session?.kernel?.status);
            }}""",
            arg=self.name,
            timeout=60_000,
        )

    def _in_panel(self, script: str, argument: object = None) -> Any:
        """Run JavaScript that may use ``panel``, JupyterLab's object for this notebook, and ``argument``."""
        return self.page.evaluate(
            f"async ([path, argument]) => {{ {_PANEL} {script} }}", [self.name, argument]
        )

    # - cells

    @property
    def cells(self) -> Locator:
        """All cells."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell")

    def cell(self, k: int) -> Locator:
        """Cell ``k``, counted from 0."""
        return self.cells.nth(k)

    def output(self, k: int) -> Locator:
        """What stands under cell ``k``."""
        return self.cell(k).locator(".jp-Cell-outputArea")

    def run(self, k: int) -> None:
        """Run cell ``k``; does not wait for it."""
        self._select(k)
        self.command("notebook:run-cell", wait=False)

    def run_all(self, patience: float = 60) -> None:
        """Run every cell and wait until the kernel is idle."""
        self.command("notebook:run-all-cells", wait=False)
        self.wait_idle(patience)

    def wait_idle(self, patience: float = 60) -> None:
        """Wait until no cell is running or queued."""
        self.page.wait_for_function(
            f"""path => {{
                {_PANEL}
                const prompts = [...panel.node.querySelectorAll(".jp-InputPrompt")];
                return !prompts.some((prompt) => prompt.textContent.includes("*"))
                    && panel.sessionContext.session?.kernel?.status === "idle";
            }}""",
            arg=self.name,
            timeout=patience * 1000,
        )

    def milliseconds_until(self, k: int, selector: str) -> float:
        """Run cell ``k``; how long until something new under it matches ``selector`` and is painted."""
        self._select(k)
        took = self._in_panel(
            """
            const frame = () => new Promise(requestAnimationFrame);
            const output = panel.content.widgets[argument[0]].node.querySelector(".jp-Cell-outputArea");
            const start = performance.now();
            jupyterapp.commands.execute("notebook:run-cell");
            while (!output.querySelector(argument[1])?.getClientRects().length) await frame();
            await frame();  // it is in the page; a frame on, it has been painted
            return performance.now() - start;
            """,
            [k, selector],
        )
        return float(took)

    def _select(self, k: int) -> None:
        self._in_panel(
            "jupyterapp.shell.activateById(panel.id); panel.content.activeCellIndex = argument;", k
        )

    # - the notebook and its kernel

    def command(self, name: str, *, wait: bool = True, **args: object) -> None:
        """Run one of JupyterLab's commands, on the notebook that is in front."""
        self.page.evaluate(
            "([name, args, wait]) => { const done = jupyterapp.commands.execute(name, args);"
            " return wait ? done.then(() => null) : null; }",
            [name, args, wait],
        )

    def save(self) -> None:
        """Save the notebook."""
        self.command("docmanager:save")

    def saved(self) -> dict[str, Any]:
        """The notebook file as it is on disk."""
        text = (self.lab.root / self.name).read_text()
        return dict(json.loads(text))

    def kernel_python(self, code: str) -> None:
        """Run code in the kernel without a cell, and wait for it."""
        self._in_panel(
            "const { kernel } = panel.sessionContext.session;"
            "await kernel.requestExecute({ code: argument, silent: true }).done;",
            code,
        )

    def restart_kernel(self) -> None:
        """Restart the kernel; outputs stay."""
        self._in_panel("await panel.sessionContext.session.kernel.restart();")

    def shutdown_kernel(self) -> None:
        """End the kernel; the notebook stays open without one."""
        self._in_panel("await panel.sessionContext.shutdown();")

    def reload(self) -> None:
        """Reload the page, as after closing and opening the browser."""
        self.page.goto("about:blank")
        self.page.goto(self._url)
        self._wait_until_open()

    def close(self) -> None:
        """Close the notebook without saving, and end its kernel."""
        self.page.remove_listener("websocket", self.traffic.listen)
        self._in_panel("panel?.dispose();")
        self.lab.shutdown_kernels()

    def pause(self, seconds: float) -> None:
        """Let time pass while the browser's events are taken in."""
        self.page.wait_for_timeout(seconds * 1000)

    # - looks

    def dark(self, on: bool = True) -> None:
        """Switch to JupyterLab's dark theme, or back to the light one."""
        self.command("apputils:change-theme", theme=f"JupyterLab {'Dark' if on else 'Light'}")
        self.page.wait_for_selector(
            f"body[data-jp-theme-light={'false' if on else 'true'}]", state="attached"
        )
        self.pause(0.2)

    def narrow(self, pixels: int) -> None:
        """Make the window so narrow that outputs have this width."""
        for _ in range(3):  # a scroll bar may come or go
            output = self.cells.locator(".jp-OutputArea-output").first
            size, box = self.page.viewport_size, output.bounding_box()
            assert size is not None
            assert box is not None
            width = size["width"] + pixels - round(box["width"])
            self.page.set_viewport_size({"width": width, "height": size["height"]})
            self.pause(0.3)

    def plays(self, video: Locator) -> bool:
        """Press play (muted); whether the picture has moved on within ten seconds."""
        video.evaluate("v => { v.muted = true; v.currentTime = 0; return v.play(); }")
        for _ in range(50):
            self.pause(0.2)
            if video.evaluate("v => v.currentTime > 0.3 && v.videoWidth > 0"):
                return True
        return False

    def contrast(self, within: Locator) -> dict[str, float]:
        """The contrast ratio of each visible text under an element, by its words."""
        return {str(k): float(v) for k, v in within.evaluate(_CONTRAST).items()}

    def shot(self, name: str, of: Locator | None = None) -> None:
        """Keep a picture, of the page or of an element, where ``SORAVID_SHOTS`` says."""
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            (of or self.page).screenshot(path=Path(SHOTS) / f"{name}.png")


class OpenBook(Protocol):
    """The ``open_book`` fixture."""

    def __call__(self, lab: Lab, name: str, *cells: str, width: int = 1100, height: int = 900) -> Book:
        """Write a notebook of these cells (unless there are none) and open it."""
        ...


def book_opener(context: BrowserContext) -> Iterator[OpenBook]:
    """Make ``open_book``; closes its notebooks and ends their kernels afterwards."""
    with contextlib.ExitStack() as after:

        def open_book(lab: Lab, name: str, *cells: str, width: int = 1100, height: int = 900) -> Book:
            if cells:
                lab.write(name, *cells)
            # JupyterLab takes seconds to load, a notebook in it one: a page stays for the next test.
            page = next((page for page in context.pages if page.url.startswith(lab.url)), None)
            page = page or context.new_page()
            page.set_viewport_size({"width": width, "height": height})
            book = Book(page, lab, name)
            after.callback(book.close)
            return book

        yield open_book


_PANEL = """
    const open = [...(window.jupyterapp?.shell?.widgets?.("main") ?? [])];
    const panel = open.find((widget) => widget.context?.path === path);
"""

# Walks up to the first ground that is not transparent, blending what lies between. Colours are read back
# from a canvas, so that any CSS colour counts.
_CONTRAST = """(root) => {
    const pixel = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgba = (css) => {
        pixel.clearRect(0, 0, 1, 1);
        pixel.fillStyle = css;
        pixel.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = pixel.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = (top, below) => [0, 1, 2].map((k) => top[k] * top[3] + below[k] * (1 - top[3]));
    const ground = (node) => {
        const layers = [];
        for (let n = node; n; n = n.parentElement) {
            const colour = rgba(getComputedStyle(n).backgroundColor);
            if (colour[3]) layers.push(colour);
            if (colour[3] === 1) break;
        }
        return layers.reduceRight((below, top) => over(top, below), [255, 255, 255]);
    };
    const light = (rgb) => rgb.map((v) => v / 255)
        .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
        .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
    const ratios = {};
    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let text; (text = texts.nextNode());) {
        const node = text.parentElement;
        if (!text.data.trim() || !node.getClientRects().length || node.ariaHidden === "true") continue;
        const below = ground(node);
        const [a, b] = [light(over(rgba(getComputedStyle(node).color), below)), light(below)];
        ratios[text.data.trim()] = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    }
    return ratios;
}"""
