"""``soravid.form()``: a clip asked for by a form that tells the price before the button."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soravid.errors import InvalidRequest, MissingExtra

if TYPE_CHECKING:
    from argparse import Namespace

    from soravid.notebook.widgets.form import FormWidget
    from soravid.tables import Table


def form(prompt: str = "", **preset: Any) -> FormWidget | Table:
    """Open a form for a clip: it tells the price before anything is made, and shows the takes as they come.

        soravid.form("A red kite over a harbour at dawn", model="local/animatic", seconds=4)

    The form is a ``%%video`` cell: ``{name}`` in its prompt stands for a variable, and it can be written out
    as a cell. ``%%video --form`` opens a cell as a form.

    Args:
        prompt: what the clip should show.
        **preset: what the fields begin with, named as for ``generate``: ``model, seconds, size, aspect_ratio,
            resolution, input_reference, last_frame, references, fit, audio, seed, negative_prompt, user,
            extra_body, fallbacks, max_cost`` (USD) and ``path``; also ``takes``; and ``remix``, ``edit`` or
            ``extend``: a clip, a job or an id.

    Returns:
        A widget; in a terminal a table of the same, with the price.

    Raises:
        InvalidRequest: a preset that cannot be, or that does not exist.
        MissingExtra: the notebook's packages are not installed.
    """
    if not isinstance(prompt, str):
        raise InvalidRequest(f"The prompt must be text, not {type(prompt).__name__}.", param="prompt")
    try:
        from IPython.core.getipython import get_ipython

        from soravid.notebook.presets import args_of
    except ModuleNotFoundError:
        raise MissingExtra("The form", "notebook") from None
    shell = get_ipython()
    return open_form(args_of(preset), prompt, shell.user_ns if shell else {})


def open_form(args: Namespace, prompt: str, names: dict[str, Any]) -> FormWidget | Table:
    """The form of a cell, with these options and this text.

    Args:
        args: the options, as ``options.parse`` gives them.
        prompt: the text, as it stands in the cell.
        names: the variables that words of the cell may stand for.

    Raises:
        InvalidRequest: a value that the model does not take.
        MissingExtra: this is a notebook and its packages are not installed.
    """
    from soravid.notebook.display import rich_front

    if not rich_front():
        return _table(args, prompt, names)
    try:
        from soravid.notebook.widgets.form import FormWidget
    except ModuleNotFoundError:
        raise MissingExtra("The form", "notebook") from None
    return FormWidget(args, prompt, names)


def _table(args: Namespace, prompt: str, names: dict[str, Any]) -> Table:
    """What the form would show, for places that have no forms."""
    from soravid.loop import run
    from soravid.notebook.widgets.form_draft import Draft
    from soravid.notebook.widgets.form_offer import priced
    from soravid.planning import current
    from soravid.tables import Table

    draft = Draft(args, prompt)
    run(draft.read(names))
    offer = run(priced(current(), draft, names))
    return Table(
        ("Field", "Now", "May be"), [*draft.rows(), *offer.rows(), ("Cell", draft.cell(), "")], draft.title
    )
