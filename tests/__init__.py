"""The tests. Fake providers live in `tests.fakes`."""
