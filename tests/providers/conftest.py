"""Each test has a home and a working folder of its own; a case's provider is served where it is asked for."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.conftest import home, surroundings
from tests.core.helpers import save_picture
from tests.fakes.cdn import CDNFake
from tests.fakes.jobs import JobFake
from tests.fakes.server import serve
from tests.peers import Peers
from tests.providers.cases import KEY, Case, cases

__all__ = ["home", "surroundings"]


@pytest.fixture(params=sorted(cases()))
def case(request: pytest.FixtureRequest) -> Case:
    return cases()[request.param]


@pytest.fixture
def fake(case: Case) -> JobFake:
    made = case.fake()
    made.api_key = KEY
    return made


@pytest.fixture
def cdn(fake: JobFake) -> Iterator[CDNFake]:
    """Another origin, to which the fake's clips are redirected."""
    app = CDNFake()
    with serve(app) as fake.cdn_url:
        yield app


@pytest.fixture
def served(case: Case, fake: JobFake, monkeypatch: pytest.MonkeyPatch) -> Iterator[JobFake]:
    """The fake as the environment's provider."""
    with serve(fake) as url:
        for name, value in case.environment(url).items():
            monkeypatch.setenv(name, value)
        yield fake


@pytest.fixture
def picture() -> Path:
    """A JPEG in the working folder, as large as the clip."""
    return save_picture(Path("picture.jpg"), 1280, 720)


@pytest.fixture
def logs(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


@pytest.fixture(scope="session")
def peers() -> Iterator[Peers]:
    """Clients of other people that are no Python."""
    with Peers() as made:
        yield made
