"""Invocations of a handler: what Lambda hands over beside the event, and what comes out."""

import json

import pytest
from relay.delivery.report import Count

from tests.support.samples import Json


class LambdaContext:
    """The context that Lambda passes with an invocation."""

    def __init__(self, remaining_seconds: int = 45) -> None:
        self.function_name = "relay-function"
        self.memory_limit_in_mb = 512
        self.invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:relay-function"
        self.aws_request_id = "5f0e6c9e-0000-4000-8000-000000000001"
        self._remaining_seconds = remaining_seconds

    def get_remaining_time_in_millis(self) -> int:
        return self._remaining_seconds * 1000


class Counts:
    """Reads the metrics that a function printed, but for ages, which the clock decides."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for line in self._capsys.readouterr().out.splitlines():
            printed: Json = json.loads(line)
            for described in printed.get("_aws", {}).get("CloudWatchMetrics", []):
                for metric in described["Metrics"]:
                    if metric["Name"] != Count.OLDEST_RETURNED:
                        counts[metric["Name"]] = sum(printed[metric["Name"]])
        return counts
