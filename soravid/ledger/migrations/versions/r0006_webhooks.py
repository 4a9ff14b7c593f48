"""Webhooks that a proxy sends, and who is signed in to its admin page."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add three tables."""
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.Text, primary_key=True, comment="the webhook-id: the same at each try"),
        sa.Column(
            "endpoint", sa.Text, nullable=False, comment="whose address it is; the address stands elsewhere"
        ),
        sa.Column("job_id", sa.Text, sa.ForeignKey("jobs.id"), nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("status", sa.Integer, comment="what the last try was answered with; null: with nothing"),
        sa.Column("next_at", sa.Float, comment="when it is tried again; null: never"),
        sa.Column("delivered", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("updated_at", sa.Float, nullable=False),
        comment="Ends of jobs that somebody is told of, and which of them have arrived.",
    )
    op.create_index("delivery_of_a_job", "webhook_deliveries", ["endpoint", "job_id"], unique=True)
    op.create_index("deliveries_by_job", "webhook_deliveries", ["job_id"])
    op.create_index("deliveries_by_time", "webhook_deliveries", ["next_at"])
    op.create_table(
        "sign_ins",
        sa.Column("digest", sa.Text, primary_key=True, comment="of the token, keyed by the master key"),
        sa.Column("expires_at", sa.Float, nullable=False),
        comment="Who is signed in to a proxy's admin page.",
    )
    op.create_table(
        "marks",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("at", sa.Float, nullable=False),
        comment="How far something that goes through the journal has come, in Unix seconds.",
    )
