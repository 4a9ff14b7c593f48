"""Each other's clients: LiteLLM's SDK before our proxy, and ours before LiteLLM's, both as they are.

    python -m benchmarks.peers_proxy     # a minute; LiteLLM is installed once, under build/

Prints what was done at each, and exits with 1 where something was not answered as it should be.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.fresh import ROOT, environment, provider
from benchmarks.litellm_peer import ENV, VERSION, litellm
from benchmarks.proxies import Proxy, litellms, ours

_POLL = {"SORAVID_POLL_SECONDS": "0.1"}
_THEIRS = """
import sys, time
import litellm
litellm.suppress_debug_info = True
base, key = sys.argv[1:]
there = {"api_base": base, "api_key": key, "custom_llm_provider": "openai"}

def finished(video):
    give_up = time.monotonic() + 30
    while video.status in {"queued", "in_progress", "processing"}:
        assert time.monotonic() < give_up, video
        time.sleep(0.2)
        video = litellm.video_status(video.id, **there)
    assert video.status == "completed", video
    return video

made = litellm.video_generation("A red kite", model="openai/plain", seconds="4", size="720x1280", **there)
print("create:", made.status, made.model, made.seconds, made.size)
print("poll:", finished(made).progress)
clip = litellm.video_content(made.id, **there)
assert clip[4:8] == b"ftyp"
print("download:", len(clip), "bytes")
print("thumbnail:", litellm.video_content(made.id, variant="thumbnail", **there)[:4])
again = litellm.video_remix(made.id, "at night", **there)
print("remix:", finished(again).status)
listed = litellm.video_list(**there)
videos = listed["data"] if isinstance(listed, dict) else listed
print("list:", len(videos), "videos, as", type(listed).__name__)
assert len(videos) == 2
if hasattr(litellm, "video_delete"):
    print("delete:", litellm.video_delete(made.id, **there))
else:
    print("delete: this version of the SDK has none")
"""
_OURS = """
import sys
import soravid
base, key = sys.argv[1:]
there = {"api_base": base, "api_key": key}
job = soravid.generate("A red kite", model="openai/plain", seconds=4, size="720x1280", **there)
clip = job.wait(60)
assert clip.path.read_bytes()[4:8] == b"ftyp"
print("create, poll, download:", clip.video.status, clip.path.stat().st_size, "bytes, cost", clip.cost)
print("status:", soravid.video_status(clip.video.id, model="openai/plain", **there).status)
"""


def main() -> int:
    """Run both, and tell."""
    proxys, why_not = litellm("proxy")
    python, why_not = (None, why_not) if proxys is None else litellm()
    if proxys is None or python is None:
        print(why_not)
        return 1
    with provider(polls_to_finish=1) as env:
        models = {"plain": env["OPENAI_BASE_URL"].removesuffix("/v1")}
        with ours(models, _POLL) as proxy:
            good = _told(f"LiteLLM {VERSION}'s SDK before our proxy", python, _THEIRS, proxy)
        title = f"Our client before LiteLLM {VERSION}'s proxy"
        with (
            litellms(proxys, models) as proxy,
            tempfile.TemporaryDirectory() as home,
            environment(_POLL | {"SORAVID_HOME": home}),
        ):
            good &= _told(title, Path(sys.executable), _OURS, proxy)
    return 0 if good else 1


def _told(what: str, python: Path, script: str, proxy: Proxy) -> bool:
    print(what, flush=True)
    command = [str(python), "-W", "ignore", "-c", script, f"{proxy.url}/v1", proxy.key]
    whole = {**os.environ, **ENV}
    done = subprocess.run(command, cwd=ROOT, env=whole, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        print(f"  {line}")
    if done.returncode:
        print(done.stderr[-3000:])
    print("  all is well" if not done.returncode else "  NOT as it should be", flush=True)
    return not done.returncode


if __name__ == "__main__":
    sys.exit(main())
