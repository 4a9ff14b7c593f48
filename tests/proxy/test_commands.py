"""``soravid keys`` on a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from soravid.cli import main
from tests.core import conftest as of_core
from tests.core.helpers import query

home, surroundings = of_core.home, of_core.surroundings
Capture = pytest.CaptureFixture[str]


def run(capsys: Capture, *arguments: str, code: int = 0) -> tuple[str, str]:
    assert main(["keys", *arguments]) == code
    told = capsys.readouterr()
    return told.out, told.err


def test_a_key_is_made_shown_once_listed_changed_turned_and_deleted(capsys: Capture, home: Path) -> None:
    out, err = run(capsys, "create", "lab-7", "--budget", "5", "--every", "30d", "--models", "kite, gemini/*")
    assert out.startswith("sk-")
    assert out.count("\n") == 1  # nothing but the key: it can be piped
    assert "lab-7" in err
    assert "$0.00 of $5.00 every 30d" in err
    assert "shown this once" in err

    listed, _ = run(capsys, "list")
    assert out.strip() not in listed
    assert "lab-7" in listed
    assert "kite, gemini/*" in listed

    changed, _ = run(capsys, "update", "lab-7", "--budget", "none", "--rpm", "10", "--blocked", "yes")
    assert "$0.00 spent · blocked" in changed
    shown, _ = run(capsys, "show", "lab-7")
    assert "rpm_limit              10\n" in shown

    turned, _ = run(capsys, "rotate", "lab-7")
    assert turned.startswith("sk-")
    assert turned != out

    gone, _ = run(capsys, "delete", "lab-7")
    assert gone.startswith("lab-7 opens nothing any more")
    assert run(capsys, "list")[0].startswith("There are no keys.")
    (row,) = query(home, "SELECT * FROM virtual_keys")
    assert row["deleted_at"] is not None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["create", "--budget", "much"], "max_budget must be an amount in USD"),
        (["create", "--rpm", "many"], "rpm_limit must be a whole number"),
        (["create", "--team", "nobody"], "There is no team 'nobody'"),
        (["show", "nobody"], "There is no such key"),
        (["update", "nobody"], "Say what to change"),
        (["list", "--config", "not-there.yaml"], "not-there.yaml cannot be read"),
    ],
)
def test_a_mistake_is_one_line(capsys: Capture, arguments: list[str], words: str) -> None:
    out, err = run(capsys, *arguments, code=2)
    assert out == ""
    assert words in err
    assert err.count("\n") == 1


def test_keys_are_in_the_database_that_the_configuration_names(capsys: Capture, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(f"general_settings:\n  database_url: sqlite:///{tmp_path / 'elsewhere.db'}\n")
    run(capsys, "create", "there", "--config", str(file))
    assert (tmp_path / "elsewhere.db").exists()
