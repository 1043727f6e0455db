"""The corrections of MiniStack."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from ministack.services import lambda_svc, sqs

from local.ministack import corrections

DEBUG, METRICS, ERROR = '{"level":"DEBUG"}', '{"_aws":{}}', '{"level":"ERROR"}'


@pytest.mark.parametrize(
    ("call", "action"),
    [
        ("SendMessageBatch", "sqs:SendMessage"),
        ("DeleteMessageBatch", "sqs:DeleteMessage"),
        ("ChangeMessageVisibilityBatch", "sqs:ChangeMessageVisibility"),
        ("ReceiveMessage", "sqs:ReceiveMessage"),
    ],
)
def test_a_batch_of_messages_needs_the_permission_for_the_single_message(
    call: str, action: str
) -> None:
    headers = {"x-amz-target": f"AmazonSQS.{call}"}

    found = corrections.extract_iam_action("sqs", "POST", "/", headers, b"{}", {})

    assert found == action


def test_each_statement_of_a_batch_needs_its_own_permission_on_its_own_table() -> None:
    statements = (
        "INSERT INTO \"orders-1\" VALUE {'id': ?}",
        'update orders.2 SET "state"=? WHERE "id"=?',
        'DELETE FROM "orders" WHERE "id"=?',
        'SELECT "id", "from"\nFROM "orders" WHERE "id"=?',
    )
    body = json.dumps({"Statements": [{"Statement": text} for text in statements]}).encode()

    checks = corrections.dynamodb_transaction_checks(
        "dynamodb:BatchExecuteStatement", body, "us-east-1", "000000000000"
    )

    table = "arn:aws:dynamodb:us-east-1:000000000000:table"
    assert set(checks) == {
        ("dynamodb:PartiQLInsert", f"{table}/orders-1"),
        ("dynamodb:PartiQLUpdate", f"{table}/orders.2"),
        ("dynamodb:PartiQLDelete", f"{table}/orders"),
        ("dynamodb:PartiQLSelect", f"{table}/orders"),
    }


@pytest.mark.parametrize(
    ("call", "members", "alarm"),
    [
        ("PutMetricAlarm", {"AlarmName": "wakes"}, "wakes"),
        ("DeleteAlarms", {"AlarmNames": ["wakes"]}, "wakes"),
    ],
)
def test_a_call_about_an_alarm_needs_the_permission_for_that_alarm(
    call: str, members: dict[str, object], alarm: str
) -> None:
    headers = {"x-amz-target": f"GraniteServiceVersion20100801.{call}"}
    body = json.dumps(members).encode()

    arn = corrections.extract_resource_arn(
        "monitoring", "POST", "/", headers, body, {}, "us-east-1", "000000000000"
    )

    assert arn == "arn:aws:cloudwatch:us-east-1:000000000000:alarm:" + alarm


def test_describing_alarms_needs_the_permission_for_all_of_them() -> None:
    headers = {"x-amz-target": "GraniteServiceVersion20100801.DescribeAlarms"}

    arn = corrections.extract_resource_arn(
        "monitoring", "POST", "/", headers, b'{"AlarmNames":["a"]}', {}, "us-east-1", "000000000000"
    )

    assert arn == "arn:aws:cloudwatch:us-east-1:000000000000:alarm:*"


def test_alarms_on_sagemakers_metrics_are_left_to_the_endpoint_emulator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    evaluated: list[str] = []
    monkeypatch.setattr(
        corrections, "_evaluate_alarm", lambda alarm: evaluated.append(alarm["Namespace"])
    )

    for namespace in ("AWS/SageMaker", "AWS/SQS"):
        corrections.evaluate_alarm({"Namespace": namespace})

    assert evaluated == ["AWS/SQS"]


def test_a_statement_that_is_not_understood_is_refused() -> None:
    body = json.dumps({"Statements": [{"Statement": "DROP TABLE orders"}]}).encode()

    checks = corrections.dynamodb_transaction_checks(
        "dynamodb:BatchExecuteStatement", body, "us-east-1", "000000000000"
    )

    assert [action for action, _ in checks] == ["dynamodb:BatchExecuteStatement"]


def test_transactions_are_checked_as_before() -> None:
    item = {"Put": {"TableName": "orders", "Item": {}}}
    body = json.dumps({"TransactItems": [item]}).encode()

    checks = corrections.dynamodb_transaction_checks(
        "dynamodb:TransactWriteItems", body, "us-east-1", "000000000000"
    )

    assert checks == [("dynamodb:PutItem", "arn:aws:dynamodb:us-east-1:000000000000:table/orders")]


WINDOW_SECONDS = 1.0


@pytest.fixture
def queue() -> Iterator[str]:
    """The URL of an empty queue."""
    url: str = sqs._act_create_queue({"QueueName": "gathered"}, "")["QueueUrl"]
    yield url
    sqs.reset()


@pytest.fixture
def mapped(queue: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets functions read the queue, each with a batching window of so many seconds."""

    def map_to(*windows: float) -> None:
        arn = sqs._get_q(queue)["attributes"]["QueueArn"]
        mappings: list[dict[str, object]] = [
            {"EventSourceArn": f"{arn}-of-another", "MaximumBatchingWindowInSeconds": 300},
            *({"EventSourceArn": arn, "MaximumBatchingWindowInSeconds": each} for each in windows),
        ]
        monkeypatch.setattr(
            lambda_svc, "_iter_all_esms", lambda: [("0", "us-east-1", each) for each in mappings]
        )

    map_to(WINDOW_SECONDS)
    return map_to


def _send(queue: str, *ages: float) -> None:
    """Messages that have been visible for so many seconds."""
    for age in ages:
        sqs._act_send_message({"QueueUrl": queue, "MessageBody": "an event"}, queue)
        sqs._get_q(queue)["messages"][-1]["visible_at"] = time.time() - age


@pytest.mark.usefixtures("mapped")
def test_messages_are_gathered_until_the_oldest_has_waited_for_the_window(queue: str) -> None:
    _send(queue, 0.0, 0.0)
    assert corrections.receive_messages_for_esm(queue, 100) == []

    _send(queue, WINDOW_SECONDS)

    assert len(corrections.receive_messages_for_esm(queue, 100)) == 3


def test_the_window_is_that_of_the_mapping(queue: str, mapped: Callable[..., None]) -> None:
    _send(queue, 2.0)
    mapped(3.0)
    assert corrections.receive_messages_for_esm(queue, 100) == []

    mapped(2.0)

    assert len(corrections.receive_messages_for_esm(queue, 100)) == 1


def test_without_a_window_nothing_waits_and_a_batch_has_its_size(
    queue: str, mapped: Callable[..., None]
) -> None:
    mapped(0)
    _send(queue, *[0.0] * 12)

    batches = [len(corrections.receive_messages_for_esm(queue, 10)) for _ in range(3)]

    assert batches == [10, 2, 0]


@pytest.mark.usefixtures("mapped")
def test_a_full_batch_does_not_wait_and_may_be_larger_than_ten(queue: str) -> None:
    _send(queue, *[0.0] * 25)

    assert len(corrections.receive_messages_for_esm(queue, 20)) == 20
    assert corrections.receive_messages_for_esm(queue, 20) == []


def test_the_poller_is_woken_when_the_window_is_over(
    queue: str, mapped: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    woken = threading.Event()
    monkeypatch.setattr(lambda_svc, "_esm_wake", woken)
    mapped(0.1)
    _send(queue, 0.0)

    corrections.receive_messages_for_esm(queue, 100)

    assert woken.wait(10)
    assert len(corrections.receive_messages_for_esm(queue, 100)) == 1


def test_a_received_message_is_invisible_for_its_queues_timeout(queue: str) -> None:
    _send(queue, 10.0)

    (message,) = corrections.receive_messages_for_esm(queue, 100)

    assert message["receive_count"] == 1
    assert 20 < message["visible_at"] - time.time() <= 30
    assert corrections.receive_messages_for_esm(queue, 100) == []


@pytest.mark.parametrize(("asked", "granted"), [(1, 1), (2, 2), (50, 2), ("50", 2), ("1", 1)])
def test_a_mapping_has_as_many_environments_as_it_asks_for_and_the_machine_bears(
    asked: int | str, granted: int
) -> None:
    mapping = {"ScalingConfig": {"MaximumConcurrency": asked}}

    assert corrections.sqs_esm_concurrency(mapping, {}, {}) == granted


def _logging(**members: str) -> dict[str, object]:
    return {"FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:f"} | {
        "LoggingConfig": members
    }


@pytest.mark.parametrize(
    ("config", "level"),
    [
        (_logging(LogFormat="JSON"), "INFO"),
        (_logging(LogFormat="JSON", ApplicationLogLevel="DEBUG"), "DEBUG"),
        (_logging(LogFormat="Text"), None),
        ({"FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:f"}, None),
    ],
)
def test_a_function_gets_the_level_of_its_logs(
    config: dict[str, object], level: str | None
) -> None:
    found = corrections.execution_credentials(config)

    assert found.get("AWS_LAMBDA_LOG_LEVEL") == level
    assert found["AWS_ACCESS_KEY_ID"]


@pytest.mark.parametrize(
    ("level", "kept"),
    [("", [METRICS, ERROR]), ("DEBUG", [DEBUG, METRICS, ERROR]), ("WARN", [ERROR])],
)
def test_a_log_loses_what_lambda_would_not_send(
    level: str, kept: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    logs: list[str] = []
    monkeypatch.setattr(corrections, "_emit_lambda_logs", lambda *given: logs.append(given[2]))
    config = _logging(LogFormat="JSON", ApplicationLogLevel=level)

    corrections.emit_lambda_logs({"config": config}, "id", "\n".join((DEBUG, METRICS, ERROR)))

    assert logs == ["\n".join(kept)]


def test_a_log_in_plain_text_is_kept_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    logs: list[str] = []
    monkeypatch.setattr(corrections, "_emit_lambda_logs", lambda *given: logs.append(given[2]))

    corrections.emit_lambda_logs({"config": _logging(LogFormat="Text")}, "id", DEBUG)

    assert logs == [DEBUG]


@pytest.mark.parametrize(("value", "given"), [("", False), ("a", True), ("a, b", True)])
def test_a_list_parameter_is_given_when_it_is_not_empty(value: str, given: bool) -> None:
    joined = {"Fn::Join": ["", {"Ref": "Names"}]}
    template = {"Conditions": {"HasNames": {"Fn::Not": [{"Fn::Equals": [joined, ""]}]}}}

    found = corrections.evaluate_conditions(template, {"Names": {"Value": value}})

    assert found == {"HasNames": given}


def test_importing_it_leaves_python_its_limit_of_recursion() -> None:
    assert sys.getrecursionlimit() == 1000


def test_an_alarm_on_metric_math_is_made_and_never_evaluated() -> None:
    depth = {
        "Metric": {"Namespace": "AWS/SQS", "MetricName": "Depth", "Dimensions": []},
        "Period": 300,
        "Stat": "Maximum",
    }
    properties = {
        "Metrics": [
            {"Id": "total", "Expression": "SUM(METRICS())"},
            {"Id": "one", "MetricStat": depth, "ReturnData": False},
        ],
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 1,
        "Threshold": "0",
        "AlarmActions": ["arn:aws:sns:us-east-1:000000000000:operators"],
    }

    alarm = corrections.alarm_record("dead-letters", properties)
    state = alarm["StateValue"]
    corrections.evaluate_alarm(alarm)

    assert alarm["AlarmActions"] == properties["AlarmActions"]
    assert alarm["Metrics"] == properties["Metrics"]
    assert alarm["StateValue"] == state == "INSUFFICIENT_DATA"


@pytest.mark.parametrize(
    ("members", "rule"),
    [
        ({"Name": "relay-backfill"}, "rule/relay-backfill"),
        ({"Name": "a", "EventBusName": "orders"}, "rule/orders/a"),
    ],
)
def test_a_rule_on_the_default_bus_has_no_bus_in_its_arn(
    members: dict[str, str], rule: str
) -> None:
    headers = {"x-amz-target": "AWSEvents.EnableRule"}
    body = json.dumps(members).encode()

    arn = corrections.extract_resource_arn(
        "events", "POST", "/", headers, body, {}, "us-east-1", "000000000000"
    )

    assert arn == f"arn:aws:events:us-east-1:000000000000:{rule}"
