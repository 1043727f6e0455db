"""`make cost REQUESTS=1000000 INSTANCE=ml.m5.large HOURS=730`: what a month costs."""

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from math import nan
from pathlib import Path
from typing import NoReturn

from benchmarks.calculator.measured import SIZES
from benchmarks.calculator.month import Key, Month
from benchmarks.calculator.report import text
from relayctl.cost.prices import MONTH_HOURS, US_EAST_1, PriceError, read

_KILOBYTE = 1_000
# More than anyone has; without a bound, products of two numbers are too large to print.
_LARGEST = 10**15


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the calculation. Return 1, with the reason, where a price is missing."""
    given = _parser().parse_args(arguments)
    try:
        prices = read(given.prices) if given.prices else US_EAST_1
        if given.instance_price is not None:
            instances = {**prices.instances, given.instance: given.instance_price}
            prices = replace(prices, instances=instances)
        print(text(_month(given), prices))
    except PriceError as error:
        print(f"cost: {error}", file=sys.stderr)
        return 1
    return 0


def _month(given: argparse.Namespace) -> Month:
    return Month(
        requests=given.requests,
        instance_type=given.instance,
        instance_hours=given.hours,
        batch=given.batch,
        input_bytes=given.input_kb * _KILOBYTE,
        output_bytes=given.output_kb * _KILOBYTE,
        days_kept=given.days,
        alarm_topic=bool(given.alarms),
        dashboard=bool(given.dashboard),
        scales=bool(given.scaling),
        existing_bucket=bool(given.existing_bucket),
        key=Key(given.kms),
    )


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Name the variables of make, in which the options are given."""
        named = re.sub(r"--[a-z-]+", lambda it: it[0][2:].upper().replace("-", "_"), message)
        self.exit(2, f"cost: {named}; docs/explanation/cost.md has the variables\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser("make cost", description=__doc__)
    add = parser.add_argument
    add("--requests", type=_whole, required=True, help="REQUESTS: in a month")
    add("--instance", default="ml.m5.large", help="INSTANCE: the instance type")
    add("--hours", type=_number, default=MONTH_HOURS, help="HOURS: of all instances together")
    add("--instance-price", type=_number, help="INSTANCE_PRICE: dollars for an hour of one")
    add("--batch", type=_batch, default=1, help="BATCH: messages in a batch, 1 to 100")
    add("--input-kb", type=_number, default=10, help="INPUT_KB: size of an input")
    add("--output-kb", type=_number, default=1, help="OUTPUT_KB: size of an output")
    add("--days", type=_number, default=30, help="DAYS: for which inputs and outputs are kept")
    for name, default, meaning in (
        ("alarms", 1, "the stack has AlarmTopicArn"),
        ("dashboard", 0, "the stack has CreateDashboard, and it is not free"),
        ("scaling", 0, "the stack has MaxInstanceCount"),
        ("existing-bucket", 0, "uploads arrive through EventBridge"),
    ):
        variable = name.upper().replace("-", "_")
        meaning = f"{variable}=0 or 1: {meaning}"
        add(f"--{name}", type=int, choices=(0, 1), default=default, help=meaning)
    add(
        "--kms",
        choices=[each.value for each in Key],
        default=Key.TOPICS,
        help="KMS: none (CreateTopicKey=false), topics, or everything (KmsKeyArn)",
    )
    add("--prices", type=Path, help="PRICES: a file with the prices of another region or date")
    return parser


def _whole(given: str) -> int:
    return int(_number(given.replace(",", "").replace("_", "")))


def _number(given: str) -> float:
    try:
        number = float(given)
    except ValueError:
        number = nan
    if not 0 <= number <= _LARGEST:
        raise argparse.ArgumentTypeError(f"{given} is not a number from zero to {_LARGEST:,}")
    return number


def _batch(given: str) -> int:
    batch = _whole(given)
    if not SIZES[0] <= batch <= SIZES[-1]:
        raise argparse.ArgumentTypeError(f"{given} is not from {SIZES[0]} to {SIZES[-1]}")
    return batch


if __name__ == "__main__":
    sys.exit(main())
