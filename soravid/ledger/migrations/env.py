"""How alembic runs the revisions: on the connection, and in the transaction, of whoever opens the journal."""

from __future__ import annotations

from alembic import context

from soravid.ledger.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
