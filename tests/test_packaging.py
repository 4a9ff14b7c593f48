"""What is shipped, what Binder builds, what an import costs, and which way the arrows point."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "soravid"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

# --- Binder ---


@pytest.fixture(scope="module")
def image() -> tuple[str, str]:
    """The Dockerfile that repo2docker would build, and what it says on the way. No Docker is needed."""
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout, done.stderr


def test_binder_has_a_python_that_the_project_accepts(image: tuple[str, str]) -> None:
    version = re.search(r"environment for python=([\d.]+)", image[1])
    assert version
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(version[1])


def test_binder_installs_the_pins_before_it_copies_the_project(image: tuple[str, str]) -> None:
    dockerfile = image[0]
    pins = dockerfile.index('pip install --no-cache-dir -r "binder/requirements.txt"')
    assert pins < dockerfile.index("COPY --chown", pins) < dockerfile.index("RUN ./binder/postBuild")


def test_binder_installs_the_project_itself_without_a_second_look_at_its_dependencies() -> None:
    script = ROOT / "binder" / "postBuild"
    assert os.access(script, os.X_OK)
    assert "pip install --no-cache-dir --no-deps .\n" in script.read_text()


def test_binder_pins_what_the_extra_all_asks_for_and_nothing_else() -> None:
    lines = (ROOT / "binder" / "requirements.txt").read_text().splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    pinned = {canonicalize_name(pin.name): pin for pin in pins}
    wanted = list(requirements("all"))
    assert pinned.keys() == {canonicalize_name(one.name) for one in wanted}
    for one in wanted:
        pin = pinned[canonicalize_name(one.name)]
        version = re.fullmatch(r"==([\w.]+)", str(pin.specifier))
        assert version, f"{pin} is not an exact pin"
        assert one.specifier.contains(Version(version[1])), f"{pin} is outside {one}"
        assert one.extras <= pin.extras


def requirements(extra: str) -> Iterator[Requirement]:
    """Yield the project's own requirements and those of an extra, through the extras that it names."""
    waiting = [
        Requirement(text) for text in PROJECT["dependencies"] + PROJECT["optional-dependencies"][extra]
    ]
    for one in waiting:
        if canonicalize_name(one.name) == PROJECT["name"]:
            named = sorted(one.extras)
            waiting += [
                Requirement(text) for name in named for text in PROJECT["optional-dependencies"][name]
            ]
        else:
            yield one


# --- the wheel ---


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names of the files in the wheel, built in this process: no network, no second environment."""
    folder = str(tmp_path_factory.mktemp("wheel"))
    path = next(WheelBuilder(str(ROOT)).build(directory=folder, versions=["standard"]))
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def test_the_wheel_holds_every_file_of_the_package_and_no_other(wheel: list[str]) -> None:
    files = {path.relative_to(ROOT).as_posix() for path in PACKAGE.rglob("*") if path.is_file()}
    shipped = {name for name in wheel if ".dist-info/" not in name}
    assert shipped == {name for name in files if "__pycache__" not in name}


@pytest.mark.parametrize(
    "pattern",
    [
        r"soravid/py\.typed",
        r"soravid/.+\.js",
        r"soravid/.+\.css",
        r"soravid/catalog/models\.toml",
        r"soravid/.+\.(ttf|otf)",
        r"soravid-.+\.dist-info/entry_points\.txt",
        r"soravid-.+\.dist-info/licenses/LICENSE",
    ],
)
def test_the_wheel_holds_what_is_not_python(wheel: list[str], pattern: str) -> None:
    assert any(re.fullmatch(pattern, name) for name in wheel)


# --- what an import costs ---

NOTEBOOK = {"IPython", "ipywidgets", "anywidget"}
HEAVY = {
    "httpx2",
    "sqlalchemy",
    "alembic",
    "psycopg",
    "av",
    "numpy",
    "PIL",
    "starlette",
    "fastapi",
    "uvicorn",
}


def test_importing_soravid_imports_no_optional_part() -> None:
    code = "import json, sys, soravid; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(json.loads(done.stdout)).isdisjoint(NOTEBOOK | HEAVY)


# --- the rooms ---

# A room is a module or package directly under soravid/. It imports rooms of its own layer and of those below.
LAYERS = (
    {"deployments", "errors", "money", "refusals", "shapes", "statuses", "types"},
    {
        "abilities",
        "asgi",
        "cells",
        "faces",
        "google_login",
        "limits",
        "listeners",
        "loop",
        "nested",
        "settings",
        "views",
        "webhooks",
    },
    {
        "aiohttp_transport",
        "boards",
        "card_board",
        "card_parts",
        "card_text",
        "cards",
        "catalog",
        "download",
        "providers",
        "stopping",
        "tables",
        "transport",
    },
    {
        "checks",
        "costs",
        "engine",
        "fitting",
        "guardrails",
        "ledger",
        "media",
        "observe",
        "references",
        "routing",
    },
    {
        "accounts",
        "callbacks",
        "choosing",
        "client",
        "clips",
        "config",
        "connecting",
        "destination",
        "drafting",
        "editing",
        "from_row",
        "guarding",
        "job",
        "key_budget",
        "limiting",
        "listings",
        "living",
        "lookup",
        "pipeline",
        "shelf",
        "planning",
        "plans",
        "sending",
        "session",
        "watcher",
    },
    {"batches", "cli", "functions", "notebook", "proxy", "router", "terminal"},
    {"__init__", "__main__"},
)
# These import no more than this, whatever their layer allows.
NARROW = {
    "errors": {"types"},
    "money": {"errors"},
    "types": {"errors", "money", "refusals", "statuses"},
    "refusals": set(),
    "statuses": set(),
    "deployments": set(),
    "providers": {"types", "errors", "deployments", "money", "refusals", "shapes"},
    "shapes": {"errors", "types"},
    "engine": {"types", "errors"},
}
# The front door is open to nobody inside, but for this one name.
EVERYBODY = {"__version__"}


LAYER = {room: number for number, rooms in enumerate(LAYERS) for room in rooms}


def test_every_room_has_a_layer() -> None:
    assert {room_of(path) for path in modules()} <= LAYER.keys()


def test_arrows_only_go_down() -> None:
    wrong = set()
    for path in modules():
        room = room_of(path)
        below = {other for other in LAYER if LAYER[other] <= LAYER.get(room, len(LAYERS))}
        for target, line, _ in imports(path):
            if target in LAYER and target not in NARROW.get(room, below) | {room}:
                wrong.add(f"{path.relative_to(ROOT)}:{line} imports {target}")
    assert not wrong, "\n".join(sorted(wrong))


def test_the_notebook_is_imported_by_nobody_but_the_extension_loader() -> None:
    inside = {"load_ipython_extension", "unload_ipython_extension"}
    wrong = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in modules()
        for target, line, function in imports(path)
        if target == "notebook"
        and room_of(path) != "notebook"
        and not (room_of(path) == "__init__" and (function in inside or line in for_types(path)))
    ]
    assert not wrong, "\n".join(wrong)


def for_types(path: Path) -> set[int]:
    """The lines that only a type checker reads: the front door names what it opens later."""
    blocks = [
        node
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    return {line for block in blocks for line in range(block.lineno, (block.end_lineno or 0) + 1)}


def modules() -> list[Path]:
    """Return every module of the package."""
    return sorted(path for path in PACKAGE.rglob("*.py") if "__pycache__" not in path.parts)


def room_of(path: Path) -> str:
    """Return the room that a module is in."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[str, int, str]]:
    """Yield each room that a module imports, the line, and the function around it, if any."""
    package = ("soravid", *path.relative_to(PACKAGE).parent.parts)
    for top in ast.parse(path.read_text(), str(path)).body:
        function = top.name if isinstance(top, ast.FunctionDef | ast.AsyncFunctionDef) else ""
        for node in ast.walk(top):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = (
                    [*package[: len(package) - node.level + 1], node.module] if node.level else [node.module]
                )
                start = ".".join(part for part in base if part)
                names = [f"{start}.{alias.name}" for alias in node.names]
            else:
                continue
            for name in names:
                parts = name.split(".")
                if parts[0] == "soravid" and not EVERYBODY.intersection(parts[1:2]):
                    yield _room_named(parts[1] if len(parts) > 1 else ""), node.lineno, function


def _room_named(name: str) -> str:
    """Return a room by the name it is imported by; what is no module of its own comes from the front door."""
    known = (PACKAGE / f"{name}.py").exists() or (name and (PACKAGE / name).is_dir())
    return name if known else "__init__"
