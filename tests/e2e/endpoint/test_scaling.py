"""Scaling while the stack changes, and the alarms' topic."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.pipeline.ends import Downstream
from tests.acceptance.pipeline.scaling import OFF, ON, Scaled
from tests.acceptance.targets.target import Target

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_OPERATORS = "arn:aws:sns:us-east-1:000000000000:operators"


@pytest.fixture(scope="module")
def scaled(target: Target, s3: "S3Client") -> Iterator[Scaled]:
    """Scaled to zero; afterwards as it was before, which does not wait for an instance.

    The last test lets it scale out.
    """
    scaled = Scaled(target, s3)
    with target.hurried():
        scaled.update(**ON, AlarmTopicArn=_OPERATORS)
        try:
            scaled.await_instances(0)
            yield scaled
        finally:
            scaled.update(**OFF, AlarmTopicArn="")
        scaled.await_instances(1)
    assert (scaled.targets(), scaled.policies(), scaled.alarms()) == ([], set(), set())


def test_operators_are_notified_through_the_topic_that_they_give(
    scaled: Scaled, target: Target
) -> None:
    pages = scaled.cloudwatch.get_paginator("describe_alarms").paginate()
    alarms = [alarm for page in pages for alarm in page["MetricAlarms"]]

    notifying = [alarm for alarm in alarms if _OPERATORS in alarm["AlarmActions"]]

    assert len(notifying) == 17
    assert all(alarm["AlarmName"].startswith(target.stack_name) for alarm in notifying)
    assert all(alarm["OKActions"] == [_OPERATORS] for alarm in notifying)
    assert all(
        " Runbook: docs/how-to/runbooks/" in alarm["AlarmDescription"] for alarm in notifying
    )


def test_the_dashboard_shows_the_alarms_that_the_stack_has(scaled: Scaled, target: Target) -> None:
    found = scaled.cloudwatch.get_dashboard(DashboardName=target.outputs["DashboardName"])
    widgets = json.loads(found["DashboardBody"])["widgets"]
    [shown] = [each["properties"]["alarms"] for each in widgets if each["type"] == "alarm"]

    alarms = scaled.cloudwatch.describe_alarms(AlarmNamePrefix=f"{target.stack_name}-")
    known = {alarm["AlarmArn"] for alarm in alarms["MetricAlarms"]}

    assert len(shown) == 17
    assert set(shown) <= known


def test_uploads_during_an_update_at_zero_instances_scale_it_out_afterwards(
    scaled: Scaled, downstream: Downstream
) -> None:
    uploaded = scaled.upload()
    scaled.update(MaxConcurrentInvocationsPerInstance="3")

    scaled.await_inferred(uploaded, downstream)
    assert scaled.targets() == [(0, 2)]

    scaled.update(MaxConcurrentInvocationsPerInstance="4", MinInstanceCount="1")

    scaled.await_instances(1)
    assert scaled.policies() == {"backlog-per-instance"}
    assert scaled.alarms() == {"tracking"}
