"""CloudFormation's URLs beneath the relay's own responder."""

from dataclasses import replace

import pytest
from relay.aws.cloudformation import CloudFormationResponder
from relay.provision.lifecycle.custom_resource import PendingRequest, RequestType, Response
from relay.provision.lifecycle.ports import ResponseNotDelivered

from tests.support.aws_fake.calls import Document
from tests.support.aws_fake.faults import Kind
from tests.support.aws_fake.services.response_urls import RESPONSES, answering
from tests.support.samples import NOON
from tests.unit.aws_fake.conftest import Open

STACK = "arn:aws:cloudformation:us-east-1:000000000000:stack/relay/7b1f"
REQUEST = PendingRequest(
    RequestType.CREATE, "r-1", f"{RESPONSES}/r-1?secret", STACK, "Endpoint", "i", NOON
)


def delivered(
    opened: Open, plan: dict[int, Kind], response: Response
) -> list[tuple[str, Document]]:
    taken: list[tuple[str, Document]] = []
    with answering(opened(plan).calls, lambda url, document: taken.append((url, document))):
        try:
            CloudFormationResponder(STACK, lambda: "https://s3.amazonaws.com").deliver(response)
        except ResponseNotDelivered:
            taken.append(("not delivered", {}))
    return taken


def test_an_answer_arrives(opened: Open) -> None:
    ((url, document),) = delivered(opened, {}, Response.removed(REQUEST))

    assert (url, document["Status"]) == (REQUEST.response_url, "SUCCESS")


@pytest.mark.parametrize(
    ("kind", "arrives"),
    [(Kind.THROTTLED, 0), (Kind.NO_EFFECT, 0), (Kind.LOST, 1), (Kind.DENIED, 0)],
)
def test_an_answer_may_fail_to_arrive(opened: Open, kind: Kind, arrives: int) -> None:
    taken = delivered(opened, {0: kind}, Response.removed(REQUEST))

    assert len(taken) == arrives + 1
    assert taken[-1][0] == "not delivered"


def test_an_answer_that_is_too_long_is_lost(opened: Open) -> None:
    long = replace(Response.removed(REQUEST), data={"Key": "x" * 4096})

    assert delivered(opened, {}, long) == []
