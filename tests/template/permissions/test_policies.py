"""Permissions: least privilege, and no confused deputy."""

import pytest
from relay.provision.specification.endpoint_properties import STACK_TAG
from samtranslator.yaml_helper import yaml_parse

from local.stack.settings import REPOSITORY
from tests.template.template import (
    Resource,
    Statement,
    deployed,
    resource_statements,
    resources,
    role_statements,
    target,
    trust_statements,
)

ALLOWED = [each for each in (*role_statements(), *resource_statements()) if each.allows]
SOURCES = {"aws:SourceArn", "aws:SourceAccount"}
OWN_ACCOUNT = {"Ref": "AWS::AccountId"}

# IAM knows no resource for it: it gives a token for the registry as a whole.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
WITHOUT_RESOURCE = ["ecr:GetAuthorizationToken"]

# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsapplicationautoscaling.html
DESCRIPTIONS = ["application-autoscaling:DescribeScheduledActions"]

# IAM knows no resource for them either. The condition excludes the code of the functions.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
BY_LAMBDA_ALONE = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"]

# PutMetricData knows no resource either, but a condition on the namespace.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
BY_NAMESPACE = ["cloudwatch:PutMetricData"]


def test_each_function_has_a_role_of_its_own() -> None:
    functions = resources("Lambda::Function")

    roles = {function.name: target(function.properties["Role"]) for function in functions}

    assert roles == {name: name.replace("Function", "Role") for name in roles}


def managed_policies(**parameters: str) -> dict[str, object]:
    return {
        role.name: role.properties["ManagedPolicyArns"]
        for role in deployed(**parameters).values()
        if role.type == "AWS::IAM::Role" and "ManagedPolicyArns" in role.properties
    }


def test_a_managed_policy_is_attached_only_when_a_parameter_asks_for_it() -> None:
    functions = {target(each.properties["Role"]) for each in resources("Lambda::Function")}

    assert managed_policies() == {}
    assert managed_policies(EndpointPolicyArns="arn:aws:iam::aws:policy/a") == {
        "EndpointExecutionRole": {"Ref": "EndpointPolicyArns"}
    }
    for parameter in ("KmsKeyArn", "SubnetIds", "SecurityGroupIds"):
        own = [{"Ref": "FunctionPolicy"}]
        assert managed_policies(**{parameter: "given"}) == dict.fromkeys(functions, own)


@pytest.mark.parametrize("statement", ALLOWED, ids=str)
def test_a_permission_names_its_actions_one_by_one(statement: Statement) -> None:
    assert "NotAction" not in statement.document
    assert not [action for action in statement.actions if "*" in action]


@pytest.mark.parametrize("statement", ALLOWED, ids=str)
def test_a_permission_names_its_resources(statement: Statement) -> None:
    assert "NotResource" not in statement.document
    # A queue's policy applies to that queue alone.
    if "*" in statement.resources and statement.owner.type != "AWS::SQS::QueuePolicy":
        key = {
            tuple(WITHOUT_RESOURCE): None,
            tuple(DESCRIPTIONS): None,
            tuple(BY_NAMESPACE): "cloudwatch:namespace",
            tuple(BY_LAMBDA_ALONE): "lambda:SourceFunctionArn",
        }[tuple(statement.actions)]
        assert key is None or key in statement.conditions


@pytest.mark.parametrize("statement", ALLOWED, ids=str)
def test_every_statement_has_a_sid_that_says_what_it_is_for(statement: Statement) -> None:
    assert statement.document["Sid"].isalnum()


def test_no_two_statements_of_a_role_share_a_name() -> None:
    names = [str(statement) for statement in role_statements()]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize("statement", resource_statements(), ids=str)
def test_no_statement_allows_every_principal(statement: Statement) -> None:
    principal = statement.document["Principal"]
    everyone = principal == "*" or (isinstance(principal, dict) and "*" in str(principal))

    assert not (everyone and statement.allows)


@pytest.mark.parametrize(
    "statement",
    [each for each in resource_statements() if each.owner.type != "AWS::S3::BucketPolicy"],
    ids=str,
)
def test_a_policy_of_a_queue_or_topic_is_about_the_one_that_carries_it(
    statement: Statement,
) -> None:
    """SNS: `Policy statement must apply to a single resource!`; SQS: `Value … is invalid`.

    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html
    """
    carriers = statement.owner.properties.get("Topics") or statement.owner.properties["Queues"]
    if statement.resources == ["*"]:  # in a policy that several queues carry, the carrier itself
        assert statement.owner.type == "AWS::SQS::QueuePolicy"
        return

    (carrier,) = carriers
    assert [target(each) for each in statement.resources] == [target(carrier)]


def test_a_policy_of_a_queue_in_the_example_is_about_the_one_that_carries_it() -> None:
    found = yaml_parse((REPOSITORY / "examples/consumer/template.yaml").read_text())["Resources"]

    carriers = []
    for policy in found.values():
        if policy["Type"] == "AWS::SQS::QueuePolicy":
            (queue,) = policy["Properties"]["Queues"]
            carriers.append(target(queue))
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
                name, _ = statement["Resource"]["Fn::GetAtt"]
                assert name == target(queue)
    assert sorted(carriers) == sorted(
        name for name, each in found.items() if each["Type"] == "AWS::SQS::Queue"
    )


@pytest.mark.parametrize(
    "statement", [each for each in resource_statements() if each.services], ids=str
)
def test_a_service_may_use_a_resource_only_for_this_stacks_own(statement: Statement) -> None:
    assert SOURCES & set(statement.conditions)


@pytest.mark.parametrize(
    "statement", [each for each in resource_statements() if each.allows], ids=str
)
def test_a_policy_of_a_resource_admits_a_service_and_no_account(statement: Statement) -> None:
    assert list(statement.document["Principal"]) == ["Service"]


@pytest.mark.parametrize("kind", ["DynamoDB::Table", "Logs::LogGroup", "Lambda::LayerVersion"])
def test_no_other_resource_has_a_policy(kind: str) -> None:
    assert [each.name for each in resources(kind) if "Policy" in "".join(each.properties)] == []


@pytest.mark.parametrize("permission", resources("Lambda::Permission"), ids=lambda each: each.name)
def test_a_service_may_invoke_a_function_only_for_this_stacks_own(permission: Resource) -> None:
    assert "SourceArn" in permission.properties


@pytest.mark.parametrize("statement", trust_statements(), ids=str)
def test_a_role_trusts_one_service_and_only_for_this_account(statement: Statement) -> None:
    (service,) = statement.services

    assert list(statement.document["Principal"]) == ["Service"]
    assert statement.conditions.get("aws:SourceAccount", OWN_ACCOUNT) == OWN_ACCOUNT
    # Lambda assumes a role only for functions of the account that passed it, which needs
    # iam:PassRole; it does not promise to send a source when it checks the role.
    assert service == "lambda.amazonaws.com" or SOURCES & set(statement.conditions)


@pytest.mark.parametrize(
    "statement", [each for each in ALLOWED if "iam:PassRole" in each.actions], ids=str
)
def test_a_role_is_handed_only_to_the_service_that_is_meant_to_have_it(
    statement: Statement,
) -> None:
    assert statement.actions == ["iam:PassRole"]
    assert statement.conditions["iam:PassedToService"] == "sagemaker.amazonaws.com"
    assert [target(each) for each in statement.resources] == ["EndpointExecutionRole"]


def test_the_endpoints_role_can_be_passed_at_all() -> None:
    assert any("iam:PassRole" in statement.actions for statement in ALLOWED)


def test_provision_is_denied_every_change_of_an_existing_endpoint() -> None:
    """The actions on the endpoint that any statement allows provision, without reads."""
    provision = [each for each in role_statements() if each.owner.name == "ProvisionRole"]
    (denied,) = (each for each in provision if not each.allows)

    changing = {
        action
        for each in provision
        if each.allows and denied.resources[0] in each.resources
        for action in each.actions
    }

    assert {"sagemaker:UpdateEndpoint", "sagemaker:DeleteEndpoint"} <= changing
    assert changing <= set(denied.actions)


def test_provision_deletes_under_any_name_only_what_has_the_tag_of_the_stack() -> None:
    stack_id = {"Ref": "AWS::StackId"}
    conditions: dict[str, set[object]] = {}
    for each in role_statements():
        if each.allows and any(":endpoint/*" in str(resource) for resource in each.resources):
            tag = each.conditions.get(f"aws:ResourceTag/{STACK_TAG}")
            for action in each.actions:
                conditions.setdefault(action, set()).add(str(tag))

    kinds = ("Endpoint", "EndpointConfig", "Model")
    assert conditions == {
        **{f"sagemaker:Describe{kind}": {"None"} for kind in kinds},
        **{f"sagemaker:Delete{kind}": {str(stack_id)} for kind in kinds},
    }
    assert deployed()["Endpoint"].properties["StackId"] == stack_id


ARN = "arn:aws:sagemaker:us-east-1:000000000000:endpoint/fraud--scores"


def permissions_on_endpoints(**parameters: str) -> dict[str, list[object]]:
    """Resources of the statements about the endpoint itself, by their names."""
    found = deployed(**parameters)
    return {
        statement["Sid"]: statement["Resource"]
        for role in ("SubmitRole", "ProvisionRole")
        for policy in found[role].properties["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Sid"] in ("SubmitRequests", "DenyEndpointChanges")
    }


@pytest.mark.parametrize("mode", ["existing", "none"])
def test_permissions_on_an_endpoint_with_upper_case_name_its_arn_too(mode: str) -> None:
    """IAM is case-sensitive, and SageMaker's ARNs are in lower case."""
    given = {"EndpointName": "Fraud--Scores", "EndpointMode": mode, "ExistingEndpointArn": ARN}
    permissions = permissions_on_endpoints(**given)

    denied = {"DenyEndpointChanges"} if mode == "existing" else set()
    assert permissions.keys() == {"SubmitRequests"} | denied
    assert all({"Ref": "ExistingEndpointArn"} in resources for resources in permissions.values())


def test_an_endpoint_of_the_relays_own_brings_no_permissions_on_another() -> None:
    permissions = permissions_on_endpoints(ExistingEndpointArn=ARN)

    assert not [sid for sid, each in permissions.items() if {"Ref": "ExistingEndpointArn"} in each]
