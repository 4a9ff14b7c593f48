"""Tags of clips; a session's jobs are found without reading all of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add a table, and an index to the jobs."""
    op.create_table(
        "tags",
        sa.Column("job_id", sa.Text, sa.ForeignKey("jobs.id"), primary_key=True),
        sa.Column("tag", sa.Text, primary_key=True),
        sa.Column("at", sa.Float, nullable=False),
        comment="What people call clips. No money hangs on it, so a row may go again.",
    )
    op.create_index("jobs_by_tag", "tags", ["tag"])
    op.create_index("jobs_by_session", "jobs", ["session"])
