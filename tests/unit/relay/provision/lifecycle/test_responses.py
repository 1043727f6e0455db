import json

from relay.provision.lifecycle.custom_resource import Response

from tests.support.provisioning.requests import create
from tests.support.provisioning.world import World


def answered() -> Response:
    world = World()
    world.run(create())
    return world.answers[0]


def test_a_success_has_the_members_that_cloudformation_asks_for() -> None:
    document = json.loads(answered().to_json())

    assert document["Status"] == "SUCCESS"
    assert document["RequestId"] == "create-1"
    assert document["LogicalResourceId"] == "Endpoint"
    assert document["StackId"].startswith("arn:aws:cloudformation:")
    assert document["PhysicalResourceId"] == "relay"
    assert "Reason" not in document


def test_a_failure_has_its_reason() -> None:
    document = json.loads(Response.failed(answered().request, "no ping").to_json())

    assert (document["Status"], document["Reason"]) == ("FAILED", "no ping")


def test_a_long_reason_is_cut_to_what_cloudformation_accepts() -> None:
    for reason in ("x" * 9000, "é" * 9000, '"' * 9000, "\U0001f4a5" * 9000):
        text = Response.failed(answered().request, reason).to_json()

        assert len(text.encode()) <= 4096
        assert json.loads(text)["Reason"].endswith("…")


def test_an_answer_holds_no_address() -> None:
    answer = answered()

    assert "secret" in answer.request.response_url
    assert "secret" not in answer.to_json()
