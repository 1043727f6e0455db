"""What the functions counted, read from their logs: CloudWatch's embedded metric format."""

import json
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path


def count_metrics(directory: Path, functions: Collection[str]) -> Counter[str]:
    """The sums over the logs of these functions in that directory (see `local.functions.logs`)."""
    counts: Counter[str] = Counter()
    for function in functions:
        with (directory / f"{function}.log").open(errors="replace") as lines:
            counts += sum_metrics(lines)
    return counts


def sum_metrics(lines: Iterable[str]) -> Counter[str]:
    """The sums of every metric; lines that hold none are passed over."""
    sums: Counter[str] = Counter()
    for line in lines:
        if '"CloudWatchMetrics"' not in line:
            continue
        try:
            document = json.loads(line)
        except ValueError:
            continue  # cut off: its process was killed while it wrote
        for directive in document["_aws"]["CloudWatchMetrics"]:
            for metric in directive["Metrics"]:
                value = document[metric["Name"]]
                sums[metric["Name"]] += int(sum(value) if isinstance(value, list) else value)
    return sums
