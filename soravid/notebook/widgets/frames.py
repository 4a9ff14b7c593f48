"""What widgets are built of in the page, as HTML: a script knows each part by its first class."""

from __future__ import annotations

from html import escape

from soravid.notebook.widgets.markup import button, part, row, select, tag

_ICONS = {
    "play": "M7 4v16l13-8z",
    "pause": "M6 5h4v14H6zM14 5h4v14h-4z",
    "back": "M5 5h3v14H5zM19 5v14L9 12z",
    "next": "M16 5h3v14h-3zM5 5v14l10-7z",
    "loop": "M7 7h9V4l5 4.5-5 4.5v-3H9.5v4H7zM17 17H8v3l-5-4.5L8 11v3h6.5v-3H17z",
    "mute": "M3 9v6h4l5 5V4L7 9zM15 8v8a4.5 4.5 0 0 0 0-8z",
    "captions": "M3 5h18v14H3zM6 12v3h8v-3zM16 12v3h2v-3z",
    "full": "M4 10V4h6zM14 4h6v6zM20 14v6h-6zM10 20H4v-6z",
}
_SPEEDS = [(speed, f"{speed}×") for speed in ("0.25", "0.5", "1", "1.5", "2")]


def bar() -> str:
    """The bar under a video, as ``player.js`` knows it; ``data-key`` is the key that presses a tool."""
    return tag(
        "div",
        _tool("play", "Play", "space", "pause"),
        _tool("back", "One frame back", ","),
        _tool("next", "One frame on", "."),
        tag("input", type="range", class_="seek", min=0, step="any", aria_label="Position"),
        tag("span", class_="time"),
        select(_SPEEDS, "1", class_="speed", title="Speed", aria_label="Speed"),
        _tool("loop", "Loop", "L"),
        _tool("mute", "Mute", "M"),
        _tool("captions", "Captions", "C"),
        _tool("full", "Full screen", "F"),
        class_="tools row",
        role="group",
        aria_label="Controls",
    )


def _tool(name: str, title: str, key: str, *more: str) -> str:
    paths = (tag("path", fill_rule="evenodd", d=_ICONS[icon]) for icon in (name, *more))
    icons = (tag("svg", path, viewBox="0 0 24 24", aria_hidden="true") for path in paths)
    words = {"aria_label": title, "title": f"{title} ({key})", "data_key": key.lower()}
    return tag("button", *icons, type="button", class_=f"{name} tool", **words)


def job_line() -> str:
    """A job's state in a line, as ``line.js`` knows it."""
    bar = {"role": "progressbar", "aria_label": "Progress", "aria_valuemin": 0, "aria_valuemax": 100}
    line = row(
        part("mark", aria_hidden="true"),
        *(part(name) for name in ("short", "label", "percent")),
        part("bar", **bar),
        part("clock", role="timer"),
        part("left"),
        part("facts"),
        button("cancel", "Cancel", aria_expanded="false"),
    )
    return tag("div", part("name cut", dir="auto"), line, part("note", role="status"), class_="job")


def lot_head() -> str:
    """What stands over several clips, as ``lot.js`` knows it."""
    said = tag("div", part("heading"), part("line", role="status"), class_="said")
    return tag(
        "header",
        row(said, button("go", ""), button("stop", "Cancel")),
        part("warning"),
        part("note", role="status"),
    )


def meter() -> str:
    """The spend meter, as ``meter.js`` knows it."""
    line = tag("button", tag("span", class_="money"), type="button", class_="line", aria_expanded="false")
    head = row(
        part("mark", aria_hidden="true"), part("word", role="status"), line, button("pin", "Pin"), more="head"
    )
    return tag(
        "div",
        head,
        part("more", hidden=True),
        class_="soravid soravid-meter",
        role="group",
        aria_label="Spend meter",
    )


def form() -> str:
    """The form, as ``form.js`` knows it; ``{id}`` stands for what makes an id one of its own."""
    prompt = tag("textarea", class_="prompt", id="{id}-prompt", dir="auto", aria_describedby="{id}-hint")
    combobox = {"role": "combobox", "aria_expanded": "false", "aria_controls": "{id}-list"}
    typed = {"aria_autocomplete": "list", "autocomplete": "off", "spellcheck": "false"}
    model = tag("input", class_="model", id="{id}-model", **combobox, **typed)
    under = part("hint small", id="{id}-hint"), part("letters small")
    models = tag("div", class_="list", id="{id}-list", role="listbox", aria_label="Models", tabindex=-1)
    over = tag("input", type="checkbox", class_="over") + " Show what has been shut down, too"
    offer = tag(
        "div",
        tag("b", class_="cost"),
        tag("span", class_="left"),
        part("why small", id="{id}-why"),
        class_="offer",
        role="status",
    )
    return tag(
        "form",
        part("title"),
        _label("{id}-prompt", "Prompt"),
        tag("div", prompt, tag("div", *under, class_="under")),
        _label("{id}-model", "Model"),
        tag(
            "div",
            model,
            part("about small"),
            tag("div", models, tag("label", over, class_="small"), class_="panel", hidden=True),
            class_="picker",
        ),
        tag("div", class_="fields"),
        row(
            offer,
            button("cell", "As a cell"),
            button("go main", "Generate", aria_describedby="{id}-why"),
            more="foot",
        ),
        part("said", role="status"),
        class_="sheet",
    )


def _label(target: str, words: str) -> str:
    return tag("label", escape(words), for_=target, class_="name")


def gallery_card() -> str:
    """A clip in the gallery's grid."""
    picture = tag("img", class_="picture", alt="", decoding="async")
    poster = tag("div", picture, tag("span", class_="pick", aria_hidden="true"), class_="poster")
    return tag(
        "div", poster, part("prompt", dir="auto"), part("facts small cut"), class_="card", role="option"
    )


def gallery(fields: str) -> str:
    """The gallery, as ``gallery.js`` knows it.

    Args:
        fields: to search by, as HTML.
    """
    grid = {"role": "listbox", "aria_label": "Clips", "aria_multiselectable": "true", "tabindex": 0}
    cards = tag("div", class_="cards", role="presentation")
    sought = tag(
        "div",
        tag("div", fields, class_="fields"),
        row(part("caption muted", role="status"), button("news", "New clips: show", hidden=True)),
        tag("div", cards, data_lm_suppress_shortcuts="true", class_="grid", **grid),
        class_="sought",
    )
    tags = tag("input", class_="tags", placeholder="Tags, with commas", aria_label="Tags")
    which = part("which muted cut", dir="auto")
    chosen = row(which, tags, button("remove", "Delete file"), button("open main", "Open"), more="chosen")
    return tag("div", sought, chosen, part("note", role="alert"), tag("div", class_="stages"))
