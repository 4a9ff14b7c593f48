"""A notebook in a real browser: run it, look at it, save it, come back to it."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright

from tests.notebook.server import TOKEN, Lab
from tests.notebook.traffic import Traffic

CHROMIUM = os.environ.get("SORAVID_CHROMIUM", "/usr/bin/chromium")
SHOTS = os.environ.get("SORAVID_SHOTS")

_QUIET_BROWSER = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def launch(playwright: Playwright) -> Browser:
    """Start the browser of the tests."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=_QUIET_BROWSER)


class Book:
    """An open notebook."""

    def __init__(self, page: Page, lab: Lab, name: str) -> None:
        self.page = page
        self.lab = lab
        self.name = name
        self.traffic = Traffic()
        self._reloaded = False
        page.on("websocket", self.traffic.listen)
        if page.url.startswith(lab.url):
            self.command("docmanager:open", path=name)
        else:
            page.goto(self._url)
        self._wait_until_open()
        # A reloaded page may bring back, late, what the test before had open.
        self._in_panel(
            "open.filter((other) => other !== panel && other.context).forEach((other) => other.dispose());"
            "window.jupyterapp.shell.activateById(panel.id);"
        )

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
        self._reloaded = True

    def close(self) -> None:
        """Close the notebook without saving, and end its kernel."""
        self.page.remove_listener("websocket", self.traffic.listen)
        self._in_panel("panel?.dispose();")
        if self._reloaded:
            self.page.close()  # it may bring back, at any time, what was open before
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
        # A splash covers the page for a moment.
        self.page.wait_for_selector("#jupyterlab-splash", state="detached")

    def narrow(self, pixels: int) -> None:
        """Make the window so narrow that outputs have this width."""
        for _ in range(6):  # a scroll bar may come or go, a side bar may give way
            size, now = self.page.viewport_size, self._output_width()
            if size is None or now == pixels:
                return
            self.page.set_viewport_size({"width": size["width"] + pixels - now, "height": size["height"]})
            for _ in range(30):
                self.pause(0.1)
                if self._output_width() != now:
                    break
        raise AssertionError(f"Outputs are {self._output_width()} pixels wide, not {pixels}.")

    def _output_width(self) -> int:
        """The width of an output, once it has stopped changing."""
        script = "return panel.node.querySelector('.jp-OutputArea-output').getBoundingClientRect().width;"
        before, width = -1.0, float(self._in_panel(script))
        while width != before:
            self.pause(0.2)
            before, width = width, float(self._in_panel(script))
        return round(width)

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
