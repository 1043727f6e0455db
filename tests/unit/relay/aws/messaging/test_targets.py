"""Which service and which region an address leads to."""

import pytest
from relay.aws.clients import Clients
from relay.aws.messaging.targets import Targets
from relay.routes.target import Target


@pytest.fixture
def targets(monkeypatch: pytest.MonkeyPatch) -> Targets:
    for name, value in (
        ("AWS_DEFAULT_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ):
        monkeypatch.setenv(name, value)
    return Targets(Clients())


@pytest.mark.parametrize(
    ("address", "service"),
    [
        ("https://sqs.eu-west-1.amazonaws.com/000000000000/relay-SubmitQueue", "SQS"),
        ("arn:aws:sqs:eu-west-1:000000000000:orders.fifo", "SQS"),
        ("arn:aws:sns:eu-west-1:000000000000:orders", "SNS"),
        ("arn:aws:events:eu-west-1:000000000000:event-bus/orders", "EventBridge"),
    ],
)
def test_an_address_leads_to_its_service(targets: Targets, address: str, service: str) -> None:
    to = Target.parse(address) if address.startswith("arn:") else address

    assert targets(to).name == service


def test_one_client_serves_all_queues_of_a_region(targets: Targets) -> None:
    own = targets("https://sqs.eu-west-1.amazonaws.com/000000000000/relay-SubmitQueue")

    assert targets(Target.parse("arn:aws:sqs:eu-west-1:000000000000:orders")) is own
    assert targets(Target.parse("arn:aws:sqs:us-east-1:000000000000:orders")) is not own


@pytest.mark.parametrize(
    ("region", "endpoint"),
    [
        ("eu-west-1", "https://sqs.eu-west-1.amazonaws.com"),
        ("us-east-1", "https://sqs.us-east-1.amazonaws.com"),
        ("cn-north-1", "https://sqs.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_a_target_in_another_region_is_called_there(
    targets: Targets, region: str, endpoint: str
) -> None:
    queues = targets(Target.parse(f"arn:aws:sqs:{region}:000000000000:orders"))

    assert queues._sqs.meta.endpoint_url == endpoint  # type: ignore[attr-defined]
