"""All code in the README and in the documentation runs as it stands: each page from its top to its end.

Where a page names a provider, a fake of it is served and the environment leads there. How a block is run, and
what marks one that cannot be, is told in ``run.py`` and ``blocks.py``.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image
from starlette.types import ASGIApp

from tests.docs.blocks import ROOT, Block, blocks, pages
from tests.fakes.hosted_vllm import HostedVLLMFake
from tests.fakes.moderation import ModerationFake
from tests.fakes.openai import OpenAIFake
from tests.fakes.server import serve
from tests.fakes.sglang import SGLangFake
from tests.providers.cases import KEY, cases
from tests.proxy.operated import MASTER, config, fake, running

LANGUAGES = {"", "bash", "json", "python", "sh", "text", "toml", "yaml"}


@dataclass(frozen=True)
class Needs:
    """What a page takes for granted.

    Attributes:
        files: files of its reader's, by name.
        variables: variables of the environment.
        servers: addresses in its code, and what answers there.
        proxy: whether there is a proxy at ``http://host:4000``, with ``sk-...`` for a key of it.
        says: lines that it must print, in this order.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    servers: Mapping[str, Callable[[], ASGIApp]] = field(default_factory=dict)
    proxy: bool = False
    says: tuple[str, ...] = ()


# What configurations name as os.environ/NAME.
VARIABLES = {
    "DATABASE_URL": "postgresql://soravid@localhost/soravid",
    "MASTER_KEY": MASTER,
    "OPENAI_API_KEY": KEY,
}
SHARED = {"SORAVID_PROXY_URL": "http://host:4000", "SORAVID_API_KEY": "sk-..."}
NEEDS = {
    "README.md": Needs(variables=SHARED, proxy=True),
    "docs/guardrails.md": Needs(
        files={"words.txt": "kill\n", "my_rules.py": "def strict(prompt):\n    return None\n"},
        variables={"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "http://localhost:8000/v1"},
        servers={"http://localhost:8000": ModerationFake},
        says=(
            "The prompt has a word that is not allowed here. "
            "Change the prompt and try again; nothing was sent.",
            "kill*",
        ),
    ),
    "docs/how-to/classroom.md": Needs(
        files={"class.txt": "ada\nlin\n"}, variables=VARIABLES | SHARED, proxy=True
    ),
    "docs/how-to/jupyterhub.md": Needs(variables=SHARED, proxy=True),
    "docs/how-to/many-machines.md": Needs(variables=VARIABLES),
    "docs/how-to/openai.md": Needs(servers={"http://localhost:8000": lambda: OpenAIFake(api_key="sk-...")}),
    "docs/how-to/own-gpus.md": Needs(
        servers={
            "http://localhost:8000": lambda: HostedVLLMFake(api_key=KEY),
            "http://localhost:30000": lambda: SGLangFake(api_key=KEY),
        }
    ),
    "docs/proxy.md": Needs(variables=VARIABLES | SHARED, proxy=True),
    "docs/providers.md": Needs(variables={"ANOTHER_PRICE": "0.03"}),
    "docs/proxy-operation.md": Needs(
        variables=dict.fromkeys(
            ("CLIPS_WEBHOOK_SECRET", "METRICS_KEY", "OPENAI_WEBHOOK_SECRET"), "whsec_Zm9yIHRlc3Rz"
        )
    ),
    "docs/reference/errors.md": Needs(
        says=("local/animatic takes seconds of 1 to 60, not 90.", "seconds"),
    ),
}


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_its_code_runs(page: Path, tmp_path: Path) -> None:
    needs = NEEDS.get(page.relative_to(ROOT).as_posix(), Needs())
    if not any(
        block.language in {"bash", "json", "python", "yaml", "toml"} or magic(block) for block in blocks(page)
    ):
        return
    work = tmp_path / "work"
    work.mkdir()
    for name, text in needs.files.items():
        (work / name).write_text(text)
    Image.new("RGB", (1280, 720), "teal").save(work / "photo.jpg")
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "SORAVID_HOME": str(tmp_path / "home"),
        "SORAVID_POLL_SECONDS": "0.02",
        "SORAVID_WAIT": "1",
    }
    with ExitStack() as stack:
        replaced = {address: stack.enter_context(serve(app())) for address, app in needs.servers.items()}
        if needs.proxy:
            replaced |= stack.enter_context(shared(tmp_path / "proxy"))
        for name, case in cases().items():
            if any(f"{name}/" in block.text for block in blocks(page)):
                provider = case.fake()
                provider.api_key = KEY
                environment |= case.environment(stack.enter_context(serve(provider)))
        for variable, value in needs.variables.items():
            for theirs, ours in replaced.items():
                value = value.replace(theirs, ours)
            environment[variable] = value
        done = subprocess.run(
            [sys.executable, "-m", "tests.docs.run", str(page), json.dumps(replaced)],
            cwd=work,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-1000:]
    said = iter(done.stdout.splitlines())
    assert all(line in said for line in needs.says), done.stdout


@contextmanager
def shared(home: Path) -> Iterator[dict[str, str]]:
    """A proxy, and a key of it: what stands in the pages, and what it is here."""
    with serve(fake()) as upstream:
        settings = config(upstream, sora="openai/sora-2")
        settings["model_list"].append({"model_name": "draft", "litellm_params": {"model": "local/animatic"}})
        with running(home, settings) as proxy:
            yield {"http://host:4000": proxy.url, "sk-...": proxy.key()["key"]}


def test_blocks_are_of_a_kind_that_is_looked_at() -> None:
    """A block of another language would be passed over without a word."""
    strange = {
        f"{page.relative_to(ROOT)}:{block.line} {block.language}"
        for page in pages()
        for block in blocks(page)
        if block.language not in LANGUAGES
    }
    assert not strange


def test_few_blocks_are_left_out_and_each_says_why() -> None:
    every = [block for page in pages() for block in blocks(page)]
    left_out = [block for block in every if block.reason]
    assert len(left_out) <= 6
    assert all(len(block.reason) > 10 for block in left_out)
    fences = sum(len(re.findall(r"(?m)^```", page.read_text())) for page in pages())
    assert fences == 2 * len(every), "a fence is not closed, or a block is not seen"


def magic(block: Block) -> bool:
    return not block.language and block.text.startswith("%")
