"""The policy of whoever deploys suffices for the template's resources, and for no other stack's."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from ministack.core import iam_evaluator

from local.cloudformation.resolution import TemplateResource
from local.stack.settings import REPOSITORY
from tests.template.deployer.policy import actions, document, files, replaced, rows, table
from tests.template.iam.arns import fits
from tests.template.iam.check import problems
from tests.template.iam.reference import action, matching
from tests.template.iam.statements import statements
from tests.template.template import transformed, world

ACCOUNT, REGION = "123456789012", "us-east-1"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/own"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
WORDS = {
    "PARTITION": "aws",
    "REGION": REGION,
    "ACCOUNT": ACCOUNT,
    "DATA-BUCKET": f"relay-data-{ACCOUNT}-{REGION}",
    "ARTIFACT-BUCKET": "artifacts",
    "STACK": "relay",
    "BOUNDARY": BOUNDARY,
    '"KEY"': f'"{KEY}"',
}
VIA = {"aws:calledvia": ["cloudformation.amazonaws.com"]}
# What reaches a mapping's permissions, and the passing and binding of roles.
CONTEXT = {
    **VIA,
    "lambda:functionarn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:relay-SubmitFunction",
    "iam:passedtoservice": "lambda.amazonaws.com",
    "iam:permissionsboundary": BOUNDARY,
}
# IAM's limit for a managed policy, without white space.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MANAGED_POLICY_CHARACTERS = 6_144
PARTS = ("data", "functions")
HANDLERS = ("create", "read", "update", "delete")
TYPES = sorted(
    {each["Type"] for each in transformed()["Resources"].values()} - {"AWS::CloudFormation::Macro"}
)
REGISTERED = [each for each in TYPES if each.startswith("AWS::")]


@cache
def needed(resource_type: str) -> frozenset[str]:
    """The permissions of the handlers of a type that IAM knows, in IAM's letter case."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, resource_type).schema
    handlers = schema["handlers"]
    named = {
        permission
        for handler in HANDLERS
        for permission in handlers.get(handler, {}).get("permissions", [])
    }
    return frozenset(found.name for each in named if (found := action(each)))


def not_needed(resource_type: str) -> frozenset[str]:
    return frozenset(
        each
        for entry in table()["not_needed"]
        if resource_type in entry["types"].split()
        for each in actions(entry)
    )


@cache
def granted() -> frozenset[str]:
    return frozenset(
        found.name
        for entry in table()["statements"]
        for each in actions(entry)
        for found in matching(each)
    )


@pytest.mark.parametrize("resource_type", REGISTERED)
def test_every_permission_of_a_handler_is_granted_or_not_needed(resource_type: str) -> None:
    assert needed(resource_type)

    missing = needed(resource_type) - granted() - not_needed(resource_type)

    assert missing == set()


@pytest.mark.parametrize("entry", table()["not_needed"], ids=lambda each: each["reason"])
def test_what_is_not_needed_is_of_a_handler(entry: dict[str, Any]) -> None:
    known = {each for kind in entry["types"].split() for each in needed(kind)}

    assert set(entry["types"].split()) <= set(TYPES)
    assert set(actions(entry)) <= known


@pytest.mark.parametrize("entry", table()["statements"], ids=lambda each: each["name"])
def test_every_granted_action_is_of_a_handler_or_has_a_source(entry: dict[str, Any]) -> None:
    of_handlers = {each for kind in REGISTERED for each in needed(kind) - not_needed(kind)}
    beside = set(entry.get("beside", ())) | (set(actions(entry)) if "source" in entry else set())

    unknown = {
        each
        for each in actions(entry)
        if each not in beside and not of_handlers & {found.name for found in matching(each)}
    }

    assert unknown == set()


def named() -> list[tuple[TemplateResource, str]]:
    """Resources with an ARN that the template or CloudFormation names after the stack."""
    stack = world()
    found = (stack.named(name) for name in stack.template.resources if stack.exists(name))
    return [(each, each.arn) for each in found if each.arn]


@cache
def parsed(bounded: bool) -> Any:
    documents = (document(part, bounded=bounded) for part in PARTS)
    return [iam_evaluator.parse_policy_document(replaced(each, WORDS)) for each in documents]


def is_allowed(
    name: str, arn: str, bounded: bool = False, context: dict[str, Any] = CONTEXT
) -> bool:
    question = iam_evaluator.EvalContext(
        principal_arn=f"arn:aws:iam::{ACCOUNT}:user/deployer",
        principal_type="User",
        principal_account=ACCOUNT,
        action=name,
        resource_arn=arn,
        region=REGION,
        secure_transport=True,
        service_context=context,
    )
    return bool(iam_evaluator.evaluate(question, parsed(bounded)).decision == "Allow")


def of_the_resource(resource_type: str, arn: str) -> Iterator[str]:
    """The granted handler permissions that IAM decides by this ARN."""
    for name in sorted(needed(resource_type) - not_needed(resource_type)):
        found = action(name)
        if found and any(fits(arn, form) for form in found.forms):
            yield name


@pytest.mark.parametrize("bounded", [False, True], ids=["without", "with a boundary"])
@pytest.mark.parametrize(("resource", "arn"), named(), ids=[each.name for each, _ in named()])
def test_a_resource_is_managed_and_not_that_of_another_stack(
    resource: TemplateResource, arn: str, bounded: bool
) -> None:
    other = arn.replace("relay", "other") if resource.type != "AWS::KMS::Key" else ""
    asked = list(of_the_resource(resource.type, arn))
    assert asked

    denied = [name for name in asked if not is_allowed(name, arn, bounded)]
    wide = [name for name in asked if other and is_allowed(name, other, bounded)]

    assert denied == []
    # CloudWatch describes every alarm, and no alarm alone.
    assert wide == (["cloudwatch:DescribeAlarms"] if ":alarm:" in arn else [])


@pytest.mark.parametrize(
    ("name", "arn", "key", "value"),
    [
        ("kms:ScheduleKeyDeletion", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/a", "aws:calledvia", None),
        ("kms:CreateKey", "*", "aws:calledvia", None),
        (
            "lambda:CreateEventSourceMapping",
            "*",
            "lambda:functionarn",
            f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:other",
        ),
        (
            "iam:PassRole",
            f"arn:aws:iam::{ACCOUNT}:role/relay-a",
            "iam:passedtoservice",
            "ec2.amazonaws.com",
        ),
    ],
)
def test_a_condition_narrows_what_has_no_name_of_the_stack(
    name: str, arn: str, key: str, value: str | None
) -> None:
    context = {**CONTEXT, key: value} if value else {k: v for k, v in CONTEXT.items() if k != key}

    assert is_allowed(name, arn)
    assert not is_allowed(name, arn, context=context)


@pytest.mark.parametrize(
    "name",
    [
        "iam:CreateRole",
        "iam:PutRolePolicy",
        "iam:AttachRolePolicy",
        "iam:PutRolePermissionsBoundary",
    ],
)
def test_with_a_boundary_no_role_without_it_gets_a_permission(name: str) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/relay-SubmitRole"
    unbound = {key: value for key, value in CONTEXT.items() if key != "iam:permissionsboundary"}
    another = {**CONTEXT, "iam:permissionsboundary": f"{BOUNDARY}-other"}

    assert is_allowed(name, role, bounded=True)
    assert not is_allowed(name, role, bounded=True, context=unbound)
    assert not is_allowed(name, role, bounded=True, context=another)
    assert is_allowed(name, role, bounded=False, context=unbound)


def test_no_role_loses_its_boundary() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/relay-SubmitRole"

    assert not is_allowed("iam:DeleteRolePermissionsBoundary", role, bounded=True)


@pytest.mark.parametrize(("name", "text"), files().items(), ids=files())
def test_a_policy_says_what_iam_understands_and_fits_into_a_managed_policy(
    name: str, text: str
) -> None:
    policy = replaced(json.loads(text), WORDS)
    # The reference does not list a transform, of which the page of SAM's has the ARN.
    policy["Statement"] = [each for each in policy["Statement"] if each["Sid"] != "UseTransform"]
    resource = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": policy}}

    found = statements({"Resources": {name: resource}})

    assert [problem for each in found for problem in problems(each)] == []
    assert len(re.sub(r"\s", "", text)) <= MANAGED_POLICY_CHARACTERS


def test_the_page_has_every_file_statement_and_word() -> None:
    page = (REPOSITORY / "docs/how-to/deploy.md").read_text()
    words = set(re.findall(r"\b[A-Z]{3,}(?:-[A-Z]+)*\b", "".join(files().values())))

    assert rows() in page
    assert [name for name in files() if f"(../reference/policies/{name})" not in page] == []
    assert [word for word in sorted(words) if f"`{word}`" not in page] == []
