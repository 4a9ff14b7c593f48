"""Tables of the journal. Money is integer nano-USD, times are Unix seconds; no column holds a credential."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)

HEAD = "0002"
"""The newest revision in ``migrations/``. These tables are what it leaves behind."""

metadata = MetaData()

jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("session", Text, nullable=False),
    Column("model", Text, nullable=False, comment="provider/model as the user named it"),
    Column("prompt", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("parameters", JSON, nullable=False, comment="what was asked for beside model and prompt"),
    Column("fingerprint", Text, nullable=False),
    Column("idempotency_key", Text, unique=True),
    Column("user", Text),
    Column("labels", JSON, nullable=False, comment="the caller's own metadata"),
    Column("api_base", Text, nullable=False, comment="where later calls go"),
    Column("api_version", Text),
    Column("video_id", Text, comment="the provider's id, once it has answered"),
    Column("status", Text, nullable=False),
    Column("progress", Integer),
    Column("seconds", Text, comment="delivered, once the provider says so"),
    Column("size", Text),
    Column("error", JSON),
    Column("held", BigInteger, comment="the estimate held; null: price unknown"),
    Column("cost", BigInteger, comment="what it cost, once it has ended; null: price unknown"),
    Column("delivered", Boolean, nullable=False, comment="whether a caller was given the clip to keep"),
    Column("clip", Text, comment="absolute path of the stored clip"),
    Column("clip_bytes", BigInteger),
    Column("poster", Text, comment="small data: URL, made by us"),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Column("ended_at", Float),
    Column("deadline", Float, comment="when it is overdue; null: never"),
    Column("over", Boolean, nullable=False, server_default=sa.false(), comment="it cost more than was held"),
    Column("accounts", JSON, comment="ids of the accounts that it holds on and spends from"),
    Index("jobs_by_video", "video_id"),
    Index("jobs_by_fingerprint", "fingerprint"),
    Index("jobs_by_time", "created_at"),
    Index("jobs_by_deadline", "deadline"),
)

entries = Table(
    "entries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("job_id", Text, ForeignKey("jobs.id"), nullable=False),
    Column("session", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="hold, then spend or void, then adjust; saved"),
    Column("amount", BigInteger, comment="null: price unknown"),
    Column("at", Float, nullable=False),
    Index("entries_by_session", "session"),
    Index("entries_by_job", "job_id"),
    comment="Append-only: no row is ever changed or removed.",
)

budgets = Table(
    "budgets",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("max_budget", BigInteger, comment="null: only counted"),
    Column("every", Text, nullable=False, comment="the window's length, such as 24h; empty: for ever"),
    Column("anchor", BigInteger, nullable=False, comment="when the first window began"),
    Column("default_hold", BigInteger, comment="held for a job whose price is unknown; null: it is refused"),
    comment="What a scope may spend, and in which windows.",
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("every", Text, nullable=False),
    Column("starts_at", BigInteger, nullable=False),
    Column("resets_at", BigInteger, comment="null: never"),
    Column("max_budget", BigInteger, comment="the budget's, so that one condition sees it all"),
    Column("spent", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    Index("account_of_a_window", "kind", "name", "every", "starts_at", unique=True),
    comment="What a scope has spent and holds in one window. A new window is a new row.",
)

postings = Table(
    "postings",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("account_id", Integer, ForeignKey("accounts.id"), nullable=False),
    Column("job_id", Text, ForeignKey("jobs.id"), comment="null: a limit was set"),
    Column("kind", Text, nullable=False, comment="limit; hold, then spend or void, then adjust"),
    Column("held", BigInteger, nullable=False, comment="added to what the account holds"),
    Column("spent", BigInteger, nullable=False, comment="added to what the account has spent"),
    Column("max_budget", BigInteger, comment="of a limit: in force from here on; null: none"),
    Column("over", Boolean, nullable=False, comment="takes more than was held, so it may pass the limit"),
    Column("at", Float, nullable=False),
    Index("postings_by_account", "account_id", "id"),
    Index("postings_by_job", "job_id"),
    comment="Append-only: what moved each account, in the order of their ids.",
)
