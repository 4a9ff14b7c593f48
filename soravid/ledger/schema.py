"""Tables of the journal. Money is integer nano-USD, times are Unix seconds; no column holds a credential."""

from __future__ import annotations

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
    Index("jobs_by_video", "video_id"),
    Index("jobs_by_fingerprint", "fingerprint"),
    Index("jobs_by_time", "created_at"),
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
