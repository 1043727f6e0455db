"""`relayctl endpoint`."""

import pytest

from tests.support.provisioning.requests import create, deploy
from tests.support.provisioning.world import World
from tests.support.relayctl.commands import Commands
from tests.unit.relayctl.endpoint.conftest import FakeCloudWatch


def test_an_endpoint_in_service_is_described(world: World, relayctl: Commands) -> None:
    world.run(create(), deploy("s3://models/2.tar.gz"))

    ended = relayctl("endpoint")

    assert ended.exit == 0
    text = " ".join(ended.out.split())
    assert text.startswith("endpoint relay InService instances 1 of 1")
    assert "scaling none: the number of instances is constant" in text
    assert "backlog 12 requests" in text
    assert "serving s3://models/2.tar.gz image" in text
    assert "instance type ml.m5.large config" in text
    assert "last change deploy of ModelDataUrl, ModelDataVersion by " in text
    assert text.endswith(": succeeded")


def test_scaling_is_described(world: World, relayctl: Commands) -> None:
    world.run(create(MinInstanceCount="0", MaxInstanceCount="3"))

    text = " ".join(relayctl("endpoint").out.split())

    assert "scaling 0 to 3 instances, 5 requests for each" in text


def test_an_endpoint_that_does_not_exist_needs_a_person(world: World, relayctl: Commands) -> None:
    ended = relayctl("endpoint")

    assert ended.exit == 1
    assert "endpoint relay  Absent" in ended.out
    assert "deploy the stack; uploads wait in SubmitQueue" in " ".join(ended.out.split())


def test_a_creation_is_in_progress(world: World, relayctl: Commands) -> None:
    world.wake(create())

    ended = relayctl("endpoint")

    assert ended.exit == 0
    text = " ".join(ended.out.split())
    assert "endpoint relay Creating" in text
    assert "CloudFormation's Create waits for a response" in text
    assert "next wait" in text


def test_a_failed_roll_out_has_its_reason(world: World, relayctl: Commands) -> None:
    world.run(create())
    world.sagemaker.broken.add("s3://models/bad.tar.gz")
    world.run(deploy("s3://models/bad.tar.gz"))

    ended = relayctl("endpoint")

    text = " ".join(ended.out.split())
    assert ": failed endpoint relay could not be updated" in text


@pytest.mark.parametrize(
    ("refused", "backlog", "shown"),
    [
        ("AccessDenied", 1.0, "backlog unknown"),
        ("", None, "backlog unknown"),
        ("", 0.0, "backlog 0 requests"),
    ],
)
def test_the_backlog_may_be_unknown(
    world: World,
    relayctl: Commands,
    cloudwatch: FakeCloudWatch,
    refused: str,
    backlog: float | None,
    shown: str,
) -> None:
    world.run(create())
    cloudwatch.refused, cloudwatch.backlog = refused, backlog

    ended = relayctl("endpoint")

    assert ended.exit == 0
    assert shown in " ".join(ended.out.split())


def test_another_refusal_of_cloudwatch_is_an_error(
    world: World, relayctl: Commands, cloudwatch: FakeCloudWatch
) -> None:
    cloudwatch.refused = "InternalServiceFault"

    assert relayctl("endpoint").exit == 3


def test_a_program_reads_what_provision_says(world: World, relayctl: Commands) -> None:
    world.run(create())

    document = relayctl("endpoint", "--json").document

    assert document["endpoint"]["status"] == "InService"
    assert (document["backlog"], document["next_step"]) == (12, None)
