"""The table of calls beside what the functions call."""

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import relay.aws
from relay.aws.clients import LIMITS

from tests.template.permissions.policies import is_allowed
from tests.template.permissions.sweep import sweep
from tests.template.permissions.table import Call, Row, document
from tests.template.recorded_calls import functions
from tests.template.recorded_calls.checks import ACCOUNT, checks
from tests.template.recorded_calls.provision import ProvisionCall, provision
from tests.template.recorded_calls.sdk import SdkCall
from tests.template.template import world

_OWN = "relay"
_TAG = "aws:ResourceTag/async-inference-relay:stack"

created = cache(lambda: sweep("created"))


@cache
def sdk_calls() -> Mapping[str, list[SdkCall]]:
    """The calls of each role but provision's."""
    further = document()["stacks"]["created"]["RouteTargetArns"].split(",")
    each = [{"name": f"target-{number}", "to": arn} for number, arn in enumerate(further)]
    routes = json.dumps({"routes": each, "otherwise": {"to": further[0]}})
    own = str(_resolved("RoutesParameter", "Value"))
    names = ("Submit", "Route", "Reconcile", "Backfill")
    submit, route, reconcile, backfill = map(_environment, names)
    return {
        "SubmitRole": list(functions.submit(submit)),
        "RouteRole": list(functions.route(route, own, routes)),
        "ReconcileRole": list(functions.reconcile(reconcile)),
        "BackfillRole": list(functions.backfill(backfill)),
    }


@cache
def provision_calls() -> list[ProvisionCall]:
    return list(provision())


@cache
def checks_of_locations() -> list[SdkCall]:
    """The calls for buckets that the stack does not own."""
    properties = world(**document()["stacks"]["buckets"]).named("CheckedLocations").get()
    return list(functions.check_locations(properties))


@cache
def recorded() -> list[Call]:
    """Every check that the functions' calls lead to, each once."""
    found = [
        Call(role, each.action, each.resource, each.context)
        for role, calls in sdk_calls().items()
        for call in calls
        for each in checks(call)
    ]
    found += [call for made in provision_calls() for call in _of_provision(made)]
    return list({str(call): call for call in found}.values())


def _environment(function: str) -> dict[str, str]:
    variables = _resolved(f"{function}Function", "Environment")["Variables"]
    return {name: str(value) for name, value in variables.items()}


def _resolved(name: str, member: str) -> Any:
    return world(**document()["stacks"]["created"]).named(name).get(member)


def _of_provision(made: ProvisionCall) -> Iterator[Call]:
    """With the names of the table's stack in place of the simulation's."""
    stack = world(**document()["stacks"]["created"])
    for each in checks(made.call):
        context = dict(each.context)
        if made.tagged:
            context[_TAG] = str(stack.resolve({"Ref": "AWS::StackId"}))
        call = Call("ProvisionRole", each.action, each.resource, context)
        match each.action.partition(":")[0]:
            case "sagemaker" | "cloudwatch":
                yield replace(call, resource=_renamed(each.resource, made.endpoint))
            case "iam":
                yield replace(call, resource=stack.named("EndpointExecutionRole").arn)
            case "dynamodb":
                yield replace(call, resource=stack.named("LedgerTable").arn)
            case "sqs":
                yield replace(call, resource=stack.named("ProvisionDeadLetterQueue").arn)
            case _:
                yield call


def _renamed(arn: str, endpoint: str) -> str:
    """The ARN in the table's account, with its names in place of the simulation's."""
    *front, _, name = arn.split(":", 5)
    kind, separator, its_name = name.partition("/")
    if not separator:  # an alarm
        kind = kind.replace(":stack-wake-", f":{_OWN}-wake-", 1)
    elif its_name.lower() == endpoint.lower():
        its_name = _OWN
    elif its_name.startswith(f"{endpoint}-"):
        its_name = _OWN + its_name.removeprefix(endpoint)
    elif its_name.startswith(_OWN):
        its_name = f"former-{its_name}"
    return ":".join([*front, ACCOUNT, f"{kind}{separator}{its_name}"])


def _names(row: Row, call: Call) -> bool:
    """Whether the row is about a recorded call, whose keys have other values."""
    values = {key: choices[0] for key, choices in row.context.items() if key in call.context}
    return row.covers(replace(call, context=values))


def test_every_recorded_call_is_allowed() -> None:
    denied = [str(call) for call in recorded() if not is_allowed(call, created().policies)]

    assert not denied, "\n".join(denied)


def test_every_recorded_call_is_in_the_table() -> None:
    rows = created().stack.rows

    absent = [str(call) for call in recorded() if not any(_names(row, call) for row in rows)]

    assert not absent, "\n".join(absent)


def test_every_call_that_the_table_says_is_recorded_is_made() -> None:
    missing = [
        f"{row.callers[0]} {action} on {resource}: {row.by}"
        for row in created().stack.rows
        if row.is_recorded
        for action in row.actions
        for resource in row.resources
        if not any(
            _names(replace(row, actions=(action,), resources=(resource,)), call)
            for call in recorded()
        )
    ]

    assert not missing, "\n".join(missing)


def test_what_a_stack_for_an_existing_endpoint_needs_is_recorded_too() -> None:
    made = {(call.caller, call.action) for call in recorded()}

    rows = [row for row in sweep("existing").stack.rows if row.is_recorded]

    assert rows
    assert {(call.caller, call.action) for row in rows for call in row.calls()} <= made


def test_what_a_check_of_other_buckets_needs_is_recorded_and_allowed() -> None:
    found = sweep("buckets")
    needed = {(*row.actions, *row.resources) for row in found.stack.rows if row.is_recorded}
    made = [each for call in checks_of_locations() for each in checks(call)]

    assert {(each.action, each.resource) for each in made} == {
        (action, resource) for action, *resources in needed for resource in resources
    }
    for each in made:
        assert is_allowed(Call("ProvisionRole", each.action, each.resource), found.policies)


def test_every_operation_that_the_adapters_call_is_recorded() -> None:
    made = {call.operation for calls in sdk_calls().values() for call in calls}
    made |= {each.call.operation for each in provision_calls()}
    made |= {call.operation for call in checks_of_locations()}

    assert set(operations_of_the_adapters()) - made == set()


def operations_of_the_adapters() -> Iterator[str]:
    """Operations of the SDK that the code of the adapters names."""
    session = boto3.Session("test", "test", region_name="us-east-1")
    names: dict[str, str] = {}
    for service in LIMITS:
        names |= session.client(service).meta.method_to_api_mapping  # type: ignore[call-overload]
    del names["search"]  # a method of patterns too
    for path in Path(relay.aws.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in names:
                yield names[node.attr]
            elif isinstance(node, ast.Constant) and node.value in names:
                yield names[node.value]
