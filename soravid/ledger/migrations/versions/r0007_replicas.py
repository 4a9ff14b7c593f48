"""Replicas of a proxy, and which of them goes on with a job that another has left."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add a table, and a column with its index."""
    op.create_table(
        "replicas",
        sa.Column("name", sa.Text, primary_key=True, comment="its session"),
        sa.Column(
            "expires_at", sa.Float, nullable=False, comment="when others may take its jobs, unless it renews"
        ),
        comment="The living processes of a proxy: each row is the lease of all jobs of one.",
    )
    op.add_column(
        "proxy_jobs",
        sa.Column("holder", sa.Text, comment="the replica that took it over; null: its session's still"),
    )
    taken = sa.text("holder IS NOT NULL")
    op.create_index(
        "proxy_jobs_by_holder", "proxy_jobs", ["holder"], sqlite_where=taken, postgresql_where=taken
    )
