"""Virtual keys, the users and teams that hold them, and what a proxy knows of a job beside the journal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add three tables."""
    op.create_table(
        "virtual_keys",
        sa.Column("id", sa.Text, primary_key=True, comment="public: it names the key's account, too"),
        sa.Column("digest", sa.Text, nullable=False, unique=True, comment="SHA-256 of the key in hex"),
        sa.Column("hint", sa.Text, nullable=False, comment="the key's last characters"),
        sa.Column("alias", sa.Text, comment="what people call it; no two living keys have the same"),
        sa.Column("team_id", sa.Text),
        sa.Column("user_id", sa.Text),
        sa.Column("models", sa.JSON, nullable=False, comment="names and patterns; empty: all"),
        sa.Column("rpm_limit", sa.Integer, comment="creates a minute; null: any number"),
        sa.Column("max_parallel_jobs", sa.Integer, comment="null: any number"),
        sa.Column("blocked", sa.Boolean, nullable=False),
        sa.Column("labels", sa.JSON, nullable=False, comment="the owner's own metadata"),
        sa.Column("expires_at", sa.Float, comment="null: never"),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("updated_at", sa.Float, nullable=False),
        sa.Column("deleted_at", sa.Float, comment="it opens nothing any more; its jobs and its account stay"),
        comment="Who may ask a proxy for clips. What a key may spend stands among the budgets.",
    )
    op.create_index("keys_by_team", "virtual_keys", ["team_id"])
    op.create_index("keys_by_user", "virtual_keys", ["user_id"])
    op.create_table(
        "key_holders",
        sa.Column("kind", sa.Text, primary_key=True, comment="user or team"),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("alias", sa.Text),
        sa.Column("models", sa.JSON, nullable=False, comment="names and patterns; empty: all"),
        sa.Column("rpm_limit", sa.Integer, comment="creates a minute; null: any number"),
        sa.Column("max_parallel_jobs", sa.Integer, comment="null: any number"),
        sa.Column(
            "shares_clips", sa.Boolean, nullable=False, comment="a team's members see each other's clips"
        ),
        sa.Column("blocked", sa.Boolean, nullable=False),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("updated_at", sa.Float, nullable=False),
        comment="Users and teams: what holds for all of their keys.",
    )
    op.create_table(
        "proxy_jobs",
        sa.Column("job_id", sa.Text, sa.ForeignKey("jobs.id"), primary_key=True),
        sa.Column(
            "hidden_at", sa.Float, comment="its owner deleted it, or it stands in for another: no list has it"
        ),
        sa.Column(
            "replaced_by",
            sa.Text,
            sa.ForeignKey("jobs.id"),
            comment="the job that makes its clip instead",
        ),
        comment="What has become of a proxy's job beside what the journal says; most have no row here.",
    )
