"""Each test has a home of its own, asks a fake often, and leaves nothing running."""

from tests.core.conftest import fake, home, openai, surroundings, url

__all__ = ["fake", "home", "openai", "surroundings", "url"]
