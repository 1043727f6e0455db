"""`cost`: counts of CloudWatch, multiplied with list prices."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from relayctl.cost.prices import US_EAST_1
from tests.support.relayctl.commands import Commands, Ended
from tests.support.relayctl.deployed import Deployed

_NOW = datetime.now(UTC)
_CREATED = _NOW - timedelta(days=30)


def stack(**given: str) -> Deployed:
    """A stack that has existed for a month."""
    found = Deployed.with_operators(**{"EndpointMode": "create", **given}).deploy()
    found.__dict__["description"] = {**found.description, "CreationTime": _CREATED}
    return found


@pytest.fixture(scope="module")
def used() -> Deployed:
    """A stack that submitted two thousand requests in the last week."""
    found = stack()
    count(found, "AsyncInferenceRelay", "Submitted", 2_000, service="relay-submit")
    for name in ("Submit", "Route"):
        function = found.id(f"{name}Function")
        count(found, "AWS/Lambda", "Invocations", 500, FunctionName=function)
        count(found, "AWS/Lambda", "Duration", 60_000, FunctionName=function)
    queue = found.id("SubmitQueue").rpartition("/")[2]
    for metric in ("Sent", "Received", "Deleted"):
        count(found, "AWS/SQS", f"NumberOfMessages{metric}", 2_000, QueueName=queue)
    count(found, "AWS/SQS", "NumberOfEmptyReceives", 1_000, QueueName=queue)
    table = found.id("LedgerTable")
    count(found, "AWS/DynamoDB", "ConsumedWriteCapacityUnits", 4_000, TableName=table)
    count(
        found,
        "AWS/DynamoDB",
        "ConsumedWriteCapacityUnits",
        2_000,
        TableName=table,
        GlobalSecondaryIndexName="due",
    )
    minutes = {"EndpointName": "relay", "VariantName": "AllTraffic"}
    for minute in range(120):
        count(found, "/aws/sagemaker/Endpoints", "CPUUtilization", 50, minute, **minutes)
    return found


def count(
    found: Deployed, namespace: str, metric: str, value: float, minute: int = 0, **dimensions: str
) -> None:
    found.client("cloudwatch").put_metric_data(
        Namespace=namespace,
        MetricData=[
            {
                "MetricName": metric,
                "Value": value,
                "Timestamp": _NOW - timedelta(hours=5, minutes=minute),
                "Dimensions": [{"Name": name, "Value": each} for name, each in dimensions.items()],
            }
        ],
    )


def cost(found: Deployed, *options: str) -> Ended:
    return Commands(found)("cost", *options)


def part(document: dict[str, Any], service: str, name: str) -> dict[str, Any]:
    (found,) = (
        each for each in document["parts"] if (each["service"], each["part"]) == (service, name)
    )
    return dict(found)


def test_each_part_is_what_was_counted_at_list_prices(used: Deployed) -> None:
    document = cost(used, "--json").document

    rates = US_EAST_1.rates
    assert document["requests"] == 2_000
    assert part(document, "SageMaker", "instances, ml.m5.large")["dollars"] == pytest.approx(
        2 * 0.115
    )
    assert part(document, "S3", "PUT requests")["dollars"] == pytest.approx(0.02)
    # Four messages at a time: 2,000 sent, 500 received, 500 deleted, 1,000 polls.
    assert part(document, "SQS", "SubmitQueue")["dollars"] == rates.sqs_requests.of(4_000)
    submit = rates.lambda_requests.of(500) + rates.lambda_gigabyte_seconds.of(30)
    assert part(document, "Lambda", "SubmitFunction")["dollars"] == pytest.approx(submit)
    assert part(document, "DynamoDB", "write units")["dollars"] == rates.dynamodb_writes.of(6_000)
    alarms = part(document, "CloudWatch", "alarms")
    watched = int(alarms["quantity"].split()[0])
    assert alarms["dollars"] == pytest.approx(watched * 0.10 * 168 / 730, rel=0.001)
    whole = sum(each["dollars"] or 0 for each in document["parts"])
    assert document["dollars"] == pytest.approx(whole)
    assert document["dollars_for_1000_requests"] == pytest.approx(whole / 2)


def test_what_has_no_data_is_said_and_is_not_a_price_of_0(used: Deployed) -> None:
    document = cost(used, "--json").document

    assert part(document, "SNS", "SuccessTopic") == {
        "service": "SNS",
        "part": "SuccessTopic",
        "quantity": None,
        "dollars": None,
    }
    assert "SNS: SuccessTopic" in document["not_counted"]

    shown = cost(used).out
    assert "total of these" in shown
    assert "SNS (SuccessTopic, ErrorTopic)" in shown
    assert "Assumed: each request has an upload and an output" in shown
    assert "2,000 requests" in shown


def test_a_stack_without_any_data_says_so() -> None:
    ended = cost(stack())

    assert ended.exit == 0
    assert "CloudWatch has no data of this stack for this time" in ended.out
    assert "CloudWatch has no count of requests" in ended.out


def test_only_the_time_that_is_asked_for_is_counted(used: Deployed) -> None:
    document = cost(used, "--json", "--since", "2h").document

    assert document["requests"] is None
    assert part(document, "Lambda", "SubmitFunction")["dollars"] is None


def test_a_young_stack_costs_from_its_creation_on(used: Deployed) -> None:
    document = cost(used, "--json", "--since", "500d").document

    assert document["since"] == _CREATED.isoformat()


def test_other_prices_come_from_a_file_or_an_option(used: Deployed, tmp_path: Path) -> None:
    prices = tmp_path / "prices.json"
    prices.write_text(json.dumps({"region": "eu-central-1", "instances": {"ml.m5.large": 0.5}}))

    of_file = cost(used, "--json", "--prices", str(prices)).document
    of_option = cost(used, "--json", "--instance-price", "2").document

    assert of_file["prices"]["region"] == "eu-central-1"
    assert part(of_file, "SageMaker", "instances, ml.m5.large")["dollars"] == pytest.approx(1)
    assert part(of_option, "SageMaker", "instances, ml.m5.large")["dollars"] == pytest.approx(4)


def test_an_instance_type_without_a_price_is_no_price_of_0(used: Deployed, tmp_path: Path) -> None:
    prices = tmp_path / "prices.json"
    prices.write_text("{}")

    shown = cost(used, "--prices", str(prices)).out

    assert "no price" in shown


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--prices", "/nowhere.json"), "cannot be read"),
        (("--since", "1d", "--until", "2d"), "--since is not before --until"),
        (("--since", "soon"), "--since is 'soon'"),
    ],
)
def test_what_cannot_be_used_is_refused(
    options: tuple[str, ...], says: str, used: Deployed
) -> None:
    ended = cost(used, *options)

    assert ended.exit == 2
    assert says in ended.err


def test_without_the_permission_it_names_it() -> None:
    found = stack()
    found.refuses("cloudwatch", "GetMetricData")

    ended = cost(found)

    assert ended.exit == 3
    assert "needs cloudwatch:GetMetricData" in ended.err


def test_an_existing_endpoint_and_its_bucket_are_of_others() -> None:
    found = stack(EndpointMode="existing", EndpointName="theirs")

    document = cost(found, "--json").document

    assert not [each for each in document["parts"] if each["service"] == "SageMaker"]
