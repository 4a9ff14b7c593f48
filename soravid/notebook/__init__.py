"""soravid in IPython and Jupyter: the ``%%video`` magic, live status, durable players."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load(shell: InteractiveShell) -> None:
    """Register the magics, their completion, and the live display of jobs."""
    from soravid.errors import SoravidError
    from soravid.job import Job
    from soravid.notebook.complete import video_matcher
    from soravid.notebook.magics import VideoMagics
    from soravid.notebook.show import show_live

    shell.register_magics(VideoMagics)
    if shell.Completer and video_matcher not in shell.Completer.custom_matchers:
        shell.Completer.custom_matchers.append(video_matcher)
    shell.input_transformers_cleanup.append(_with_a_body)
    formatter: Any = shell.display_formatter.ipython_display_formatter  # type: ignore[union-attr]
    formatter.for_type(Job, show_live)
    SoravidError._render_traceback_ = _one_line  # type: ignore[attr-defined]


def unload(shell: InteractiveShell) -> None:
    """Take back what ``load`` did."""
    from soravid.errors import SoravidError
    from soravid.job import Job
    from soravid.notebook.complete import video_matcher

    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("video", None)
    if shell.Completer and video_matcher in shell.Completer.custom_matchers:
        shell.Completer.custom_matchers.remove(video_matcher)
    formatter: Any = shell.display_formatter.ipython_display_formatter  # type: ignore[union-attr]
    formatter.type_printers.pop(Job, None)
    if _with_a_body in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.remove(_with_a_body)
    del SoravidError._render_traceback_  # type: ignore[attr-defined]


def _with_a_body(lines: list[str]) -> list[str]:
    """IPython answers a cell magic without a body itself: ``%%video --help`` would never reach us."""
    return [*lines, "\n"] if len(lines) == 1 and lines[0].startswith("%%video") else lines


def _one_line(error: Exception) -> list[str]:
    """A person's mistake is told in a line; the place in our code would not help."""
    return [f"{type(error).__name__}: {error}"]
