"""How the engine is reached: a light import, a clear word about missing parts, a server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

import soravid.engine

ROOT = str(Path(__file__).parents[2])


def test_importing_the_engine_loads_none_of_its_parts() -> None:
    code = (
        "import sys, soravid.engine; print({'av', 'numpy', 'PIL', 'starlette', 'uvicorn'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": ROOT},
    )
    assert done.stdout.strip() == "set()"


def test_a_missing_part_is_named_with_the_way_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(soravid.engine, "find_spec", lambda name: None if name == "av" else object())
    with pytest.raises(ImportError, match=r'needs av: pip install "soravid\[local\]"'):
        soravid.engine.create_app(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="sends the signal of Ctrl-C")
def test_the_server_says_where_it_is_and_stops_at_ctrl_c(tmp_path: Path) -> None:
    code = f"import soravid.engine as e, pathlib; e.serve(port=0, home=pathlib.Path({str(tmp_path)!r}))"
    with subprocess.Popen(
        [sys.executable, "-c", code], stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": ROOT}
    ) as server:
        assert server.stderr is not None
        line = server.stderr.readline()
        assert line.startswith("soravid engine: http://127.0.0.1:")
        with urllib.request.urlopen(line.split()[2].replace("/v1", "/healthz")) as answer:
            assert answer.status == 200
        server.send_signal(signal.SIGINT)
        assert server.wait(10) == 0
        assert server.stderr.read() == ""
