"""Repeat one run, and print its calls.

    PYTHONPATH=layers/relay .venv/bin/python -m tests.endpoint_faults "create" prompt 17=lost

A second invocation beside the one of number 12: sweep@12:3,2. Without arguments: the scenarios.
"""

import sys

from tests.endpoint_faults.matrix import Run, compared
from tests.endpoint_faults.overlaps import Overlap
from tests.endpoint_faults.scenarios import SCENARIOS
from tests.endpoint_faults.simulation import SURROUNDINGS
from tests.support.aws_fake.faults import Kind


def main(arguments: list[str]) -> int:
    if not arguments:
        print("\n".join(SCENARIOS))
        print(f"surroundings: {', '.join(SURROUNDINGS)}; faults: {', '.join(Kind)}")
        return 0
    scenario, *rest = arguments
    surroundings = next((each for each in rest if each in SURROUNDINGS), "prompt")
    pairs = [each.split("=") for each in rest if "=" in each]
    beside = [Overlap.parse(each) for each in rest if "@" in each]
    plan = {int(number): Kind(kind) for number, kind in pairs}
    ended = compared(Run(scenario, surroundings, plan, beside[0] if beside else None))
    print(ended.log)
    print(ended)
    return 1 if ended.broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
