"""`python -m local.chaos [--uploads N] [--seed S] [--kill FUNCTION …]`"""

import argparse
import random
import sys

from local.chaos.run import FUNCTIONS, Options, run
from local.commands import perform


def _options() -> Options:
    parser = argparse.ArgumentParser(
        "python -m local.chaos",
        description="Uploads while notifications get lost, doubled and delayed, calls are "
        "throttled, inferences fail, uploads are announced twice, services hang, the "
        "endpoint does not answer, messages are poisoned and out of order, and functions and the "
        "endpoint emulator are killed. Every upload must still end in exactly one result.",
    )
    parser.add_argument("--uploads", type=int, default=2_000, metavar="N")
    parser.add_argument("--seed", type=int, help="of an earlier run; without it another each time")
    parser.add_argument(
        "--kill",
        nargs="*",
        choices=FUNCTIONS,
        default=list(FUNCTIONS),
        help="functions whose processes are killed; without route alone a run takes minutes longer,"
        " because what a killed submit had not claimed comes back after 270 s",
    )
    arguments = parser.parse_args()
    seed = random.randrange(10**6) if arguments.seed is None else arguments.seed  # noqa: S311
    return Options(arguments.uploads, seed, arguments.kill)


if __name__ == "__main__":
    options = _options()
    sys.exit(perform(lambda settings: run(settings, options)))
