"""What the reference says of options, errors, variables and models, taken from the code that obeys it."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from itertools import groupby

from soravid import catalog, choosing, cli, errors
from soravid.abilities import ABILITIES
from soravid.notebook import commands, options
from soravid.notebook.magics import VideoMagics
from soravid.providers import names, provider_class


def filled(markdown: str) -> str:
    """A page with what stands for ``<!-- generated: NAME -->``."""
    return re.sub(r"<!-- generated: ([\w-]+) -->", lambda found: _WRITERS[found[1]](), markdown)


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _options() -> str:
    """The options of ``%%video``."""
    return _table(("option", "what it does"), map(_option, options.PARSER._actions))


def _option(action: argparse.Action) -> tuple[str, str]:
    value = str(action.metavar or "|".join(action.choices or ()))
    return f"{_code(action.option_strings)} {value}".strip(), str(action.help or "")


def _commands() -> str:
    """What ``%video`` does."""
    rows = []
    for word, text in commands.SUBCOMMANDS.items():
        takes, _, what = text.rpartition(": ")
        rows.append((f"`%video {word} {takes}`".replace(" `", "`"), what))
    return _table(("command", "what it does"), rows)


def _defaults() -> str:
    """The settings of ``%config VideoMagics``."""
    traits = VideoMagics.class_own_traits(config=True)
    return _table(("setting", "what it is"), [(f"`{name}`", trait.help) for name, trait in traits.items()])


def _command_line() -> str:
    """The help of ``soravid``, and of each of its commands."""
    return "\n\n".join(_helps(cli._parser()))


def _helps(parser: argparse.ArgumentParser) -> Iterator[str]:
    parser.formatter_class = lambda prog: argparse.HelpFormatter(prog, max_help_position=26, width=96)
    title = f"## {parser.prog}\n\n" if " " in parser.prog else ""
    yield f"{title}```text\n{parser.format_help()}```"
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _helps(command)


def _errors() -> str:
    """The tree of exceptions."""
    return _table(("exception", "`code`", "what happened"), _branch(errors.SoravidError, 0))


def _branch(kind: type[errors.SoravidError], depth: int) -> Iterable[tuple[str, str, str]]:
    summary = " ".join((kind.__doc__ or "").split("\n\n")[0].split()).replace("``", "`")
    yield f"{'&nbsp;' * 4 * depth}`{kind.__name__}`", f"`{kind.code}`", summary
    for child in kind.__subclasses__():
        if child.__module__.startswith("soravid."):
            yield from _branch(child, depth + 1)


def _providers() -> str:
    """Which variables each provider reads."""
    rows = []
    for name in names():
        profile = provider_class(name).profile
        fields = [each for _, variables in profile.base_fields for each in variables if each[0] != "="]
        bases = dict.fromkeys((*profile.base_vars, f"{name.upper()}_API_BASE"))
        rows.append(
            (
                f"`{name}`",
                _code((*profile.key_vars, *profile.token_vars)) or "none",
                _code((*bases, *fields, *profile.version_vars)),
            )
        )
    return _table(("provider", "key", "address, and what belongs to it"), rows)


def _models() -> str:
    """Every model of the catalogue, by provider."""
    shown = {row["Model"]: row for row in choosing.models()}
    columns = ("model", "price", "seconds", "shape and size", "can do")
    parts = []
    for provider, models in groupby(catalog.models(), key=lambda model: model.provider):
        lines = [
            (
                _named(model),
                *(shown[model.id][name] for name in ("Price", "Seconds", "Shape and size", "Can do")),
            )
            for model in models
        ]
        parts.append(f"## {provider}\n\n{_table(columns, lines)}")
    return "\n\n".join(parts)


def _named(model: catalog.Model) -> str:
    """A model with what stands beneath its name: whether it is gone, and where its price is from."""
    gone = f"<br>**shut down on {model.retires_on}**" if model.retires_on else ""
    read = f", {model.as_of}" if model.as_of else ""
    return f"`{model.id}`<br>{escape(model.title)}{gone}<br><small>{escape(model.source)}{read}</small>"


def _abilities() -> str:
    """The words for what a model can do."""
    return _code(ABILITIES)


_WRITERS: dict[str, Callable[[], str]] = {
    "options": _options,
    "commands": _commands,
    "defaults": _defaults,
    "command-line": _command_line,
    "errors": _errors,
    "providers": _providers,
    "models": _models,
    "abilities": _abilities,
}
