"""`doctor`: what is wrong with a deployed stack, and what to do."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Annotated

import typer

from relayctl.commands import Context
from relayctl.deployment import Deployment
from relayctl.doctor.account import Account, Gone, NotChecked
from relayctl.doctor.drift import RESTORE, Kind
from relayctl.doctor.expected import Resource, Stack
from relayctl.doctor.findings import Call, Finding, Severity
from relayctl.doctor.subjects import (
    alarms,
    buckets,
    endpoint,
    queues,
    roles,
    routes,
    schedules,
    stack,
    support,
    tables,
    topics,
)
from relayctl.doctor.subjects.functions import functions, mappings, permissions
from relayctl.errors import Exit, RelayctlError
from relayctl.output import Output, plain
from relayctl.progress import progress

Check = Callable[[Stack, Account], Iterator[Finding]]

KINDS: Sequence[Kind] = (
    *buckets.KINDS,
    *queues.KINDS,
    *tables.KINDS,
    *functions.KINDS,
    *mappings.KINDS,
    *topics.KINDS,
    *schedules.KINDS,
    *roles.KINDS,
    *alarms.KINDS,
    *support.KINDS,
)
# What is no difference from the template, in the order of the report.
CHECKS: Sequence[Check] = (
    stack.status,
    stack.outputs,
    stack.resources,
    endpoint.endpoint,
    endpoint.life,
    functions.state,
    mappings.state,
    queues.dead_letters,
    alarms.state,
    routes.routes,
    buckets.existing,
    topics.alarm_topic,
    support.keys,
)
# These compare with the template too, and wait for the end of an update.
COMPARING: Sequence[Check] = (
    functions.code,
    functions.code_of_layer,
    permissions.permissions,
    permissions.further,
    mappings.further,
    roles.further_policies,
)

NEEDS = (
    *("cloudformation:GetTemplate", "cloudformation:ListStackResources", "lambda:InvokeFunction"),
    *("lambda:GetFunctionConfiguration", "lambda:GetFunctionConcurrency", "lambda:GetPolicy"),
    *("lambda:GetFunctionRecursionConfig", "kms:GetKeyPolicy"),
    *("lambda:GetFunctionEventInvokeConfig", "lambda:GetEventSourceMapping"),
    *("lambda:ListEventSourceMappings", "lambda:GetLayerVersion", "sqs:GetQueueAttributes"),
    *("sqs:GetQueueUrl", "sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic"),
    *("sns:GetSubscriptionAttributes", "events:DescribeRule", "events:ListTargetsByRule"),
    *("events:DescribeEventBus", "cloudwatch:DescribeAlarms", "cloudwatch:GetDashboard"),
    *("dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive"),
    *("dynamodb:DescribeContinuousBackups", "iam:GetRole", "iam:GetRolePolicy"),
    *("iam:ListRolePolicies", "iam:ListAttachedRolePolicies", "iam:GetPolicy"),
    *("iam:GetPolicyVersion", "s3:GetBucketNotification", "s3:GetEncryptionConfiguration"),
    *("s3:GetBucketPublicAccessBlock", "s3:GetBucketOwnershipControls", "s3:GetBucketVersioning"),
    *("s3:GetBucketLogging", "s3:GetLifecycleConfiguration", "s3:GetBucketPolicy"),
    *("s3:GetObject", "kms:DescribeKey", "kms:GetKeyRotationStatus", "logs:DescribeLogGroups"),
    *("ssm:GetParameter", "sagemaker:DescribeEndpoint", "sagemaker:DescribeEndpointConfig"),
    *("application-autoscaling:DescribeScalableTargets",),
    *("application-autoscaling:DescribeScalingPolicies",),
)

_THREADS = 12
_NOT_CHECKED = " was not checked: "
_COLORS = {
    Severity.ERROR: "bold red",
    Severity.WARNING: "yellow",
    Severity.UNKNOWN: "magenta",
    Severity.NOTE: "dim",
}


def doctor(
    context: Context,
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            help="Leave out findings of this name, as --json shows it in `check`. Repeat for "
            "several.",
            show_default=False,
        ),
    ] = None,
) -> Exit:
    """Look for what is wrong with the stack, and say for each finding what to do.

    Compares each resource with the template that was deployed, and looks at what does not depend on
    it: messages in dead-letter queues, alarms in ALARM, the endpoint, the route document. What your
    permissions do not show is reported as not checked. Ends with 1 if something needs a person.
    """
    with progress(context.output, "Looking at the stack") as advance:
        found = examine(context.deployment, advance)
    findings = [each for each in found if each.check not in (ignore or ())]
    _print(context.output, context.deployment, findings)
    good = all(each.severity is Severity.NOTE for each in findings)
    return Exit.DONE if good else Exit.ATTENTION


def examine(
    deployment: Deployment, advance: Callable[[int], None] = lambda _: None
) -> list[Finding]:
    """Return what is found, the most severe first. `advance` is called with each check.

    Raises:
        RelayctlError: there is no such stack.
    """
    account = Account(deployment)
    try:
        expected = Stack(account)
    except (NotChecked, Gone) as error:
        return [_not_checked(deployment.stack_name, "the stack", error)]
    if "ReconcileFunctionName" not in expected.document.get("Outputs", {}):
        raise RelayctlError(
            f"stack {deployment.stack_name} is not a stack of the relay: check --stack-name"
        )
    if not stack.is_there(expected):
        return list(stack.status(expected, account))
    tasks = [*_checks(expected, account), *_comparisons(expected, account)]
    findings: list[Finding] = []
    with ThreadPoolExecutor(_THREADS) as threads:
        for found in threads.map(lambda task: task(), tasks):
            findings += found
            advance(1)
    order = list(Severity)
    return sorted(_merged(findings), key=lambda each: order.index(each.severity))


def _merged(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Report a permission that is missing for several resources once."""
    unchecked: dict[str, list[Finding]] = {}
    for each in findings:
        if each.severity is Severity.UNKNOWN:
            unchecked.setdefault(each.problem.partition(_NOT_CHECKED)[2], []).append(each)
        else:
            yield each
    for reason, same in unchecked.items():
        whats = dict.fromkeys(each.problem.partition(_NOT_CHECKED)[0] for each in same)
        verb = _NOT_CHECKED if len(whats) == 1 else _NOT_CHECKED.replace("was", "were")
        yield replace(same[0], problem=f"{', '.join(whats)}{verb}{reason}")


Task = Callable[[], list[Finding]]


def _checks(expected: Stack, account: Account) -> Iterator[Task]:
    comparing = COMPARING if stack.is_steady(expected) else ()
    for check in (*CHECKS, *comparing):

        def task(check: Check = check) -> list[Finding]:
            name = check.__name__.replace("_", " ")
            return _found(check(expected, account), expected.name, name)

        yield task


def _comparisons(expected: Stack, account: Account) -> Iterator[Task]:
    if not stack.is_steady(expected):
        return
    for kind in KINDS:
        for resource in expected.of(kind.type):

            def task(kind: Kind = kind, resource: Resource = resource) -> list[Finding]:
                differences = kind.differences(expected, account, resource)
                return _found(differences, resource.name, f"{kind.noun} {resource.id}")

            if resource.id:
                yield task


def _found(findings: Iterable[Finding], resource: str, what: str) -> list[Finding]:
    """Collect what a check finds until it cannot read any further. The others go on."""
    found: list[Finding] = []
    try:
        found.extend(findings)
    except (NotChecked, Gone) as error:
        found.append(_not_checked(resource, what, error))
    return found


def _not_checked(resource: str, what: str, error: NotChecked | Gone) -> Finding:
    if isinstance(error, Gone):
        reason = f"something that it asks for does not exist ({error.action}: {error.code})"
        action = "Do what the other findings say, and run the command again"
    else:
        reason, action = error.reason, error.action
    return Finding(
        "not-checked", Severity.UNKNOWN, resource, f"{what}{_NOT_CHECKED}{reason}", action
    )


def _print(output: Output, deployment: Deployment, findings: Sequence[Finding]) -> None:
    numbers = Counter(each.severity for each in findings)
    restore = revert_drift(deployment)
    restores = [each for each in findings if each.action == RESTORE]
    output.document(
        {
            "stack": deployment.stack_name,
            "status": deployment.description["StackStatus"],
            "needs_a_person": any(each is not Severity.NOTE for each in numbers),
            "findings": [
                {**each.to_json(), "commands": restore} if each in restores else each.to_json()
                for each in findings
            ],
        }
    )
    for each in findings:
        output.text(
            f"[{_COLORS[each.severity]}]{each.severity.value}[/]  [bold]{plain(each.resource)}[/]  "
            f"[dim]{plain(each.check)}[/]",
            f"  {plain(each.problem)}",
            f"  → {plain(each.action)}",
            *(f"    {plain(command)}" for command in each.commands),
            "",
        )
    if restores:
        output.text("A drift-aware change set: create it, look at it, then execute it:")
        output.text(*(f"    {plain(command)}" for command in restore), "")
    counted = ", ".join(
        f"{numbers[each]} {each.value}{'s' * _plural(each, numbers[each])}"
        for each in Severity
        if numbers[each]
    )
    output.text(counted or f"[green]stack {plain(deployment.stack_name)}: nothing found[/]")


def _plural(severity: Severity, number: int) -> bool:
    return number != 1 and severity is not Severity.UNKNOWN


def revert_drift(deployment: Deployment) -> list[str]:
    """Return the commands for a change set that undoes what was changed by hand: to create it, to
    look at it, and to execute it.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html
    """
    change_set = {"StackName": deployment.stack_name, "ChangeSetName": "restore"}
    given = {
        **change_set,
        "UsePreviousTemplate": True,
        "DeploymentMode": "REVERT_DRIFT",
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    }
    previous = (f"ParameterKey={name},UsePreviousValue=true" for name in deployment.parameters)
    create = Call("cloudformation", "create_change_set", given)
    return [
        f"{create} --parameters {' '.join(previous)}",
        str(Call("cloudformation", "describe_change_set", change_set)),
        str(Call("cloudformation", "execute_change_set", change_set)),
    ]
