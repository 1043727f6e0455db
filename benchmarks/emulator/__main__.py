"""`python -m benchmarks.emulator`: measure the emulator with an empty model, and print a table.

The emulator runs as a user starts it. S3, SNS and the model server answer at once, so that the time
is the emulator's. A bare aiohttp application behind the same client is what HTTP alone costs.
Linux only: the figures of a process are those of /proc.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.emulator.report import table
from benchmarks.emulator.run import measure

MODES = ("simulate", "none")


def main() -> int:
    parser = argparse.ArgumentParser("python -m benchmarks.emulator", description=__doc__)
    parser.add_argument("--invocations", type=int, default=20_000)
    parser.add_argument("--rate", type=float, default=200.0, help="invocations a second")
    parser.add_argument("--authorise", action="append", choices=MODES, help="leave out the other")
    parser.add_argument("--profile", type=Path, help="write cProfile's statistics of the emulator")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        for authorise in arguments.authorise or MODES:
            measured = measure(
                Path(directory),
                arguments.invocations,
                arguments.rate,
                authorise,
                arguments.profile,
            )
            print(table(measured, authorise), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
