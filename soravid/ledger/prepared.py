"""Statements compiled once and handed to the driver, for the few that every job needs.

SQLAlchemy takes several times as long to execute a statement as SQLite does; what it compiles is the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa

Row = dict[str, Any]
Step = tuple["Prepared", Mapping[str, Any]]
"""A statement and its values."""
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
        self._forms: dict[str, _Form] = {}

    def rows(self, db: sa.Connection, values: Mapping[str, Any]) -> list[Row]:
        """Execute it and return what came back."""
        form = self._form(db)
        return [form.row(row) for row in self._execute(db, form, values).fetchall()]

    def first(self, db: sa.Connection, values: Mapping[str, Any]) -> Row | None:
        """Execute it and return the first row, if any."""
        form = self._form(db)
        cursor = self._execute(db, form, values)
        row = cursor.fetchone()
        cursor.close()
        return None if row is None else form.row(row)

    def run(self, db: sa.Connection, values: Mapping[str, Any]) -> None:
        """Execute it."""
        self._execute(db, self._form(db), values)

    def _form(self, db: sa.Connection) -> _Form:
        form = self._forms.get(db.dialect.name)
        if form is None:
            form = self._forms[db.dialect.name] = _Form(db.dialect, self._statement, self._gives, self._sets)
        return form

    def _execute(self, db: sa.Connection, form: _Form, values: Mapping[str, Any]) -> Any:
        cursor = db.connection.cursor()
        cursor.execute(form.text, form.parameters(values))
        return cursor


def together(db: sa.Connection, steps: Sequence[Step]) -> None:
    """Execute statements that give nothing back and do not touch the same row.

    PostgreSQL does them as one, whose parts have no order: asking it takes longer than the work.
    """
    if db.dialect.name != "postgresql" or len(steps) == 1:
        for prepared, values in steps:
            prepared.run(db, values)
        return
    given: dict[str, Any] = {}
    for number, (prepared, values) in enumerate(steps):
        parameters = prepared._form(db).parameters(values)
        given |= {f"{name}_{number}": value for name, value in parameters.items()}
    text = _as_one(tuple(prepared._form(db).text for prepared, _ in steps))
    db.connection.cursor().execute(text, given)


@cache
def _as_one(texts: tuple[str, ...]) -> str:
    numbered = [re.sub(r"%\((\w+)\)s", rf"%(\1_{number})s", text) for number, text in enumerate(texts)]
    parts = ", ".join(f"part_{number} AS ({text})" for number, text in enumerate(numbered[:-1]))
    return f"WITH {parts} {numbered[-1]}"


class _Form:
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
        given = {**self._fixed, **values}
        for name, convert in self._into:
            given[name] = convert(given[name])
        return given

    def row(self, row: tuple[Any, ...]) -> Row:
        named = dict(zip(self._names, row, strict=True))
        for name, convert in self._out:
            named[name] = convert(named[name])
        return named
