"""The route document that the template owns, and its check."""

import pytest
from relay.delivery.report import Count
from relay.routes.compiled import Routes

from tests.support.results.addressing import addressed
from tests.template.template import (
    deployed,
    resolve,
    resource,
    role_statements,
    target,
    transformed,
)

KEY = "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-1111-2222-333344445555"


def document() -> str:
    """The parameter's document by default."""
    return resolve(resource("RoutesParameter").properties["Value"])


def test_completed_results_and_all_others_have_a_queue_each_by_default() -> None:
    routes = Routes.read(document())

    went = {
        outcome: [
            (each.route, each.target.name)
            for each in addressed(routes, {"id": "a" * 32, "data": {"outcome": outcome}})
        ]
        for outcome in ("completed", "failed", "expired", "rejected")
    }
    assert went == {
        "completed": [("completed", "relay-completed.fifo")],
        "failed": [("otherwise", "relay-failed.fifo")],
        "expired": [("otherwise", "relay-failed.fifo")],
        "rejected": [("otherwise", "relay-failed.fifo")],
    }


def test_a_document_that_is_given_takes_its_place() -> None:
    _, given, _ = resource("RoutesParameter").properties["Value"]["Fn::If"]

    assert given == {"Ref": "Routes"}


def test_what_is_checked_is_what_is_put_into_the_parameter_and_before_it_is_put_there() -> None:
    parameter = transformed()["Resources"]["RoutesParameter"]

    assert parameter["DependsOn"] in ("CheckedRoutes", ["CheckedRoutes"])
    checked = resource("CheckedRoutes").properties
    assert checked["Document"] == parameter["Properties"]["Value"]
    assert target(checked["ServiceToken"]) == "ProvisionFunction"


def test_the_check_knows_the_relays_own_queues_and_what_the_deployment_adds() -> None:
    checked = resource("CheckedRoutes").properties

    own = {resolve(arn) for arn in checked["OwnTargetArns"]}
    routes = Routes.read(document())
    named = {rule.target.arn for rule in (*routes.routes, routes.otherwise)}
    assert own == named
    assert checked["RouteTargetArns"] == {"Ref": "RouteTargetArns"}


def test_the_parameters_name_does_not_begin_as_parameter_store_forbids() -> None:
    """`aws` and `ssm` are reserved, and a stack may be called aws-something."""
    name = resolve(resource("RoutesParameter").properties["Name"])

    assert name == "/async-inference-relay/relay/routes"


def test_route_may_send_to_the_relays_own_queues_and_further_on_only_as_it_is_listed() -> None:
    policies = transformed()["Resources"]["RouteRole"]["Properties"]["Policies"]
    (own,) = (each for each in role_statements() if each.document["Sid"] == "SendResults")

    further = {each["Fn::If"][0]: each["Fn::If"] for each in policies if "Fn::If" in each}

    condition, policy, otherwise = further.pop("HasRouteTargets")
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert [target(arn) for arn in own.resources] == ["CompletedQueue", "FailedQueue"]
    assert condition == "HasRouteTargets"
    assert statement["Action"] == ["sqs:SendMessage", "sns:Publish", "events:PutEvents"]
    assert statement["Resource"] == {"Ref": "RouteTargetArns"}
    assert otherwise == {"Ref": "AWS::NoValue"}
    assert list(further) == ["HasRouteTargetKeys"]


@pytest.mark.parametrize("keys", ["", KEY, f"{KEY},{KEY}2"])
def test_route_may_use_just_the_keys_of_encrypted_targets(keys: str) -> None:
    """Both actions, for queues and topics.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    role = deployed(RouteTargetKeyArns=keys)["RouteRole"]

    statements = [
        (sorted(statement["Action"]), statement["Resource"])
        for policy in role.properties["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if "kms:" in str(statement["Action"])
    ]
    granted = (["kms:Decrypt", "kms:GenerateDataKey"], {"Ref": "RouteTargetKeyArns"})
    assert statements == ([granted] if keys else [])


def test_route_reads_the_one_parameter_and_no_other() -> None:
    (read,) = (each for each in role_statements() if each.document["Sid"] == "ReadRoutes")

    (arn,) = (each["Fn::Sub"] for each in read.resources)

    # The parameter's name begins with the slash that ends "parameter/" in the ARN.
    assert resolve(resource("RoutesParameter").properties["Name"]).startswith("/")
    assert arn.endswith(":parameter${RoutesParameter}")
    assert read.actions == ["ssm:GetParameter", "ssm:GetParameterHistory"]


def test_the_alarm_watches_what_route_counts_while_the_latest_document_cannot_be_used() -> None:
    alarm = resource("RoutesUnusableAlarm").properties
    variables = transformed()["Resources"]["RouteFunction"]["Properties"]["Environment"][
        "Variables"
    ]

    assert alarm["MetricName"] == Count.ROUTES_UNUSABLE
    assert alarm["Namespace"] == variables["POWERTOOLS_METRICS_NAMESPACE"]
    assert alarm["Dimensions"] == [
        {"Name": "service", "Value": variables["POWERTOOLS_SERVICE_NAME"]}
    ]
