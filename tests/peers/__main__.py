"""``python -m tests.peers``: install the peers now, so that the tests need no network."""

from tests.peers import installed

installed()
