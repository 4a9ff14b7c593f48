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

HEAD = "0007"
"""The newest revision in ``migrations/``. These tables are what it leaves behind."""

metadata = MetaData()

_HAS_ID = sa.text("video_id IS NOT NULL")
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
    Index("jobs_by_video", "video_id", sqlite_where=_HAS_ID, postgresql_where=_HAS_ID),
    Index("jobs_by_fingerprint", "fingerprint"),
    Index("jobs_by_time", "created_at"),
    Index("jobs_by_deadline", "deadline"),
    Index("jobs_by_session", "session"),
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
    Column("running", Integer, nullable=False, server_default="0", comment="jobs that have not ended"),
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

rates = Table(
    "rates",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("takes", JSON, nullable=False, comment="[Unix seconds, how many], oldest first"),
    comment="The creates of the last minute, of scopes that may only have so many.",
)

virtual_keys = Table(
    "virtual_keys",
    metadata,
    Column("id", Text, primary_key=True, comment="public: it names the key's account, too"),
    Column("digest", Text, nullable=False, unique=True, comment="SHA-256 of the key in hex"),
    Column("hint", Text, nullable=False, comment="the key's last characters"),
    Column("alias", Text, comment="what people call it; no two living keys have the same"),
    Column("team_id", Text),
    Column("user_id", Text),
    Column("models", JSON, nullable=False, comment="names and patterns; empty: all"),
    Column("rpm_limit", Integer, comment="creates a minute; null: any number"),
    Column("max_parallel_jobs", Integer, comment="null: any number"),
    Column("blocked", Boolean, nullable=False),
    Column("labels", JSON, nullable=False, comment="the owner's own metadata"),
    Column("expires_at", Float, comment="null: never"),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Column("deleted_at", Float, comment="it opens nothing any more; its jobs and its account stay"),
    Index("keys_by_team", "team_id"),
    Index("keys_by_user", "user_id"),
    comment="Who may ask a proxy for clips. What a key may spend stands among the budgets.",
)

key_holders = Table(
    "key_holders",
    metadata,
    Column("kind", Text, primary_key=True, comment="user or team"),
    Column("id", Text, primary_key=True),
    Column("alias", Text),
    Column("models", JSON, nullable=False, comment="names and patterns; empty: all"),
    Column("rpm_limit", Integer, comment="creates a minute; null: any number"),
    Column("max_parallel_jobs", Integer, comment="null: any number"),
    Column("shares_clips", Boolean, nullable=False, comment="a team's members see each other's clips"),
    Column("blocked", Boolean, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    comment="Users and teams: what holds for all of their keys.",
)

_TAKEN = sa.text("holder IS NOT NULL")
proxy_jobs = Table(
    "proxy_jobs",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.id"), primary_key=True),
    Column("hidden_at", Float, comment="its owner deleted it, or it stands in for another: no list has it"),
    Column("replaced_by", Text, ForeignKey("jobs.id"), comment="the job that makes its clip instead"),
    Column("holder", Text, comment="the replica that took it over; null: its session's still"),
    Index("proxy_jobs_by_holder", "holder", sqlite_where=_TAKEN, postgresql_where=_TAKEN),
    comment="What has become of a proxy's job beside what the journal says; most have no row here.",
)

replicas = Table(
    "replicas",
    metadata,
    Column("name", Text, primary_key=True, comment="its session"),
    Column("expires_at", Float, nullable=False, comment="when others may take its jobs, unless it renews"),
    comment="The living processes of a proxy: each row is the lease of all jobs of one.",
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", Text, primary_key=True, comment="the webhook-id: the same at each try"),
    Column("endpoint", Text, nullable=False, comment="whose address it is; the address stands elsewhere"),
    Column("job_id", Text, ForeignKey("jobs.id"), nullable=False),
    Column("event", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("status", Integer, comment="what the last try was answered with; null: with nothing"),
    Column("next_at", Float, comment="when it is tried again; null: never"),
    Column("delivered", Boolean, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Index("delivery_of_a_job", "endpoint", "job_id", unique=True),
    Index("deliveries_by_job", "job_id"),
    Index("deliveries_by_time", "next_at"),
    comment="Ends of jobs that somebody is told of, and which of them have arrived.",
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("digest", Text, primary_key=True, comment="of the token, keyed by the master key"),
    Column("expires_at", Float, nullable=False),
    comment="Who is signed in to a proxy's admin page.",
)

marks = Table(
    "marks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", Float, nullable=False),
    comment="How far something that goes through the journal has come, in Unix seconds.",
)

tags = Table(
    "tags",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.id"), primary_key=True),
    Column("tag", Text, primary_key=True),
    Column("at", Float, nullable=False),
    Index("jobs_by_tag", "tag"),
    comment="What people call clips. No money hangs on it, so a row may go again.",
)
