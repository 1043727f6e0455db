"""Delivers SageMaker's events to the rules of the default bus.

Only AWS may put events whose source begins with `aws.`, so the emulator does what EventBridge
would: list the rules, test their patterns, invoke their Lambda targets.
"""

import json
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from async_endpoint_emulator.aws import AWS_ERRORS, Aws
from async_endpoint_emulator.counters import Counters
from async_endpoint_emulator.faults import FaultInjector

log = logging.getLogger("sagemaker")

STATE_CHANGE = "SageMaker Endpoint State Change"
DEPLOYMENT_CHANGE = "SageMaker Endpoint Deployment State Change"


Announce = Callable[[str, Mapping[str, Any]], Coroutine[Any, Any, None]]
"""Given a detail-type and a detail; for the details see `endpoints.Endpoint`."""


def event(account: str, region: str, kind: str, detail: Mapping[str, Any]) -> dict[str, Any]:
    """The event around a detail."""
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": kind,
        "source": "aws.sagemaker",
        "account": account,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [detail["EndpointArn"]],
        "detail": detail,
    }


@dataclass(frozen=True)
class EventBus:
    """Best effort, as the real one: a failure is logged and the endpoint goes on."""

    aws: Aws
    counters: Counters
    copies: int
    faults: FaultInjector

    async def announce(self, kind: str, detail: Mapping[str, Any]) -> None:
        """Delivers as many events for one change as the configuration and the faults say."""
        account = await self.aws.account()
        copies = sum(self._deliveries() for _ in range(self.copies))
        events = [event(account, self.aws.region, kind, detail) for _ in range(copies)]
        if not events:
            return
        try:
            self.counters.events_delivered += await self.aws.call(self._deliver, events)
        except AWS_ERRORS as exc:
            log.error("event %s not delivered: %s", detail["EndpointStatus"], exc)

    def _deliveries(self) -> int:
        faults = self.faults.faults
        if self.faults.strikes(faults.lose_event):
            self.counters.events_lost += 1
            return 0
        return 2 if self.faults.strikes(faults.duplicate_event) else 1

    def _deliver(self, events: Sequence[Mapping[str, Any]]) -> int:
        """Delivers the copies of one event; they match the same rules."""
        client = self.aws.events
        texts = [json.dumps(each) for each in events]
        delivered = 0
        for page in client.get_paginator("list_rules").paginate():
            for rule in page["Rules"]:
                pattern = rule.get("EventPattern")
                if rule.get("State") != "ENABLED" or not pattern:
                    continue
                matches = client.test_event_pattern(EventPattern=pattern, Event=texts[0])
                if not matches.get("Result"):
                    continue
                targets = client.list_targets_by_rule(Rule=rule["Name"])["Targets"]
                delivered += sum(self._invoke(each, text) for text in texts for each in targets)
        return delivered

    def _invoke(self, target: Mapping[str, Any], text: str) -> bool:
        arn = target["Arn"]
        if ":lambda:" not in arn or "InputPath" in target or "InputTransformer" in target:
            log.warning("event target %s is not a Lambda function with the whole event", arn)
            return False
        self.aws.functions.invoke(
            FunctionName=arn,
            InvocationType="Event",
            Payload=str(target.get("Input", text)).encode(),
        )
        return True
