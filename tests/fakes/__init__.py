"""Fake providers: real HTTP servers on a loopback port that answer as the real ones do, without a bill."""
