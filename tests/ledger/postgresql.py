"""A PostgreSQL server of our own from Debian's binaries: a temporary cluster, a socket, no network."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa


def binaries() -> Path:
    """The folder of `initdb` and `postgres`: Debian's package `postgresql`, else what the PATH has."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda each: int(each.parts[-3]))
    found = str(versions[-1]) if versions else shutil.which("initdb")
    assert found, "PostgreSQL is not installed: apt-get install postgresql"
    return Path(found).parent


class Server:
    """A running server, and databases in it."""

    def __init__(self, socket: Path, user: str) -> None:
        self._socket, self._user, self._made = socket, user, 0

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{self._user}@/{database}?host={self._socket}"

    def new(self) -> str:
        """The URL of a new, empty database."""
        self._made += 1
        name = f"journal_{self._made}"
        engine = sa.create_engine(self.url().replace("://", "+psycopg://"), isolation_level="AUTOCOMMIT")
        with engine.connect() as db:
            db.exec_driver_sql(f"CREATE DATABASE {name}")
        engine.dispose()
        return self.url(name)


@contextmanager
def server() -> Iterator[Server]:
    """Start one; it is gone, and its files with it, after the block."""
    account = pwd.getpwuid(os.getuid()) if os.getuid() else pwd.getpwnam("postgres")  # it refuses root
    with tempfile.TemporaryDirectory(prefix="soravid-pg-", dir="/tmp") as folder:  # a socket's path is short
        os.chown(folder, account.pw_uid, account.pw_gid)
        cluster = f"{folder}/cluster"

        def run(program: str, *arguments: str) -> None:
            done = subprocess.run(
                [str(binaries() / program), *arguments],
                cwd=folder,
                user=account.pw_uid,
                group=account.pw_gid,
                extra_groups=[],
                env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout

        run("initdb", "-D", cluster, "-A", "trust", "-E", "UTF8", "--no-sync", "-U", account.pw_name)
        options = f"-k {folder} -c listen_addresses='' -c max_connections=200"
        run("pg_ctl", "-D", cluster, "-l", f"{folder}/log", "-w", "-o", options, "start")
        try:
            yield Server(Path(folder), account.pw_name)
        finally:
            run("pg_ctl", "-D", cluster, "-m", "immediate", "-w", "stop")
