"""`python -m local.soak [--uploads N]`"""

import argparse
import sys

from local.commands import perform
from local.soak.run import run


def _uploads() -> int:
    parser = argparse.ArgumentParser(
        "python -m local.soak",
        description="Many uploads through the local stack in one run. Tells how fast the first and "
        "the last of them were, and what the parts used.",
    )
    parser.add_argument("--uploads", type=int, default=10_000, metavar="N")
    uploads: int = parser.parse_args().uploads
    return uploads


if __name__ == "__main__":
    uploads = _uploads()
    sys.exit(perform(lambda settings: run(settings, uploads)))
