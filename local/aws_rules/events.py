"""EventBridge: schedules, targets and their permissions."""

import json
import re
from collections.abc import Iterator

from local.aws_rules.cross_service.event_patterns import malformed
from local.aws_rules.permissions.policies import admitting, permissions
from local.aws_rules.rule import Enforced, Problem, rule
from local.cloudformation.world import Resource, as_list

_RULE = "AWS::Events::Rule"
_SCHEDULE = (
    "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html"
)
_TARGETS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html"
_PERMISSIONS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html"
_DLQ = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html"
_PATTERN_CHARACTERS = 2_048
_RATE = re.compile(r"rate\((\d+) (minutes?|hours?|days?)\)")


@rule(_RULE, words="Parameter ScheduleExpression is not valid.", source=_SCHEDULE)
def a_schedule_is_well_formed(schedule: Resource) -> Iterator[Problem]:
    expression = schedule.get("ScheduleExpression")
    if expression is None:
        if schedule.get("EventPattern") is None:
            yield Problem(
                "ScheduleExpression",
                "give the rule an EventPattern or a ScheduleExpression",
                "Parameter(s) EventPattern or ScheduleExpression must be specified.",
            )
        return
    bus = schedule.get("EventBusName")
    if bus is not None and str(bus).rpartition("/")[2] != "default":
        yield Problem(
            "EventBusName",
            "leave the rule on the default event bus, or use AWS::Scheduler::Schedule",
            "ScheduleExpression is supported only on the default event bus.",
        )
    rate = _RATE.fullmatch(str(expression))
    if rate is None:
        cron = re.fullmatch(r"cron\((.*)\)", str(expression))
        if cron is None or len(cron[1].split()) != 6:
            yield Problem(
                "ScheduleExpression",
                f"write rate(5 minutes) or cron with six fields, not {expression}; a parameter "
                "for it "
                "needs an AllowedPattern",
            )
    elif int(rate[1]) < 1 or (int(rate[1]) == 1) == rate[2].endswith("s"):
        yield Problem(
            "ScheduleExpression",
            f"write minute, hour or day after 1, and the plural after more; not {expression}",
        )


@rule(_RULE, words="The requested resource exceeds the maximum number allowed.", source=_TARGETS)
def a_rule_has_at_most_five_targets(schedule: Resource) -> Iterator[Problem]:
    targets = schedule.list("Targets")
    if len(targets) > 5:
        yield Problem("Targets", f"leave at most five targets, not {len(targets)}")
    ids = [str(each.get("Id")) for each in targets]
    if len(set(ids)) < len(ids):
        yield Problem("Targets", "give each target its own Id", "Duplicate target id")
    for index, each in enumerate(targets):
        arn = str(each.get("Arn", ""))
        if arn.endswith(".fifo") and not each.get("SqsParameters", {}).get("MessageGroupId"):
            yield Problem(
                f"Targets[{index}]",
                "give a FIFO queue SqsParameters with a MessageGroupId",
                "Parameter(s) SqsParameters must be specified for target",
            )
        if not arn.startswith("arn:"):
            yield Problem(
                f"Targets[{index}].Arn",
                "name the target by its ARN (!GetAtt X.Arn)",
                "Parameter Arn is not valid. Reason: Provided Arn is not in correct format.",
            )


@rule(
    _RULE,
    words="EventBridge may not use the target, so the rule does nothing",
    source=_PERMISSIONS,
    enforced=Enforced.NEVER,
)
def a_target_admits_its_rule(schedule: Resource) -> Iterator[Problem]:
    world, service = schedule.world, "events.amazonaws.com"
    for index, each in enumerate(schedule.list("Targets")):
        path, arn = f"Targets[{index}]", each.get("Arn")
        function = world.find("AWS::Lambda::Function", arn)
        if function is not None and not any(permissions(world, function, service, schedule.arn)):
            yield Problem(
                path,
                "add an AWS::Lambda::Permission for events.amazonaws.com to invoke "
                f"{function.name} with "
                "this rule's ARN as SourceArn",
            )
        queue = world.find("AWS::SQS::Queue", arn)
        if queue is not None and not _admitted(schedule, queue):
            yield Problem(
                path, f"allow events.amazonaws.com to send to {queue.name} in its QueuePolicy"
            )


@rule(
    _RULE,
    words="EventBridge may not send to the dead-letter queue, so what it cannot deliver is lost",
    source=_DLQ,
    enforced=Enforced.NEVER,
)
def a_rules_dead_letter_queue_admits_it(schedule: Resource) -> Iterator[Problem]:
    for index, each in enumerate(schedule.list("Targets")):
        path = f"Targets[{index}].DeadLetterConfig"
        arn = each.get("DeadLetterConfig", {}).get("Arn")
        queue = schedule.world.find("AWS::SQS::Queue", arn)
        if arn is not None and str(arn).endswith(".fifo"):
            yield Problem(
                path,
                "name a standard queue",
                "Parameter DeadLetterConfig.Arn is not valid. Reason: a FIFO queue is not "
                "supported",
                Enforced.CREATION,
            )
        if queue is not None and not _admitted(schedule, queue):
            yield Problem(
                path,
                f"allow events.amazonaws.com to sqs:SendMessage to {queue.name} in its "
                "QueuePolicy, with "
                "this rule as aws:SourceArn",
            )


def _admitted(schedule: Resource, queue: Resource) -> bool:
    arguments = ("events.amazonaws.com", "sqs:SendMessage", schedule.arn)
    return any(admitting("AWS::SQS::QueuePolicy", "Queues", queue, *arguments))


# https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
_SAGEMAKER_EVENTS = {
    f"SageMaker {each} Change"
    for each in (
        *("Training Job State", "HyperParameter Tuning Job State", "Transform Job State"),
        *("Endpoint State", "Endpoint Config State", "Endpoint Deployment State", "Model State"),
        *("Feature Group State", "Model Package State", "Model Package Group State"),
        *(
            "Model Building Pipeline Execution Status",
            "Model Building Pipeline Execution Step Status",
        ),
        *("Image State", "Image Version State", "Model Card State", "Algorithm State"),
    )
}


@rule(
    _RULE,
    words="Event pattern is not valid.",
    source="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html",
)
def an_event_pattern_is_well_formed(schedule: Resource) -> Iterator[Problem]:
    yield from malformed(
        schedule.get("EventPattern"), "EventPattern", "Event pattern is not valid. Reason:"
    )


@rule(
    _RULE,
    words="Event pattern is not valid. Reason: Pattern exceeds the maximum length.",
    source="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html",
    measures=True,
)
def an_event_pattern_is_not_too_long(schedule: Resource) -> Iterator[Problem]:
    pattern = schedule.get("EventPattern")
    text = pattern if isinstance(pattern, str) else json.dumps(pattern or {})
    if len(text) > _PATTERN_CHARACTERS:
        yield Problem(
            "EventPattern",
            f"shorten the pattern from {len(text):,} to {_PATTERN_CHARACTERS:,} characters",
        )


@rule(
    _RULE,
    words="No event has this detail-type, so the rule never matches",
    source="https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html",
    enforced=Enforced.NEVER,
)
def a_rule_is_about_an_event_that_sagemaker_sends(schedule: Resource) -> Iterator[Problem]:
    pattern = schedule.get("EventPattern")
    if not isinstance(pattern, dict) or as_list(pattern.get("source")) != ["aws.sagemaker"]:
        return
    for kind in as_list(pattern.get("detail-type")):
        if isinstance(kind, str) and kind not in _SAGEMAKER_EVENTS:
            yield Problem(
                "EventPattern.detail-type",
                "name an event that SageMaker sends, such as SageMaker Endpoint State Change, "
                f"not {kind}",
            )
