"""What is in a form: the options and the text of a ``%%video`` cell, as a person changes them."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from soravid import settings
from soravid.errors import InvalidRequest
from soravid.notebook import options
from soravid.notebook.cell_text import as_read, cell_text
from soravid.notebook.expand import expand
from soravid.notebook.wanted import keywords
from soravid.notebook.widgets.form_choices import entry_of, said, settled
from soravid.notebook.widgets.form_fields import SLOTS, Row, fields
from soravid.notebook.widgets.form_pictures import Picture, made_to_fit, read
from soravid.types import Operation

FRAMES = ("reference", "last_frame")
_AUDIO = {"yes": True, "no": False}
_MORE = {"last_frame", "also", "negative", "seed"}
"""Fields and slots that are folded away."""
_OPTIONAL = {"negative": "the negative prompt", "seed": "the seed", "audio": "the sound"}
_OWN = {
    *("model", "seconds", "size", "aspect", "resolution", "fit", "audio", "takes", "seed", "negative"),
    *SLOTS,
}
"""Options that the form has fields for."""
_FREE = {"pills": [[""]]}
_TITLES = {"create": "New clip", "remix": "Remix", "edit": "Edit", "extend": "Extension"}


class Draft:
    """A cell in the making. Not safe between threads: the form guards it. A shallow copy stays as it is.

    Args:
        args: the options that it begins with; those that the form has no field for stay as they are.
        prompt: the text, in which ``{name}`` stands for a variable as in any cell.

    Raises:
        InvalidRequest: a duration, a size or a shape that the model does not have.
    """

    def __init__(self, args: Namespace, prompt: str) -> None:
        self._carried = args
        self.operation: Operation = _operation(args)
        model = args.model or settings.default_model()
        self._entry = entry_of(model)
        seconds, size = said(args, self._entry, self.operation)
        values = {
            "n": "",
            "prompt": prompt.strip(),
            "model": model,
            "seconds": seconds,
            "size": size,
            "fit": args.fit or "",
            "audio": next((word for word, value in _AUDIO.items() if value is args.audio), ""),
            "takes": str(args.takes),
            "seed": "" if args.seed is None else str(args.seed),
            "negative": args.negative or "",
        }
        self.values: dict[str, Any] = settled(values, self._entry, self.operation, anew=True)
        words = {"reference": [args.reference], "last_frame": [args.last_frame], "also": args.also}
        self.words = {slot: [word for word in found if word] for slot, found in words.items()}
        self.reading = any(self.words.values())
        """Whether the pictures that it begins with are still to come."""
        self._pictures: dict[str, list[Picture]] = {slot: [] for slot in SLOTS}

    async def read(self, names: Mapping[str, Any]) -> None:
        """Read the pictures that it begins with; what is wrong with one stands in its place."""
        found = {
            slot: [await read(word, names, slot) for word in words] for slot, words in self.words.items()
        }
        self._pictures = {slot: self._pictures[slot] or pictures for slot, pictures in found.items()}
        self.reading = False

    # --- changes -------------------------------------------------------------------------------------

    def edit(self, values: Mapping[str, Any], number: object) -> None:
        """Take what was typed. Of another model the duration and the size become ones that it takes."""
        new = {name: str(values.get(name, "")) for name in self.values if name != "n"}
        anew = new["model"] != self.values["model"]
        if anew:
            self._entry = entry_of(new["model"])
        new = settled(new, self._entry, self.operation, anew=anew)
        self.values = new | {"n": number}

    def learn(self) -> None:
        """Look again what the model has: more may be known of it by now."""
        before, self._entry = self._entry, entry_of(self.values["model"])
        self.values = settled(self.values, self._entry, self.operation, anew=before is None)

    def put(self, slot: str, *pictures: Picture) -> None:
        """Put pictures into a slot: in place of the one there; beside the others where it holds several."""
        if slot in SLOTS:
            before = self._pictures[slot] if slot == "also" else []
            self._pictures = self._pictures | {slot: [*before, *pictures]}

    def remove(self, slot: str, at: object) -> None:
        """Take a picture out."""
        if slot in SLOTS and isinstance(at, int):
            left = [each for k, each in enumerate(self._pictures[slot]) if k != at]
            self._pictures = self._pictures | {slot: left}

    # --- what the page shows -------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """What the form makes."""
        source = getattr(self._carried, self.operation, None)
        return f"{_TITLES[self.operation]} of {source}" if source else _TITLES[self.operation]

    @property
    def fields(self) -> list[Row]:
        """The fields that the model has."""
        rows = fields(self._entry, self.operation, self.values, ())
        slots = _names(rows).keys() & set(FRAMES)
        frames = [each.size for slot in slots for each in self._pictures[slot] if each.reference]
        return fields(self._entry, self.operation, self.values, frames) if frames else rows

    @property
    def spec(self) -> dict[str, Any]:
        """The same for the page, with what is folded away apart."""
        rows = self.fields
        more = [row for row in rows if _MORE & _names([row]).keys()]
        held = any(self._pictures[slot] for slot in SLOTS if slot in _MORE)
        main = [row for row in rows if row not in more]
        return {
            "rows": [*main, *([("Also", {"also": line})] if (line := self._line()) else [])],
            "more": more,
            "open": held or any(self.values[name] for name in _OPTIONAL if name in _MORE),
        }

    def shown(self) -> dict[str, list[dict[str, Any]]]:
        """What the page shows of the pictures."""
        fit = self.values["fit"] or next(iter(_names(self.fields).get("fit", _FREE)["pills"]))[0]
        width, _, height = self.values["size"].partition("x")
        # As it will be sent: cut to the clip's shape, or with black around it.
        frame = f"aspect-ratio:{width}/{height};object-fit:{fit};background:#000" if fit and height else ""
        styles = {slot: frame if slot in FRAMES else "" for slot in SLOTS}
        return {slot: [each.shown(styles[slot]) for each in found] for slot, found in self._pictures.items()}

    @property
    def pictures(self) -> list[Picture]:
        """Every picture, whether it will be sent or not."""
        return [picture for found in self._pictures.values() for picture in found]

    def left_out(self) -> str:
        """What is set and the model has no place for; empty where there is nothing."""
        here = _names(self.fields)
        lost = [words for slot, words in SLOTS.items() if self._pictures[slot] and slot not in here]
        lost += [words for name, words in _OPTIONAL.items() if self.values[name] and name not in here]
        return f"Left out, this model has no place for it: {', '.join(lost).lower()}." if lost else ""

    def rows(self) -> list[tuple[str, str, str]]:
        """The same for places without forms: field, value, and what it may be."""
        rows = [("Prompt", self.values["prompt"], ""), ("Model", self.values["model"], "")]
        for label, *parts in self.fields:
            if slot := parts[0].get("slot"):
                rows += [(label, picture.word, picture.problem) for picture in self._pictures[slot]]
                continue
            now, pills = self.values[parts[0]["name"]], dict(parts[0].get("pills", ()))
            may = ", ".join(pills.values()) or parts[0].get("after", "")
            rows.append((label, pills.get(now, now), may))
        return [row for row in rows if row[1]]

    # --- what is asked for ---------------------------------------------------------------------------

    def args(self) -> Namespace:
        """The options of the cell.

        Raises:
            InvalidRequest: something that was typed cannot be, or a picture is not there.
        """
        if self.reading:
            raise InvalidRequest("The picture is being read.", hint="One moment.")
        here = _names(self.fields)
        typed = {name: " ".join(text.split()) if name in here else "" for name, text in self._texts().items()}
        args = self._rest()
        args.model = self.values["model"].strip() or None
        args.seconds, args.size = typed["seconds"] or None, typed["size"] or None
        args.fit = typed["fit"] or ("fit" in here and here["fit"]["pills"][0][0]) or None
        args.audio = _AUDIO.get(typed["audio"])
        args.seed, args.takes = _whole(typed["seed"], "seed"), _whole(typed["takes"], "takes")
        args.negative = typed["negative"] or None
        if args.takes is None or not 1 <= args.takes <= 20:
            raise InvalidRequest(f"Takes must be 1 to 20, not {typed['takes'] or 'nothing'}.", param="takes")
        words = {slot: [picture.word for picture in found] for slot, found in self._used().items()}
        args.reference, args.last_frame = (next(iter(words[slot]), None) for slot in FRAMES)
        args.also = words["also"]
        return args

    def prompt(self, names: Mapping[str, Any]) -> str:
        """The text as it is sent.

        Raises:
            InvalidRequest: it names a variable that there is not.
        """
        return expand(as_read(self.values["prompt"]), names)

    def wanted(self, args: Namespace, names: Mapping[str, Any]) -> dict[str, Any]:
        """Keywords of ``generate``, with the pictures as they were read. May wait for a job to go on from.

        Raises:
            InvalidRequest: a picture cannot be used, or an option cannot be.
        """
        found = self._used()
        for picture in (picture for pictures in found.values() for picture in pictures):
            if picture.problem:
                raise InvalidRequest(picture.problem, param="input_reference")
        frames = [next((each.reference for each in found[slot]), None) for slot in FRAMES]
        if args.fit and args.size:
            frames = [frame and made_to_fit(frame, args.size, args.fit) for frame in frames]
        plain = Namespace(**vars(args) | {"reference": None, "last_frame": None, "also": []})
        return keywords(plain, names) | {
            "input_reference": frames[0],
            "last_frame": frames[1],
            "references": [picture.reference for picture in found["also"]] or None,
        }

    def cell(self) -> str:
        """The cell that makes the same.

        Raises:
            InvalidRequest: something that was typed cannot be.
        """
        return cell_text(self.args(), self.values["prompt"])

    # --- pieces --------------------------------------------------------------------------------------

    def _texts(self) -> dict[str, str]:
        return {name: str(text) for name, text in self.values.items() if name not in {"n", "prompt", "model"}}

    def _used(self) -> dict[str, list[Picture]]:
        """The pictures of each slot, as many as the model takes."""
        here = _names(self.fields)
        return {slot: self._pictures[slot][: here[slot]["most"] if slot in here else 0] for slot in SLOTS}

    def _rest(self) -> Namespace:
        """The options that the form has no field for, beside the defaults of those that it has."""
        blank = vars(options.parse(""))
        return Namespace(**vars(self._carried) | {name: blank[name] for name in _OWN})

    def _line(self) -> str:
        """The same as they stand on a cell's line."""
        return cell_text(self._rest(), "").strip().removeprefix("%%video").strip()


def _names(rows: list[Row]) -> dict[str, dict[str, Any]]:
    """Name of field or slot to its first part."""
    found: dict[str, dict[str, Any]] = {}
    for _, *parts in rows:
        for part in parts:
            found.setdefault(part.get("slot") or part["name"], part)
    return found


def _operation(args: Namespace) -> Operation:
    if args.remix:
        return "remix"
    if args.edit:
        return "edit"
    return "extend" if args.extend else "create"


def _whole(text: str, param: str) -> int | None:
    if not text.strip():
        return None
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text.strip()):
        raise InvalidRequest(
            f"{param.capitalize()} must be a whole number, not {text.strip()!r}.", param=param
        )
    return int(text)
