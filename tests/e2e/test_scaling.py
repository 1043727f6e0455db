"""Scaling while the stack changes, and the alarms' topic."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.pipeline import Downstream
from tests.acceptance.scaling import OFF, ON, Scaled
from tests.acceptance.target import Target

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_OPERATORS = "arn:aws:sns:us-east-1:000000000000:operators"


@pytest.fixture
def scaled(target: Target, s3: "S3Client") -> Iterator[Scaled]:
    """Scaled to zero; afterwards as it was before, which does not wait for an instance."""
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


def test_operators_are_notified_through_the_topic_that_they_give(
    scaled: Scaled, target: Target
) -> None:
    pages = scaled.cloudwatch.get_paginator("describe_alarms").paginate()
    alarms = [alarm for page in pages for alarm in page["MetricAlarms"]]

    notifying = [alarm["AlarmName"] for alarm in alarms if _OPERATORS in alarm["AlarmActions"]]

    assert len(notifying) == 9
    assert all(name.startswith(target.stack_name) for name in notifying)
