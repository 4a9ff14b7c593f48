"""Words that a prompt must not have, found however they are written."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Unpack

from soravid.errors import InvalidRequest
from soravid.guardrails.base import BaseGuardrail, Common, check_action
from soravid.guardrails.folding import READINGS, Folded, fold
from soravid.guardrails.found import MASK, Found, verdict_on
from soravid.guardrails.verdicts import Action, Context, Stage, Verdict

_GAP = re.compile(r"[\W_]+")
_HYPHENS = re.compile(r"(?<=\w)-+(?=\w)")
# Written without spaces, or with endings joined to the word: a word may begin and end anywhere.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u0f00-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
_REASON = "The prompt has a word that is not allowed here."


class BlockList(BaseGuardrail):
    """Finds words and phrases, whatever their case, width, accents, look-alikes or invisible characters.

    A word is found as a whole: ``kill`` in "k1ll" but not in "skill". ``kill*`` also finds "killing". A
    phrase is found across any spaces and punctuation. The negative prompt is not looked at: it names what
    shall not be seen.

    Args:
        words: the list.
        file: a UTF-8 text file with one entry a line; lines that begin with ``#`` are comments.
        action: ``block``, ``flag``, or ``rewrite``: each find is replaced by ``mask``.
        reason: what the end user is told; the rule is the entry of the list.

    Raises:
        InvalidRequest: no words, an entry without letters, or a file that cannot be read.
    """

    kind = "block_list"
    sees = ("prompt",)

    def __init__(
        self,
        words: Iterable[str] = (),
        *,
        file: str | os.PathLike[str] | None = None,
        action: Action = "block",
        mask: str = MASK,
        reason: str = _REASON,
        **common: Unpack[Common],
    ) -> None:
        super().__init__(**common)
        self._action, self._mask, self._reason = check_action(action), mask, reason
        entries = [words] if isinstance(words, str) else list(words)
        if file is not None:
            entries += _lines(file)
        if not entries:
            raise InvalidRequest("A block list needs words, or a file of them.", param="words")
        self._words = _Words(entries)

    def check(self, stage: Stage, context: Context) -> Verdict:  # noqa: ARG002
        """See ``Guardrail.check``."""
        found = list(self._words.found_in(fold(context.prompt)))
        return verdict_on(context.prompt, found, self._action, self._reason, self._mask)


class _Entry(NamedTuple):
    """An entry of the list as it was written, its folded word, and whether that may go on at its end."""

    text: str
    word: str
    open_end: bool


class _Node:
    """A node of the tree of all words: what may come next, and the entry that ends here."""

    __slots__ = ("entry", "next")

    def __init__(self) -> None:
        self.next: dict[str, _Node] = {}
        self.entry: _Entry | None = None


_SPACE = " "


class _Words:
    """The words as a tree by their letters, so that a long list takes no longer than a short one."""

    def __init__(self, entries: Iterable[str]) -> None:
        self._at_start, self._anywhere = _Node(), _Node()
        for entry in entries:
            self._add(entry)

    def _add(self, entry: object) -> None:
        text = entry.strip() if isinstance(entry, str) else ""
        word = " ".join(_HYPHENS.sub(_SPACE, fold(text.strip("*")).text).split())
        if not any(letter.isalnum() for letter in word):
            raise InvalidRequest(f"{entry!r} in a block list is no word.", param="words")
        anywhere = text.startswith("*") or _UNSPACED.match(word[0])
        node = self._anywhere if anywhere else self._at_start
        for letter in word:
            node = node.next.setdefault(letter, _Node())
        node.entry = _Entry(text, word, text.endswith("*") or bool(_UNSPACED.match(word[-1])))

    def found_in(self, folded: Folded) -> Iterator[Found]:
        """Every find, from left to right, none within another."""
        text, place = folded.text, 0
        while place < len(text):
            found = self._longest(text, place)
            if found is None:
                place += 1
                continue
            end, entry = found
            while entry.text.endswith("*") and (
                text[end : end + 1].isalpha() or _is_mark(text[end : end + 1])
            ):
                end += 1
            yield Found(*folded.span(place, end), entry.text)
            place = end

    def _longest(self, text: str, start: int) -> tuple[int, _Entry] | None:
        waiting = [(self._anywhere, start)]
        if _is_start(text, start):
            waiting.append((self._at_start, start))
        best: tuple[int, _Entry] | None = None
        while waiting:
            node, place = waiting.pop()
            entry = node.entry
            if entry and (best is None or place > best[0]) and _is_word(text, start, place, entry):
                best = place, entry
            if place == len(text):
                continue
            letter = text[place]
            readings = (letter, *READINGS.get(letter, "")) if letter != _SPACE else ()
            waiting += [(node.next[each], place + 1) for each in readings if each in node.next]
            if (following := node.next.get(_SPACE)) and (gap := _GAP.match(text, place)):
                waiting.append((following, gap.end()))
        return best


def _is_start(text: str, place: int) -> bool:
    # A digit beside a word does not hide it: only a letter, or a digit before a digit, makes another word.
    before = text[place - 1 : place]
    return not (before.isalpha() or (text[place].isdigit() and before.isdigit()))


def _is_word(text: str, start: int, end: int, entry: _Entry) -> bool:
    found, after = text[start:end], text[end : end + 1]
    if _is_mark(after):  # which makes another letter of the last one
        return False
    if not entry.open_end and (after.isalpha() or (found[-1].isdigit() and after.isdigit())):
        return False
    if found == entry.word:
        return True
    # "455" is a number and "!" ends a sentence, whatever they could be read as.
    return any(letter.isalpha() for letter in found) and not found.endswith("!")


def _is_mark(letter: str) -> bool:
    return bool(letter) and unicodedata.category(letter)[0] == "M"


def _lines(file: str | os.PathLike[str]) -> list[str]:
    try:
        text = Path(file).expanduser().read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as wrong:
        why = wrong.strerror if isinstance(wrong, OSError) else "it is no UTF-8 text"
        raise InvalidRequest(f"The block list {str(file)!r} cannot be read: {why}.", param="file") from None
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
