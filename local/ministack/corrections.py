"""MiniStack corrected in several places.

IAM knows no action for a batch of SQS messages or of PartiQL statements: AWS asks for
permission on each resource in it. MiniStack 1.5 asks for an action named like the call, which no
real policy grants.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html

Its requests to DynamoDB lack the condition key dynamodb:LeadingKeys, so that a policy which asks
for it denies every call, or none.

It invokes a function with each message of a burst, because it does not wait for the batching
window, and never with more than ten. Here a mapping gathers messages for its own window, up to its
own batch size, as on AWS, in few environments at a time.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html

It passes a function nothing of its LoggingConfig, and keeps log lines below the level that this
asks for. Lambda sets variables, on which Powertools acts, and drops such lines.
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html

It takes what AWS refuses; `local.ministack.refusals` has it refuse that too. What it sends to
custom resources differs, and so do Lambda's records of failed invocations and EventBridge's
deliveries to queues: see `local.ministack.custom_resources`, `local.ministack.failed_invocations`
and `local.ministack.upload_events`.

Its CloudFormation leaves out settings of several resources: see
`local.ministack.resource_settings`.

Publishing to a topic with a KMS key needs no permission for the key: see
`local.ministack.encrypted_topics`.

And it unpacks the layer, thousands of small files, for each of these environments. They share one.

Its conditions know no Fn::Join, so that a list parameter counts as given when it is empty.

The ARN of a rule on the default bus has the name of the bus, which no policy names there.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html

It makes no alarm on metric math. Here it makes one, which is never evaluated.

Last, deleting alarms needs permission on all of them, not on those that are named; describing them
needs a permission that no ARN of an alarm grants; and it evaluates alarms on SageMaker's metrics,
which is the endpoint emulator's to do.
"""

import json
import re
import sys
import threading
import time
import zipfile
from types import SimpleNamespace
from typing import Any

from ministack.core import iam_actions, lambda_runtime
from ministack.services import cloudwatch, lambda_svc, sqs
from ministack.services.cloudformation import changesets, engine, handlers, provisioners, stacks

from local.functions.lambda_environment import logging_variables, passes
from local.ministack import (
    custom_resources,
    encrypted_topics,
    failed_invocations,
    principal_arn,
    refusals,
    resource_settings,
    upload_events,
)
from local.ministack.leading_keys import leading_keys
from local.ministack.shared_archive import SharedArchive

# Python's own limit again: a package for Step Functions, which MiniStack imports, raises it for the
# whole process, and with it for the tests that import this module.
sys.setrecursionlimit(1000)

# What two processors bear: an environment is a process of its own. A mapping may ask for fewer.
_BATCHES_AT_ONCE = 2

_BATCHES = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "sns:PublishBatch": "sns:Publish",
}

_STATEMENT = re.compile(
    r"\s*(?P<verb>INSERT\s+INTO|UPDATE|DELETE\s+FROM|SELECT\s.*?\sFROM)\s+\"?(?P<table>[\w.-]+)",
    re.IGNORECASE | re.DOTALL,
)

_extract_iam_action = iam_actions.extract_iam_action
_dynamodb_transaction_checks = iam_actions.dynamodb_transaction_checks
_dynamodb_service_context = iam_actions.dynamodb_service_context
_extract_resource_arn = iam_actions.extract_resource_arn
_evaluate_alarm = cloudwatch._evaluate_alarm
_alarm_record = provisioners._cw_metric_alarm_record
_put_metric_alarm = cloudwatch._put_metric_alarm
_sqs_esm_concurrency = lambda_svc._sqs_esm_concurrency
_execution_credentials = lambda_runtime.execution_credentials
_emit_lambda_logs = lambda_svc._emit_lambda_logs
_evaluate_conditions = engine._evaluate_conditions


def extract_iam_action(*arguments: Any, **named: Any) -> str | None:
    """MiniStack's own, with the action of the single message in place of the batch's."""
    action: str | None = _extract_iam_action(*arguments, **named)
    return action if action is None else _BATCHES.get(action, action)


def extract_resource_arn(
    service: str, method: str, path: str, headers: dict[str, str], body: bytes, *rest: Any
) -> str:
    """MiniStack's own, without the bus in the ARN of a rule on the default bus; and the alarm that
    is to be deleted (the first one speaks for several) or all of them, which is what describing
    asks for at AWS, whatever the names."""
    match headers.get("x-amz-target", "").rpartition("."):
        case (_, _, "DescribeAlarms"):
            name = "*"
        case (_, _, "DeleteAlarms"):
            (name, *_) = json.loads(body)["AlarmNames"]
        case _:
            arn: str = _extract_resource_arn(service, method, path, headers, body, *rest)
            return arn.replace(":rule/default/", ":rule/") if service == "events" else arn
    _, region, account = rest
    return f"arn:aws:cloudwatch:{region}:{account}:alarm:{name}"


def evaluate_alarm(alarm: dict[str, Any]) -> None:
    """MiniStack's own, except for the metrics that the endpoint emulator publishes, and for metric
    math."""
    if alarm.get("Namespace") != "AWS/SageMaker" and "Metrics" not in alarm:
        _evaluate_alarm(alarm)


def alarm_record(name: str, properties: dict[str, Any]) -> dict[str, Any]:
    """MiniStack's own, and one for metric math: described by its first metric, never evaluated."""
    if not (queries := properties.get("Metrics")):
        plain: dict[str, Any] = _alarm_record(name, properties)
        return plain
    first = next(query["MetricStat"] for query in queries if "MetricStat" in query)
    described = {**first["Metric"], "Period": first["Period"], "Statistic": first["Stat"]}
    record = _alarm_record(name, {**properties, **described, "Metrics": None})
    return {**record, "Metrics": queries}


def put_metric_alarm(parameters: Any, given: dict[str, Any], *encodings: bool) -> Any:
    """MiniStack's own, and the queries of metric math."""
    answer = _put_metric_alarm(parameters, given, *encodings)
    if given and (alarm := cloudwatch._alarms.get(given.get("AlarmName"))):
        alarm.pop("Metrics", None)
        if queries := given.get("Metrics"):
            alarm["Metrics"] = queries
    return answer


def dynamodb_transaction_checks(
    action: str, body: bytes, region: str, account: str
) -> list[tuple[str, str]]:
    """MiniStack's own, and each different thing in a PartiQL batch: (action, table ARN)."""
    if action != "dynamodb:BatchExecuteStatement":
        checks: list[tuple[str, str]] = _dynamodb_transaction_checks(action, body, region, account)
        return checks
    statements = [statement["Statement"] for statement in json.loads(body)["Statements"]]
    return sorted({_check(each, f"arn:aws:dynamodb:{region}:{account}") for each in statements})


def dynamodb_service_context(body: bytes) -> dict[str, Any]:
    """MiniStack's own condition keys, and the partition keys that the call names."""
    context: dict[str, Any] = _dynamodb_service_context(body)
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return context
    keys = leading_keys(request)
    return context if keys is None else {**context, "dynamodb:LeadingKeys": keys}


def sqs_esm_concurrency(mapping: dict[str, Any], *rest: Any, **named: Any) -> int:
    """MiniStack's own, but never more than this machine can bear.

    A parameter's value is a text, which CloudFormation makes a number where one is wanted.
    """
    scaling = {name: int(value) for name, value in (mapping.get("ScalingConfig") or {}).items()}
    limit: int = _sqs_esm_concurrency({**mapping, "ScalingConfig": scaling}, *rest, **named)
    return min(limit, _BATCHES_AT_ONCE)


def receive_messages_for_esm(queue_url: str, max_number: int) -> list[dict[str, Any]]:
    """A full batch, or what there is once the oldest message has been visible for the mapping's
    window; without a window, at once, what there is."""
    with sqs._queues_lock:
        queue: dict[str, Any] = sqs._get_q(queue_url)
        window = _batching_window(queue["attributes"]["QueueArn"])
        now = time.time()
        visible = [at for each in queue["messages"] if (at := each["visible_at"]) <= now]
        missing = min(visible, default=now) + window - now
        if visible and len(visible) < max_number and missing > 0:
            again = threading.Timer(missing, lambda_svc._esm_wake.set)
            again.daemon = True
            again.start()
            return []
        sqs._expire_retained(queue)
        sqs._dlq_sweep(queue)
        timeout = int(queue["attributes"].get("VisibilityTimeout", "30"))
        batch: list[dict[str, Any]] = sqs._collect_msgs(queue, max_number, timeout)
        return batch


def evaluate_conditions(template: dict[str, Any], parameters: dict[str, Any]) -> dict[str, bool]:
    """MiniStack's own, with the text of each list parameter that is joined."""

    def joined(value: Any) -> Any:
        match value:
            case {"Fn::Join": [str(glue), {"Ref": str(name)}]}:
                return glue.join(each.strip() for each in parameters[name]["Value"].split(","))
            case dict():
                return {key: joined(member) for key, member in value.items()}
            case list():
                return [joined(member) for member in value]
        return value

    conditions = joined(template.get("Conditions", {}))
    found: dict[str, bool] = _evaluate_conditions(
        {**template, "Conditions": conditions}, parameters
    )
    return found


def execution_credentials(config: dict[str, Any]) -> dict[str, str]:
    """MiniStack's own variables for a function, and those that Lambda makes of LoggingConfig."""
    logging = config.get("LoggingConfig") or {}
    return {
        **_execution_credentials(config),
        **logging_variables(
            logging.get("LogFormat", "Text"), logging.get("ApplicationLogLevel", "")
        ),
    }


def emit_lambda_logs(
    function: dict[str, Any], request_id: str, log: str, *rest: Any, **named: Any
) -> None:
    """MiniStack's own, without the lines that Lambda drops."""
    logging = (function.get("config") or function).get("LoggingConfig") or {}
    if log and logging.get("LogFormat") == "JSON":
        level = logging.get("ApplicationLogLevel", "")
        log = "\n".join(line for line in log.splitlines() if passes(line, level))
    _emit_lambda_logs(function, request_id, log, *rest, **named)


def _batching_window(queue_arn: str) -> float:
    """The shortest window of the mappings that read the queue; almost always there is one."""
    windows = [
        float(mapping.get("MaximumBatchingWindowInSeconds") or 0)
        for *_, mapping in lambda_svc._iter_all_esms()
        if mapping.get("EventSourceArn") == queue_arn
    ]
    return min(windows, default=0.0)


def _check(statement: str, prefix: str) -> tuple[str, str]:
    match = _STATEMENT.match(statement)
    if match is None:
        # An action that does not exist and so is never granted: what is not understood is refused.
        return "dynamodb:BatchExecuteStatement", f"{prefix}:table/*"
    verb = match["verb"].split()[0].capitalize()
    return f"dynamodb:PartiQL{verb}", f"{prefix}:table/{match['table']}"


def install() -> None:
    """Puts the corrections into MiniStack's modules."""
    iam_actions.extract_iam_action = extract_iam_action
    iam_actions.extract_resource_arn = extract_resource_arn
    cloudwatch._evaluate_alarm = evaluate_alarm
    provisioners._cw_metric_alarm_record = alarm_record
    cloudwatch._put_metric_alarm = put_metric_alarm
    iam_actions.dynamodb_transaction_checks = dynamodb_transaction_checks
    iam_actions.dynamodb_service_context = dynamodb_service_context
    lambda_svc._sqs_esm_concurrency = sqs_esm_concurrency
    sqs._receive_messages_for_esm = receive_messages_for_esm
    lambda_runtime.execution_credentials = execution_credentials
    lambda_svc._emit_lambda_logs = emit_lambda_logs
    for module in (engine, changesets, handlers, stacks):  # each has imported it by name
        module._evaluate_conditions = evaluate_conditions
    lambda_runtime.zipfile = SimpleNamespace(**(vars(zipfile) | {"ZipFile": SharedArchive}))
    refusals.install()
    custom_resources.install()
    encrypted_topics.install()
    principal_arn.install()
    resource_settings.install()
    failed_invocations.install()
    upload_events.install()
