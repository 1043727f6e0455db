"""`python -m local.ministack …`: MiniStack, corrected, under hypercorn."""

import sys

import hypercorn.__main__

from local.ministack import corrections, faults

corrections.install()
faults.install()
sys.exit(hypercorn.__main__.main(sys.argv[1:]))
