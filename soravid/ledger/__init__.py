"""What has been asked for, what became of it and what it cost."""

from soravid.ledger.database import JournalError
from soravid.ledger.journal import DIGEST, Journal
from soravid.ledger.rows import JobRow, Spend

__all__ = ["DIGEST", "JobRow", "Journal", "JournalError", "Spend"]
