"""What has been asked for, what became of it and what it cost."""

from soravid.ledger.journal import Journal, JournalError
from soravid.ledger.rows import JobRow, Spend

__all__ = ["JobRow", "Journal", "JournalError", "Spend"]
