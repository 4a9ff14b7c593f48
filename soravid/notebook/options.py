"""The options of ``%%video``: one parser, for the magic, its help and its completion."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import NoReturn

from soravid.abilities import add_filters
from soravid.clips import names_folder
from soravid.errors import InvalidRequest, nearest, one_of


class _Parser(argparse.ArgumentParser):
    """Raises our error, with the nearest option, instead of ending the process."""

    def error(self, message: str) -> NoReturn:
        raise InvalidRequest(f"{message[:1].upper()}{message[1:]}.", hint="%%video --help lists the options.")


PARSER = _Parser(
    prog="%%video",
    description="Make a video from the cell's text. The cell returns at once: the status below it becomes "
    "the player. Running it again shows the clip that there is and costs nothing. {name} in the text stands "
    "for a variable's value.",
    add_help=False,
    allow_abbrev=False,
    # A fixed width: the same help in a terminal, a notebook and the docs.
    formatter_class=lambda prog: argparse.HelpFormatter(prog, max_help_position=26, width=100),
)
_add = PARSER.add_argument
_add("name", nargs="?", metavar="NAME", help="a variable for the job; its .path waits for the clip")
_add("-m", "--model", help="provider/model")
_add("-s", "--seconds", help="duration in seconds")
_add("-z", "--size", help="WIDTHxHEIGHT in pixels")
_add("-r", "--reference", metavar="IMAGE", help="a picture: path, URL, or the name of a variable")
_add("--last-frame", metavar="IMAGE", help="the picture that the clip ends on")
_add(
    "--also", action="append", default=[], metavar="IMAGE", help="a picture of what it shows; may be repeated"
)
_add("--fit", choices=("cover", "contain"), help="make a picture of another size fit: cut it, or add black")
_add("--aspect", metavar="W:H", help="the shape instead of the size, such as 16:9")
_add("--resolution", metavar="CLASS", help="the class instead of the size, such as 720p, 1080p or 4k")
_add("--audio", action=argparse.BooleanOptionalAction, help="with sound, or without")
_add("--remix", metavar="CLIP", help="make a new clip from this one: a variable or an id")
_add("--edit", metavar="CLIP", help="change this clip")
_add("--extend", metavar="CLIP", help="go on from this clip's end, for --seconds more")
_add("-n", "--takes", type=int, default=1, metavar="N", help="how many clips of the same request, up to 20")
_add("--seed", type=int, help="a whole number; the same seed gives the same clip where the model can")
_add("--negative", metavar="TEXT", help="what the clip should not show")
_add("--user", help="who asks, for your own records")
_add("--param", action="append", default=[], metavar="K=V", help="a further field for the provider, as it is")
_add("--fallback", metavar="M,...", help="models to try, in order, where the one before cannot take the job")
_add("--max-cost", metavar="USD", help="refuse a clip whose estimate is above this")
_add("--estimate", action="store_true", help="show the price and make nothing")
_add("--form", action="store_true", help="open it as a form and make nothing yet")
_add("--again", action="store_true", help="make, and pay for, a new clip even if there is one already")
_add("--wait", action="store_true", help="end the cell only when the clip is there")
_add("--embed", action="store_true", help="put the clip into the notebook file itself")
_add("-o", "--output", metavar="PATH", help="the clip's file, or a folder for it")
_add("-h", "--help", action="store_true", help="show this help")

FLAGS = [flag for action in PARSER._actions for flag in action.option_strings]


MODELS = _Parser(prog="%video models", add_help=False, allow_abbrev=False)
add_filters(MODELS)


def parse(line: str) -> argparse.Namespace:
    """The options of a magic's line.

    Raises:
        InvalidRequest: an option that does not exist (the nearest are named), or a value that cannot be.
    """
    try:
        args, extra = PARSER.parse_known_args(shlex.split(line))
    except ValueError as wrong:
        if isinstance(wrong, InvalidRequest):
            raise
        raise InvalidRequest(f"The line cannot be read: {wrong}.") from None
    if extra:
        near = nearest(extra[0], FLAGS)
        hint = f"Did you mean {one_of(near)}?" if near else "%%video --help lists the options."
        raise InvalidRequest(f"There is no option {extra[0]}.", hint=hint)
    check(args)
    return args


def check(args: argparse.Namespace) -> None:
    """What the parser itself does not check.

    Raises:
        InvalidRequest: options that cannot be, or cannot be together.
    """
    if args.name and not args.name.isidentifier():
        raise InvalidRequest(
            f"{args.name!r} cannot be a variable's name.", hint="The prompt goes below the line."
        )
    if not 1 <= args.takes <= 20:
        raise InvalidRequest(f"--takes must be 1 to 20, not {args.takes}.", param="takes")
    if sum(bool(source) for source in (args.remix, args.edit, args.extend)) > 1:
        raise InvalidRequest("--remix, --edit and --extend exclude each other.")


def pairs(texts: list[str]) -> dict[str, str]:
    """``K=V`` texts as a dictionary.

    Raises:
        InvalidRequest: one has no ``=`` or no name.
    """
    for text in texts:
        if not text.partition("=")[0] or "=" not in text:
            raise InvalidRequest(f"--param takes NAME=VALUE, not {text!r}.", param="param")
    return {name: value for name, _, value in (text.partition("=") for text in texts)}


def output(text: str | None, take: int) -> str | None:
    """Where a take goes: the folder, or the file that was named with the take's number from the second on."""
    if text is None or take == 1 or names_folder(text):
        return text
    return str(Path(text).with_stem(f"{Path(text).stem}-{take}"))
