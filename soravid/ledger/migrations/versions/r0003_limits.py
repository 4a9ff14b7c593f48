"""How many jobs each account has at work, and how many were taken lately: what limits are kept by.

A create writes to two indexes less.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add a column to the accounts, and a table."""
    op.add_column(
        "accounts",
        sa.Column(
            "running", sa.Integer, nullable=False, server_default="0", comment="jobs that have not ended"
        ),
    )
    op.execute(
        "UPDATE accounts SET running = (SELECT count(*) FROM postings JOIN jobs ON jobs.id = postings.job_id "
        "WHERE postings.account_id = accounts.id AND postings.kind = 'hold' "
        "AND jobs.status NOT IN ('completed', 'failed', 'cancelled'))"
    )
    op.create_table(
        "rates",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("takes", sa.JSON, nullable=False, comment="[Unix seconds, how many], oldest first"),
        comment="The creates of the last minute, of scopes that may only have so many.",
    )
    has_id = sa.text("video_id IS NOT NULL")
    op.drop_index("jobs_by_video", "jobs")
    op.create_index("jobs_by_video", "jobs", ["video_id"], sqlite_where=has_id, postgresql_where=has_id)
    op.drop_index("entries_by_job", "entries")
