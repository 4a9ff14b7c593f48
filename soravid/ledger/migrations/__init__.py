"""Revisions of the journal's tables, applied when a journal is opened."""
