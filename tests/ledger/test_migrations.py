"""A journal of any age becomes today's, once, with what was in it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import soravid.ledger
from soravid.errors import InvalidRequest, JournalError
from soravid.ledger.journal import Journal
from soravid.ledger.schema import HEAD, metadata
from tests.core.helpers import environment, python
from tests.ledger.conftest import Open
from tests.ledger.helpers import KEY, end, hold, stands

MIGRATIONS = str(Path(soravid.ledger.__file__).with_name("migrations"))
OLD_JOB = {
    "id": "job_old",
    "session": "then",
    "model": "openai/sora-2",
    "prompt": "a kite",
    "operation": "create",
    "parameters": "{}",
    "fingerprint": "f",
    "labels": "{}",
    "delivered": False,
    "api_base": "http://127.0.0.1/v1",
    "status": "queued",
    "held": 400,
    "created_at": 1.0,
    "updated_at": 1.0,
}


@pytest.fixture
def engine(home: Path, url: str | None) -> Iterator[sa.Engine]:
    """The database itself, past soravid."""
    home.mkdir()
    engine = sa.create_engine(
        url.replace("://", "+psycopg://") if url else f"sqlite:///{home / 'journal.db'}"
    )
    yield engine
    engine.dispose()


def to_first(engine: sa.Engine, *, stamped: bool) -> None:
    """The tables of the first revision, with a job that runs."""
    with engine.begin() as db:
        config = Config(attributes={"connection": db})
        config.set_main_option("script_location", MIGRATIONS)
        command.upgrade(config, "0001")
        columns = ", ".join(f":{name}" for name in OLD_JOB)
        db.execute(sa.text(f"INSERT INTO jobs ({', '.join(OLD_JOB)}) VALUES ({columns})"), OLD_JOB)
        db.execute(
            sa.text(
                "INSERT INTO entries (job_id, session, kind, amount, at) "
                "VALUES ('job_old', 'then', 'hold', 400, 1)"
            )
        )
        if not stamped:
            db.execute(sa.text("DROP TABLE alembic_version"))


def differences(engine: sa.Engine) -> list[Any]:
    """What alembic would still change."""
    with engine.connect() as db:
        return list(compare_metadata(MigrationContext.configure(db), metadata))


def version(engine: sa.Engine) -> str | None:
    with engine.connect() as db:
        found: str | None = db.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found


def test_the_head_is_the_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", MIGRATIONS)
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


@pytest.mark.parametrize("stamped", [True, False])
def test_an_old_journal_goes_on_with_what_is_in_it(engine: sa.Engine, opened: Open, stamped: bool) -> None:
    to_first(engine, stamped=stamped)
    journal = opened()
    assert (version(engine), differences(engine)) == (HEAD, [])
    old = journal.get("job_old")
    assert (old.held, old.over, old.deadline, old.accounts) == (400, False, None, None)
    assert journal.voided("job_old").status == "failed"
    end(journal, hold(journal, 400, KEY), 300)
    assert stands(journal, KEY) == [(300, 0)]
    assert opened().spend().jobs == 2


def test_a_new_journal_is_as_a_migrated_one(engine: sa.Engine, journal: Journal) -> None:
    assert (version(engine), differences(engine)) == (HEAD, [])


def test_a_journal_of_a_newer_soravid_is_left_alone(engine: sa.Engine, opened: Open, home: Path) -> None:
    to_first(engine, stamped=True)
    with engine.begin() as db:
        db.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(JournalError, match="newer soravid"):
        opened()
    assert version(engine) == "9999"


def test_several_processes_may_open_an_old_journal_at_once(
    engine: sa.Engine, opened: Open, home: Path, url: str | None
) -> None:
    to_first(engine, stamped=False)
    said = python(
        """if True:
        import os, sys
        from pathlib import Path
        from soravid.ledger.journal import Journal
        gun, go = os.pipe()
        for _ in range(8):
            if not os.fork():
                os.close(go)
                os.read(gun, 1)
                journal = Journal(Path(sys.argv[1]), url=sys.argv[2] or None)
                os.write(1, b"%d\\n" % journal.spend().jobs)
                journal.close()
                os._exit(0)
        os.close(go)
        print(sum(os.wait()[1] for _ in range(8)))
        """,
        str(home),
        url or "",
        timeout=60,
    )
    assert said == "1\n" * 8 + "0\n"
    assert (version(engine), differences(engine)) == (HEAD, [])
    assert opened().get("job_old").held == 400


def test_a_process_that_is_killed_while_it_migrates_does_no_harm(
    engine: sa.Engine, opened: Open, home: Path, url: str | None
) -> None:
    to_first(engine, stamped=True)
    code = """if True:
        import os, sys
        from pathlib import Path
        from alembic import op
        from soravid.ledger.journal import Journal
        create_index = op.create_index
        def die(name, *rest, **more):
            create_index(name, *rest, **more)
            if name == "account_of_a_window":
                os.kill(os.getpid(), 9)
        op.create_index = die
        Journal(Path(sys.argv[1]), url=sys.argv[2] or None)
        """
    died = subprocess.run(
        [sys.executable, "-c", code, str(home), url or ""], env=environment(), check=False, timeout=60
    )
    assert (died.returncode, version(engine)) == (-9, "0001")
    assert opened().get("job_old").held == 400
    assert (version(engine), differences(engine)) == (HEAD, [])


def test_alembic_is_loaded_only_to_change_tables(home: Path, url: str | None) -> None:
    said = python(
        """if True:
        import sys
        from pathlib import Path
        from soravid.ledger.journal import Journal
        for _ in range(2):
            Journal(Path(sys.argv[1]), url=sys.argv[2] or None).close()
            print("alembic" in sys.modules)
        """,
        str(home),
        url or "",
    )
    assert said == "False\nFalse\n"


@pytest.mark.parametrize(
    "url", ["mysql://u:geheim@h/d", "postgresql+asyncpg://u:geheim@h/d", "no url: geheim"]
)
def test_another_database_is_refused_without_its_password(home: Path, url: str) -> None:
    with pytest.raises(InvalidRequest, match="postgresql://host/database") as caught:
        Journal(home, url=url)
    assert "geheim" not in repr(caught.value) + str(caught.value)


def test_a_server_that_is_not_there_is_told_without_its_password(home: Path) -> None:
    with pytest.raises(JournalError, match=r"postgresql://127.0.0.1:1/journal.*nothing was sent") as caught:
        Journal(home, url="postgresql://ann:geheim@127.0.0.1:1/journal?application_name=geheim")
    assert "geheim" not in repr(caught.value) + str(caught.value)
    assert not (home / "journal.db").exists()


def test_a_sqlite_file_may_lie_elsewhere(home: Path, tmp_path: Path) -> None:
    journal = Journal(home, url=f"sqlite:///{tmp_path / 'other' / 'money.db'}")
    hold(journal, 400, KEY)
    journal.close()
    assert (tmp_path / "other" / "money.db").exists()
    assert not (home / "journal.db").exists()
