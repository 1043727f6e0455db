"""`python -m local.ministack …`: MiniStack, corrected, under hypercorn."""

import sys

import hypercorn.__main__

from local.ministack import corrections

corrections.install()
sys.exit(hypercorn.__main__.main(sys.argv[1:]))
