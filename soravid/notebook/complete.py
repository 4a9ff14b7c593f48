"""Completion on the magics' line: options, models, sizes, durations, sub-commands, job ids, variables."""

from __future__ import annotations

import re
from itertools import pairwise

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher
from IPython.core.getipython import get_ipython

from soravid import catalog, choosing, session, settings
from soravid.clips import Clip
from soravid.errors import SoravidError
from soravid.job import Job
from soravid.notebook.commands import SUBCOMMANDS
from soravid.notebook.options import FLAGS


@context_matcher()
def video_matcher(context: CompletionContext) -> SimpleMatcherResult:
    """What may stand at the cursor, on the first line of a ``%%video`` cell or a ``%video`` line."""
    lines = context.full_text.split("\n")
    line = lines[context.cursor_line] if context.cursor_line < len(lines) else ""
    before = line[: context.cursor_position]
    cell = re.match(r"\s*%%video\s", before) if context.cursor_line == 0 else None
    if not (cell or re.match(r"\s*%video\s", before)):
        return {"completions": []}
    *words, token = re.split(r"\s+", before.strip() if not before[-1].isspace() else before.strip() + " ")
    found = _in_cell(words, token) if cell else _in_line(words)
    return {
        "completions": [SimpleCompletion(word, type="param") for word in found if word.startswith(token)],
        "matched_fragment": token,
        "suppress": True,
    }


def _in_cell(words: list[str], token: str) -> list[str]:
    last = words[-1]
    model = next((after for flag, after in pairwise(words) if flag in {"-m", "--model"}), None)
    entry = catalog.find(model or settings.default_model())
    if last in {"-m", "--model", "--fallback"}:
        return [model.id for model in choosing.offered()]
    if last in {"-z", "--size"} and entry:
        return [entry.default_size or "1280x720"] if isinstance(entry.sizes, catalog.Span) else [*entry.sizes]
    if last in {"-s", "--seconds"} and entry:
        return ["4", "8", "12"] if isinstance(entry.seconds, catalog.Span) else list(entry.seconds)
    if last in {"--remix", "--edit", "--extend", "-r", "--reference"}:
        shell = get_ipython()
        names = shell.user_ns.items() if shell else ()
        return [name for name, value in names if isinstance(value, (Job, Clip)) and not name.startswith("_")]
    return [flag for flag in FLAGS if flag.startswith("--") or token == flag]


def _in_line(words: list[str]) -> list[str]:
    if len(words) == 1:
        return list(SUBCOMMANDS)
    if words[1] == "connect":
        return ["--off"]
    if words[1] in {"show", "cancel"}:
        try:
            return [job.id for job in session.jobs()]
        except SoravidError:
            return []
    return []
