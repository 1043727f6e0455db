"""Delivers "SageMaker Endpoint State Change" to the rules of the default bus.

Nobody but AWS may put events whose source begins with `aws.`, so the emulator does what EventBridge
would: list the rules, test their patterns, invoke their Lambda targets.
"""

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from local.sagemaker.aws import AWS_ERRORS, Aws
from local.sagemaker.counters import Counters

log = logging.getLogger("sagemaker")


def state_change(account: str, region: str, detail: Mapping[str, Any]) -> dict[str, Any]:
    """The event around a detail (see `endpoints.Endpoint.event_detail`)."""
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "SageMaker Endpoint State Change",
        "source": "aws.sagemaker",
        "account": account,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [detail["EndpointArn"]],
        "detail": detail,
    }


class EventBus:
    """Best effort, as the real one: a failure is logged and the endpoint goes on."""

    def __init__(self, aws: Aws, counters: Counters, copies: int) -> None:
        self._aws = aws
        self._counters = counters
        self._copies = copies

    async def announce(self, detail: Mapping[str, Any]) -> None:
        """Delivers as many events for one change as the configuration says."""
        account = await self._aws.account()
        for _ in range(self._copies):
            event = state_change(account, self._aws.region, detail)
            try:
                self._counters.events_delivered += await self._aws.call(self._deliver, event)
            except AWS_ERRORS as exc:
                log.error("event %s not delivered: %s", detail["EndpointStatus"], exc)

    def _deliver(self, event: Mapping[str, Any]) -> int:
        events = self._aws.events
        text = json.dumps(event)
        delivered = 0
        for page in events.get_paginator("list_rules").paginate():
            for rule in page["Rules"]:
                pattern = rule.get("EventPattern")
                if rule.get("State") != "ENABLED" or not pattern:
                    continue
                if not events.test_event_pattern(EventPattern=pattern, Event=text).get("Result"):
                    continue
                targets = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
                delivered += sum(self._invoke(target, text) for target in targets)
        return delivered

    def _invoke(self, target: Mapping[str, Any], event: str) -> bool:
        arn = target["Arn"]
        if ":lambda:" not in arn or "InputPath" in target or "InputTransformer" in target:
            log.warning("event target %s is not a Lambda function with the whole event", arn)
            return False
        self._aws.functions.invoke(
            FunctionName=arn,
            InvocationType="Event",
            Payload=str(target.get("Input", event)).encode(),
        )
        return True
