"""``python -m soravid`` is the ``soravid`` command."""

import sys

from soravid.cli import main

sys.exit(main())
