"""The fields of a form as the page shows them; what stands in them the page fills in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from soravid.notebook.widgets.form_fields import Part, Row
from soravid.notebook.widgets.markup import select, tag

Shown = Mapping[str, Sequence[Mapping[str, Any]]]
"""Slot to its pictures, as ``Picture.shown`` says them."""
_ADD = "Drop, paste or choose"
_EARLIER = [("", "or an earlier clip's end")]


def fields_html(spec: Mapping[str, Any], pictures: Shown, *, earlier: bool) -> str:
    """Every row, with those that are folded away in a fold.

    Args:
        spec: what ``Draft.spec`` says.
        pictures: what is in each slot.
        earlier: whether there are clips to go on from; the page knows which.
    """
    rows = _rows(spec["rows"], pictures, earlier)
    if not spec["more"]:
        return rows
    more = tag("div", _rows(spec["more"], pictures, earlier), class_="grid")
    return rows + tag("details", tag("summary", "More"), more, open=spec["open"])


def _rows(rows: Sequence[Row], pictures: Shown, earlier: bool) -> str:
    html = []
    for label, *parts in rows:
        found = [_part(label, f"{label}-{k}", part, pictures, earlier) for k, part in enumerate(parts)]
        html += [tag("span", escape(label), class_="name"), tag("div", *found, class_="parts row")]
    return "".join(html)


def _part(label: str, name: str, part: Part, pictures: Shown, earlier: bool) -> str:
    if "slot" in part:
        return _slot(label, part, pictures.get(part["slot"], []), earlier)
    if "pills" in part:
        return _pills(label, name, part)
    if "also" in part:
        return tag("code", escape(part["also"]))
    rest = {key: value for key, value in part.items() if key not in {"name", "after"}}
    field = tag("input", **{"aria_label": label, "data_field": part["name"], "name": part["name"]} | rest)
    return field + _small(part["after"]) if "after" in part else field


def _pills(label: str, name: str, part: Part) -> str:
    """One of several, side by side."""
    pills = [
        tag(
            "label",
            tag("input", type="radio", name=name, value=value, data_field=part["name"]),
            escape(words),
            class_="pill",
        )
        for value, words in part["pills"]
    ]
    return tag("div", *pills, class_="row", role="radiogroup", aria_label=label)


def _slot(label: str, part: Part, here: Sequence[Mapping[str, Any]], earlier: bool) -> str:
    """A place for pictures: those that are there, and ways to more."""
    slot, most = part["slot"], part["most"]
    html = [_picture(slot, picture, at) for at, picture in enumerate(here)]
    if len(here) < most:
        words, several = f"{label}: {_ADD[0].lower()}{_ADD[1:]}", most > 1
        given = {"type": "file", "name": f"{slot}-in", "accept": "image/*", "multiple": several}
        html.append(tag("label", tag("input", **given, aria_label=words), _ADD, class_="pill drop"))
    if len(here) < most and earlier:
        html.append(select(_EARLIER, name=f"{slot}-clip", aria_label=f"{label}: the end of an earlier clip"))
    return tag("div", *html, class_="slot row", data_slot=slot)


def _picture(slot: str, picture: Mapping[str, Any], at: int) -> str:
    key, name = picture["key"], picture["name"]
    bad = tag("span", escape(picture["problem"]), class_="bad")
    return tag(
        "div",
        tag("img", alt="", data_key=key, style=picture["style"]) if key else "",
        tag("span", f"{escape(name)} ", _small(picture["facts"]), bad),
        tag("button", "Remove", type="button", name=f"{slot}-out", data_at=at, aria_label=f"Remove {name}"),
        class_="pic row",
    )


def _small(words: str) -> str:
    return tag("span", escape(words), class_="small")
