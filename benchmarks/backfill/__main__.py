"""`python -m benchmarks.backfill`: feeds a million objects, and prints speed, cost and memory."""

import argparse
import sys
from collections.abc import Mapping

from benchmarks.backfill.feed import Fed, feed
from benchmarks.backfill.stub import running_stub
from benchmarks.cost import PLATFORM_LOG_BYTES
from local.console.table import table
from relayctl.cost.prices import MILLION, US_EAST_1

# The memory of the function, which buys a whole processor.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
_GIGABYTES = 1_769 / 1_024
# How long AWS takes to answer. A listing of a thousand objects takes longest.
_WAIT_SECONDS: Mapping[str, float] = {"ListObjectsV2": 0.120, "SendMessageBatch": 0.025}
_OTHER_WAIT_SECONDS = 0.010
_LOG_BYTES = 700
_OPERATIONS = (
    "ListObjectsV2",
    "SendMessageBatch",
    "GetQueueAttributes",
    "GetItem",
    "PutItem",
    "BatchGetItem",
    "DescribeTable",
    "PutEvents",
)


def main() -> int:
    """Print both tables. Return 1 if a target is missed."""
    parser = argparse.ArgumentParser("python -m benchmarks.backfill", description=__doc__)
    parser.add_argument("--objects", type=int, default=MILLION)
    parser.add_argument("--slow-objects", type=int, default=10_000)
    parser.add_argument("--per-minute", type=int, default=48, help="of the slow endpoint")
    arguments = parser.parse_args()
    with running_stub(arguments.objects) as stub:
        fast = feed(stub, arguments.objects, None)
    with running_stub(arguments.slow_objects) as stub:
        slow = feed(stub, arguments.slow_objects, arguments.per_minute)
    assert fast.objects == arguments.objects
    assert slow.objects == arguments.slow_objects
    print(
        f"{fast.objects:,} objects in {fast.runs} runs: "
        f"{fast.objects_a_second:,.0f} a second here, "
        f"{_on_aws(fast):,.0f} with AWS's waits; {fast.megabytes:.1f} MB more at the end"
    )
    rows = [
        [part, f"{dollars:.3f}", f"{_dollars(slow)[part]:.3f}"]
        for part, dollars in _dollars(fast).items()
    ]
    totals = [sum(_dollars(fed).values()) for fed in (fast, slow)]
    rows.append(["total", *(f"{total:.3f}" for total in totals)])
    name = f"{arguments.per_minute} a minute"
    print(table(["dollars of a million objects", "as fast as it can", name], rows))
    missed = fast.objects_a_second < 1_000 or max(totals) > 0.30 or fast.megabytes > 20
    return 1 if missed else 0


def _seconds(fed: Fed) -> float:
    """Billed time of all runs."""
    waits = sum(
        fed.counts[name] * _WAIT_SECONDS.get(name, _OTHER_WAIT_SECONDS) for name in _OPERATIONS
    )
    return fed.cpu_seconds + waits


def _on_aws(fed: Fed) -> float:
    """Objects that are sent and counted in a second of the function, with AWS's waits."""
    return fed.objects / _seconds(fed)


def _dollars(fed: Fed) -> dict[str, float]:
    """Dollars of a million objects, by part, beyond the requests themselves."""
    rates, scale = US_EAST_1.rates, MILLION / fed.objects
    counts = fed.counts
    found = {
        "S3, lists": rates.s3_puts.of(counts["ListObjectsV2"]),
        "DynamoDB, look-ups": rates.dynamodb_reads.of(counts["look-ups"] / 2),
        "DynamoDB, records": rates.dynamodb_writes.of(counts["write units"])
        + rates.dynamodb_reads.of(counts["read units"]),
        "SQS": rates.sqs_requests.of(counts["SQS requests"] + counts["GetQueueAttributes"]),
        "Lambda": rates.lambda_requests.of(fed.runs)
        + rates.lambda_gigabyte_seconds.of(_seconds(fed) * _GIGABYTES),
        "logs": rates.log_bytes.of(fed.runs * (_LOG_BYTES + PLATFORM_LOG_BYTES)),
    }
    return {part: dollars * scale for part, dollars in found.items()}


if __name__ == "__main__":
    sys.exit(main())
