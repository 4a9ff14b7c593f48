"""Statements compiled once and handed to the driver, for the few that every job needs.

SQLAlchemy takes several times as long to execute a statement as SQLite does; what it compiles is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from soravid.ledger.driver import Row

_CONVERTED = (sa.JSON, sa.Boolean)
"""The only types here that are not the driver's own."""


class Prepared:
    """A statement with named parameters; on an insert or an update, ``sets`` are the columns to be given.

    JSON and booleans are converted as SQLAlchemy does it, in the parameters and in ``gives``, the columns
    that come back.
    """

    def __init__(
        self,
        statement: sa.ClauseElement,
        gives: Iterable[sa.ColumnElement[Any]] = (),
        sets: Iterable[str] | None = None,
    ) -> None:
        self._statement, self._gives = statement, tuple(gives)
        self._sets = None if sets is None else sorted(sets)
        self._forms: dict[str, Form] = {}

    def form(self, dialect: sa.Dialect) -> Form:
        """The statement as a dialect has it."""
        form = self._forms.get(dialect.name)
        if form is None:
            form = self._forms[dialect.name] = Form(dialect, self._statement, self._gives, self._sets)
        return form


class Form:
    """A statement in one dialect."""

    def __init__(
        self,
        dialect: sa.Dialect,
        statement: sa.ClauseElement,
        gives: tuple[sa.ColumnElement[Any], ...],
        sets: list[str] | None,
    ) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=sets)
        self.text = str(compiled)
        fixed = compiled.construct_params(_check=False)
        self._fixed = {name: value for name, value in fixed.items() if value is not None}
        into = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect)
            for name, bind in compiled.binds.items()
            if isinstance(bind.type, _CONVERTED)
        }
        out = {
            column.name: column.type.dialect_impl(dialect).result_processor(dialect, None)
            for column in gives
            if isinstance(column.type, _CONVERTED)
        }
        self._names = [column.name for column in gives]
        self._into = [(name, convert) for name, convert in into.items() if convert]
        self._out = [(name, convert) for name, convert in out.items() if convert]

    def parameters(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Named values as the driver takes them."""
        given = {**self._fixed, **values}
        for name, convert in self._into:
            given[name] = convert(given[name])
        return given

    def row(self, row: tuple[Any, ...]) -> Row:
        """A row of the driver's by the columns' names."""
        named = dict(zip(self._names, row, strict=True))
        for name, convert in self._out:
            named[name] = convert(named[name])
        return named
