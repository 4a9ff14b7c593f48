"""What models may be able to do, and the options by which a command line narrows the models down."""

from __future__ import annotations

import argparse

ABILITIES = {
    "text": "text",
    "image": "image",
    "last_frame": "last frame",
    "references": "references",
    "audio": "audio",
    "audio_off": "audio off",
    "seed": "seed",
    "negative_prompt": "negative prompt",
    "remix": "remix",
    "edit": "edit",
    "extend": "extend",
    "cancel": "cancel",
}
"""What a model may be able to do, in the words of the table."""


def add_filters(parser: argparse.ArgumentParser) -> None:
    """The same choice as options, for a command line."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="a provider, or a part of a model's name")
    abilities = ", ".join(ABILITIES)
    parser.add_argument("--can", action="append", default=[], metavar="ABILITY", help=f"one of {abilities}")
    parser.add_argument("--under", metavar="USD", help="price per second at most, at the lowest resolution")
    parser.add_argument("--alive", action="store_true", help="leave out what has been shut down")
    parser.add_argument("--ready", action="store_true", help="leave out what has no key here")
