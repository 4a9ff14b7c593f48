"""What has been asked for, what became of it and what it cost; who may spend how much.

``Journal`` is in ``ledger.journal``, which loads SQLAlchemy: it is imported when the first journal is opened,
so that ``from soravid import video_generation`` stays quick.
"""

from soravid.ledger.accounts import Account, Scope
from soravid.ledger.rows import DIGEST, JobRow, Spend

__all__ = ["DIGEST", "Account", "JobRow", "Scope", "Spend"]
