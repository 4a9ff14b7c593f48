"""soravid in IPython and Jupyter: the ``%%video`` magic, live status, durable players."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from soravid.notebook.mistakes import Mistakes

_mistakes: Mistakes | None = None


def load(shell: InteractiveShell) -> None:
    """Register the magics, their completion, the live display of jobs and batches, the cards of errors."""
    global _mistakes
    from soravid import batches
    from soravid.job import Job
    from soravid.notebook import left
    from soravid.notebook.complete import video_matcher
    from soravid.notebook.magics import VideoMagics
    from soravid.notebook.mistakes import Mistakes
    from soravid.notebook.show import show_again, show_batch, show_live

    if _mistakes:
        return  # a second %load_ext, in IPython's words a %reload_ext, has unloaded it before
    shell.register_magics(VideoMagics)
    if shell.Completer and video_matcher not in shell.Completer.custom_matchers:
        shell.Completer.custom_matchers.append(video_matcher)
    shell.input_transformers_cleanup.append(_with_a_body)
    formatters: Any = shell.display_formatter
    formatters.ipython_display_formatter.for_type(Job, show_live)
    formatters.ipython_display_formatter.for_type(batches.Batch, show_again)
    batches.fronts.append(show_batch)
    _mistakes = Mistakes(shell)
    _mistakes.install()
    left.offer()


def unload(shell: InteractiveShell) -> None:
    """Take back what ``load`` did."""
    global _mistakes
    from soravid import batches
    from soravid.job import Job
    from soravid.notebook.complete import video_matcher
    from soravid.notebook.show import show_batch

    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("video", None)
    if shell.Completer and video_matcher in shell.Completer.custom_matchers:
        shell.Completer.custom_matchers.remove(video_matcher)
    formatters: Any = shell.display_formatter
    for shown in (Job, batches.Batch):
        formatters.ipython_display_formatter.type_printers.pop(shown, None)
    if _with_a_body in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.remove(_with_a_body)
    if show_batch in batches.fronts:
        batches.fronts.remove(show_batch)
    if _mistakes:
        _mistakes.remove()
        _mistakes = None


def _with_a_body(lines: list[str]) -> list[str]:
    """IPython answers a cell magic without a body itself: ``%%video --help`` would never reach us."""
    return [*lines, "\n"] if len(lines) == 1 and lines[0].startswith("%%video") else lines
