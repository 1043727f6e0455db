"""`python -m local up | down | demo | status`."""

import sys

from local.commands import main

sys.exit(main(sys.argv[1:]))
