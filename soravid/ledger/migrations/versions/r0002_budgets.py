"""Budgets, their accounts and what moved them; deadlines and overruns of jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add columns to the jobs, and three tables."""
    op.add_column("jobs", sa.Column("deadline", sa.Float, comment="when it is overdue; null: never"))
    op.add_column(
        "jobs",
        sa.Column(
            "over",
            sa.Boolean,
            nullable=False,
            server_default=sa.false(),
            comment="it cost more than was held",
        ),
    )
    op.add_column(
        "jobs",
        sa.Column("accounts", sa.JSON, comment="ids of the accounts that it holds on and spends from"),
    )
    op.create_index("jobs_by_deadline", "jobs", ["deadline"])
    op.create_table(
        "budgets",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("max_budget", sa.BigInteger, comment="null: only counted"),
        sa.Column(
            "every",
            sa.Text,
            nullable=False,
            comment="the window's length, such as 24h; empty: for ever",
        ),
        sa.Column("anchor", sa.BigInteger, nullable=False, comment="when the first window began"),
        sa.Column(
            "default_hold",
            sa.BigInteger,
            comment="held for a job whose price is unknown; null: it is refused",
        ),
        comment="What a scope may spend, and in which windows.",
    )
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("every", sa.Text, nullable=False),
        sa.Column("starts_at", sa.BigInteger, nullable=False),
        sa.Column("resets_at", sa.BigInteger, comment="null: never"),
        sa.Column("max_budget", sa.BigInteger, comment="the budget's, so that one condition sees it all"),
        sa.Column("spent", sa.BigInteger, nullable=False),
        sa.Column("held", sa.BigInteger, nullable=False),
        comment="What a scope has spent and holds in one window. A new window is a new row.",
    )
    op.create_index("account_of_a_window", "accounts", ["kind", "name", "every", "starts_at"], unique=True)
    op.create_table(
        "postings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("account_id", sa.Integer, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("job_id", sa.Text, sa.ForeignKey("jobs.id"), comment="null: a limit was set"),
        sa.Column("kind", sa.Text, nullable=False, comment="limit; hold, then spend or void, then adjust"),
        sa.Column("held", sa.BigInteger, nullable=False, comment="added to what the account holds"),
        sa.Column("spent", sa.BigInteger, nullable=False, comment="added to what the account has spent"),
        sa.Column("max_budget", sa.BigInteger, comment="of a limit: in force from here on; null: none"),
        sa.Column(
            "over",
            sa.Boolean,
            nullable=False,
            comment="takes more than was held, so it may pass the limit",
        ),
        sa.Column("at", sa.Float, nullable=False),
        comment="Append-only: what moved each account, in the order of their ids.",
    )
    op.create_index("postings_by_account", "postings", ["account_id", "id"])
    op.create_index("postings_by_job", "postings", ["job_id"])
