"""The public names have the types that they are documented with, for people's editors and checkers."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import soravid
from tests.core.helpers import ROOT


def test_a_type_checker_agrees_with_the_documentation() -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "tests/core/typing_api.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", [name for name in soravid.__all__ if "video_" in name])
def test_every_function_names_all_its_arguments_and_itself(name: str) -> None:
    function = getattr(soravid, name)
    signature = inspect.signature(function)
    assert inspect.Parameter.VAR_KEYWORD not in {each.kind for each in signature.parameters.values()}
    assert "api_key" in signature.parameters
    assert inspect.getdoc(function)
    assert function.__name__.replace("retrieval", "content") == name.replace("retrieval", "content")
    assert inspect.iscoroutinefunction(function) == name.startswith("a")


def test_every_public_name_can_be_had() -> None:
    for name in soravid.__all__:
        assert getattr(soravid, name) is not None
    assert set(soravid.__all__) <= set(dir(soravid))


def test_a_name_that_there_is_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'vidoe_generation'"):
        soravid.vidoe_generation  # noqa: B018
