"""`python -m local.ministack …`: MiniStack, corrected, under hypercorn.

Root's access key is AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY.
"""

import sys

import hypercorn.__main__

from local.ministack import corrections, faults, front, signatures

corrections.install()
signatures.install()
faults.install()
front.install()
sys.exit(hypercorn.__main__.main(sys.argv[1:]))
