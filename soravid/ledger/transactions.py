"""One transaction at a time: the orders of all who wait, or one piece of work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, cast

import sqlalchemy as sa

from soravid.ledger import engines
from soravid.ledger.batch import Batch, NotWrittenDown
from soravid.ledger.budgets import opened
from soravid.ledger.driver import Driver
from soravid.ledger.orders import Order

Work = Callable[[sa.Connection], Any]
Write = Order | Work
"""What is written: an order, which shares its transaction, or a function that does the whole of its own."""
_PASSES = 20
"""How often accounts may turn out not to be written down yet: budgets may change meanwhile."""


def joins(write: Write) -> bool:
    """Whether a write may share its transaction with others."""
    return not callable(write)


class Transactions:
    """Commits writes; for one thread at a time.

    Args:
        engine: gives the connections.
        told: turns an error into the one that a caller gets; called for each caller.
    """

    def __init__(self, engine: sa.Engine, told: Callable[[BaseException], BaseException]) -> None:
        self._engine, self._told = engine, told
        self._driver: Driver | None = None

    def commit(self, writes: Sequence[Write]) -> list[Any]:
        """Commit orders, or one piece of work; returns what came of each, an error of its own included."""
        if not joins(writes[0]):
            return [self._alone(cast(Work, writes[0]))]
        orders = cast("Sequence[Order]", writes)
        try:
            return self._together(orders)
        except Exception as wrong:
            if len(orders) == 1 or isinstance(wrong, self._dbapi.OperationalError):
                return [self._told(wrong) for _ in orders]
        # Somebody's values are at fault: each by itself, so that the others have theirs written.
        return [result for order in orders for result in self.commit([order])]

    def at_once(self, write: Write) -> tuple[Any] | None:
        """Commit an order if nobody has to be waited for; else None, and nothing is done.

        On SQLite only: a server is far away.
        """
        driver = self._driver
        if driver is None or driver.postgresql or not joins(write):
            return None
        batch = Batch(driver, [cast(Order, write)])
        try:
            driver.wait_for_others(0)
            return (batch.carry_out()[0],)
        except Exception as wrong:
            self._undo()
            return (self._told(wrong),) if batch.committing else None

    def close(self) -> None:
        """Give the connection back; the next write opens another."""
        driver, self._driver = self._driver, None
        if driver:
            with suppress(Exception):
                driver.connection.close()

    @property
    def _dbapi(self) -> Any:
        return self._engine.dialect.loaded_dbapi

    def _alone(self, work: Work) -> Any:
        try:
            with self._engine.begin() as db:
                return work(db)
        except Exception as wrong:
            return self._told(wrong)

    def _together(self, orders: Sequence[Order]) -> list[Any]:
        fresh = self._driver is None
        for _ in range(_PASSES):
            if self._driver is None:
                self._driver = Driver(self._engine.dialect, engines.bare(self._engine))
            batch = Batch(self._driver, orders)
            try:
                self._driver.wait_for_others(engines.PATIENCE)
                return batch.carry_out()
            except NotWrittenDown as behind:
                self._undo()
                with self._engine.begin() as db:
                    opened(db, behind.scopes, batch.now)
            except BaseException:
                self._undo()
                if self._driver or fresh or batch.committing:
                    raise
                fresh = True  # the server had cut a connection that lay idle: once more, on a new one
        raise RuntimeError("The accounts change faster than they can be written down.")

    def _undo(self) -> None:
        """End the transaction; a connection that does not answer is given up."""
        driver = self._driver
        if driver is None:
            return
        try:
            if driver.postgresql or driver.connection.in_transaction:
                driver.tell("ROLLBACK")
        except Exception:
            self.close()
