"""What is done about parts of a prompt that were found: the prompt is blocked, flagged or masked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from soravid.guardrails.verdicts import ALLOW, Action, Verdict

MASK = "***"


class Found(NamedTuple):
    """A part of a text, from ``start`` to before ``end``, and the rule that it breaks."""

    start: int
    end: int
    rule: str


def verdict_on(
    text: str,
    found: Sequence[Found],
    action: Action,
    reason: str,
    mask: str | Callable[[Found], str] = MASK,
) -> Verdict:
    """The verdict on a text; ``mask`` stands for each find in a rewrite."""
    if not found:
        return ALLOW
    rule = ", ".join(dict.fromkeys(each.rule for each in found))
    masked = _masked(text, found, mask) if action == "rewrite" else None
    return Verdict(action, rule, reason, masked)


def _masked(text: str, found: Sequence[Found], mask: str | Callable[[Found], str]) -> str:
    parts, place = [], 0
    for each in sorted(found):
        if each.end <= place:
            continue  # within the one before
        if each.start >= place:
            parts += [text[place : each.start], mask if isinstance(mask, str) else mask(each)]
        place = each.end
    return "".join(parts) + text[place:]
