"""``python -m soravid`` is the ``soravid`` command."""

import sys

from soravid.cli import main

if __name__ == "__main__":
    sys.exit(main())
