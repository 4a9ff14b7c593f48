"""Jobs and their entries: the tables as they were before there were revisions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "jobs",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("session", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False, comment="provider/model as the user named it"),
        sa.Column("prompt", sa.Text, nullable=False),
        sa.Column("operation", sa.Text, nullable=False),
        sa.Column(
            "parameters", sa.JSON, nullable=False, comment="what was asked for beside model and prompt"
        ),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("idempotency_key", sa.Text, unique=True),
        sa.Column("user", sa.Text),
        sa.Column("labels", sa.JSON, nullable=False, comment="the caller's own metadata"),
        sa.Column("api_base", sa.Text, nullable=False, comment="where later calls go"),
        sa.Column("api_version", sa.Text),
        sa.Column("video_id", sa.Text, comment="the provider's id, once it has answered"),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("progress", sa.Integer),
        sa.Column("seconds", sa.Text, comment="delivered, once the provider says so"),
        sa.Column("size", sa.Text),
        sa.Column("error", sa.JSON),
        sa.Column("held", sa.BigInteger, comment="the estimate held; null: price unknown"),
        sa.Column("cost", sa.BigInteger, comment="what it cost, once it has ended; null: price unknown"),
        sa.Column(
            "delivered", sa.Boolean, nullable=False, comment="whether a caller was given the clip to keep"
        ),
        sa.Column("clip", sa.Text, comment="absolute path of the stored clip"),
        sa.Column("clip_bytes", sa.BigInteger),
        sa.Column("poster", sa.Text, comment="small data: URL, made by us"),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("updated_at", sa.Float, nullable=False),
        sa.Column("ended_at", sa.Float),
    )
    op.create_index("jobs_by_video", "jobs", ["video_id"])
    op.create_index("jobs_by_fingerprint", "jobs", ["fingerprint"])
    op.create_index("jobs_by_time", "jobs", ["created_at"])
    op.create_table(
        "entries",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("job_id", sa.Text, sa.ForeignKey("jobs.id"), nullable=False),
        sa.Column("session", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False, comment="hold, then spend or void, then adjust; saved"),
        sa.Column("amount", sa.BigInteger, comment="null: price unknown"),
        sa.Column("at", sa.Float, nullable=False),
        comment="Append-only: no row is ever changed or removed.",
    )
    op.create_index("entries_by_session", "entries", ["session"])
    op.create_index("entries_by_job", "entries", ["job_id"])
