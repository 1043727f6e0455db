"""Scaling to zero and back, and what scaling leaves behind."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.pipeline.ends import Downstream
from tests.acceptance.pipeline.scaling import OFF, ON, Scaled
from tests.acceptance.targets.target import Target

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture
def scaled(target: Target, s3: "S3Client") -> Iterator[Scaled]:
    """Scaled to zero; afterwards as it was before."""
    if not target.scaling:
        pytest.skip("the run leaves scaling out (SCALING=0)")
    scaled = Scaled(target, s3)
    with target.hurried():
        scaled.update(**ON)
        try:
            scaled.await_instances(0)
            yield scaled
        finally:
            if scaled.targets():
                scaled.update(**OFF)


@pytest.mark.assumption(
    "zero-instances-queue", "backlog-metrics", "no-guardrails-at-zero", "retain-variant-properties"
)
def test_an_endpoint_scales_to_zero_and_back(scaled: Scaled, downstream: Downstream) -> None:
    assert scaled.targets() == [(0, 2)]
    assert scaled.policies() == {"backlog-per-instance", "wake-from-zero"}
    assert scaled.alarms() == {"tracking", "waking"}

    uploaded = scaled.upload()

    scaled.await_inferred(uploaded, downstream)
    scaled.await_instances(0)

    scaled.update(MaxConcurrentInvocationsPerInstance="3")  # at zero instances
    assert scaled.instances() == 0

    scaled.update(**OFF, MaxConcurrentInvocationsPerInstance="4")

    assert scaled.targets() == []
    assert scaled.policies() == scaled.alarms() == set()
    scaled.await_instances(1)
