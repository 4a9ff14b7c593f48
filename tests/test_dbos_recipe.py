"""The recipe for thousands of clips: killed in the middle and started again, it repeats nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from soravid.ledger.journal import Journal
from tests.fakes.openai import OpenAIFake
from tests.fakes.server import serve
from tests.ledger.postgresql import server
from tests.proxy.operated import COST, MODEL, ROOT, Proxy, config, running, until

RECIPE = ROOT / "examples" / "dbos_batch.py"
COUNT = 200


def worker(proxy: Proxy, key: str, database: str, folder: Path) -> subprocess.Popen[str]:
    """Start the recipe, as its reader does."""
    return subprocess.Popen(
        [sys.executable, str(RECIPE), "prompts.txt", MODEL, "clips"],
        cwd=folder,
        env=os.environ | {"SORAVID_PROXY_URL": proxy.url, "SORAVID_API_KEY": key, "DATABASE_URL": database},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_batch_whose_worker_was_killed_is_finished_by_the_next_one(tmp_path: Path) -> None:
    prompts = [f"Kite {number}" for number in range(COUNT)] + ["Kite [refuse]"]
    (tmp_path / "prompts.txt").write_text("\n".join(prompts))
    fake = OpenAIFake(polls_to_finish=2)
    with server() as postgresql, serve(fake) as upstream:
        database = postgresql.new()
        settings = config(upstream)
        settings["general_settings"]["database_url"] = database
        with running(tmp_path / "home", settings) as proxy:
            key = proxy.key(max_budget=len(prompts) * COST)["key"]
            with worker(proxy, key, database, tmp_path) as first:
                until(lambda: fake.creates, lambda made: made >= COUNT // 4, patience=60)
                first.kill()
            assert fake.creates < COUNT
            with worker(proxy, key, database, tmp_path) as second:
                done, refused = second.communicate(timeout=100)[0].splitlines()
            assert done == f"{COUNT} of {COUNT + 1}: completed"
            assert refused.startswith(f"1 of {COUNT + 1}: ")
            assert "moderation" in refused  # the provider's own words
        journal = Journal(tmp_path / "verify", url=database)
        assert journal.verify() == []
        assert journal.spend().settled == COUNT * 400_000_000
        journal.close()
    clips = list((tmp_path / "clips").iterdir())
    assert len(clips) == fake.creates == COUNT
    assert all(clip.read_bytes()[4:8] == b"ftyp" for clip in clips)
    assert {video.downloads for video in fake.videos.values()} == {1}
