"""The policies of a stack, and what they decide about a call.

The evaluator is MiniStack's, which is not the project's own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from ministack.core import iam_evaluator

from local.cloudformation.resolution import TemplateResource, TemplateWorld
from local.cloudformation.world import as_list
from tests.template.iam.statements import Kind
from tests.template.permissions.table import ACCOUNT, Call, document

Document = Mapping[str, Any]

_CARRIERS = {
    "AWS::SQS::QueuePolicy": ("Queues", "AWS::SQS::Queue"),
    "AWS::SNS::TopicPolicy": ("Topics", "AWS::SNS::Topic"),
    "AWS::S3::BucketPolicy": ("Bucket", "AWS::S3::Bucket"),
}


@dataclass(frozen=True, eq=False)
class Policy:
    """`subjects`: the roles that have an identity policy, or the ARNs that have another one."""

    owner: str
    kind: Kind
    subjects: tuple[str, ...]
    document: Document

    @property
    def statements(self) -> list[dict[str, Any]]:
        return as_list(self.document["Statement"])

    def is_of(self, arn: str) -> bool:
        """Whether the policy is that of the resource; a bucket's is that of its objects too."""
        is_object = arn.startswith("arn:aws:s3:::")
        return (arn.split("/")[0] if is_object else arn) in self.subjects

    def is_identity_of(self, caller: str) -> bool:
        return self.kind is Kind.IDENTITY and caller in self.subjects


# What a principal of the account has that the template knows nothing of.
OUTSIDE = Policy(
    ACCOUNT,
    Kind.IDENTITY,
    (ACCOUNT,),
    {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
)


def policies_of(world: TemplateWorld) -> list[Policy]:
    """Every policy of the template, with its names resolved."""
    return [policy for name in world.template.resources for policy in _policies(world, name)]


def restricted(policies: Sequence[Policy]) -> list[str]:
    """Patterns of the resources that have policies of their own."""
    return [
        pattern
        for policy in policies
        if policy.kind is Kind.RESOURCE and ":lambda:" not in policy.subjects[0]
        for arn in policy.subjects
        for pattern in (arn, f"{arn}/*")
    ]


def is_allowed(call: Call, policies: Sequence[Policy]) -> bool:
    """What IAM decides: a denial in any policy wins.

    A role needs an identity policy that allows the call. A service, and a stranger, need the
    resource's own.
    """
    context = _context(call)
    identity = [_parsed(each) for each in (*policies, OUTSIDE) if each.is_identity_of(call.caller)]
    service = call.caller if call.is_of_a_service else None
    answers = [
        iam_evaluator.evaluate(context, identity),
        *(
            iam_evaluator.evaluate_resource_policy(dict(each.document), context, service=service)
            for each in policies
            if each.is_of(call.resource)
        ),
    ]
    decisions = {answer.decision for answer in answers}
    return "Deny" not in decisions and "Allow" in decisions


@cache
def _parsed(policy: Policy) -> Any:
    return iam_evaluator.parse_policy_document(dict(policy.document))


def _context(call: Call) -> iam_evaluator.EvalContext:
    role = f"arn:aws:sts::123456789012:assumed-role/{call.caller}/session"
    is_role = not call.is_of_a_service and not call.caller.startswith("arn:")
    values = {
        key.lower(): list(value) if isinstance(value, tuple) else value
        for key, value in call.context.items()
    }
    return iam_evaluator.EvalContext(
        principal_arn=role if is_role else call.caller,
        principal_type="AssumedRole",
        principal_account="123456789012",
        action=call.action,
        resource_arn=call.resource,
        region="us-east-1",
        secure_transport=call.secure,
        service_context=values,
    )


def _policies(world: TemplateWorld, name: str) -> Iterator[Policy]:
    if not world.exists(name):
        return
    resource = world.named(name)
    match resource.type:
        case "AWS::IAM::Role":
            yield Policy(
                name, Kind.TRUST, (resource.arn,), resource.get("AssumeRolePolicyDocument")
            )
            for each in resource.list("Policies"):
                yield Policy(name, Kind.IDENTITY, (name,), each["PolicyDocument"])
        case "AWS::IAM::Policy":
            roles = tuple(_role(world, each) for each in resource.list("Roles"))
            yield Policy(name, Kind.IDENTITY, roles, resource.get("PolicyDocument"))
        case "AWS::IAM::ManagedPolicy":
            attached = tuple(
                role.name
                for role in world.all("AWS::IAM::Role")
                if resource.reference in role.list("ManagedPolicyArns")
            )
            yield Policy(name, Kind.IDENTITY, attached, resource.get("PolicyDocument"))
        case "AWS::Lambda::Permission":
            yield _permission(world, resource)
        case kind if kind in _CARRIERS:
            targets, carrier = _CARRIERS[kind]
            found = [world.find(carrier, each) for each in resource.list(targets)]
            arns = tuple(each.arn for each in found if each is not None)
            yield Policy(name, Kind.RESOURCE, arns, resource.get("PolicyDocument"))


def _role(world: TemplateWorld, name: str) -> str:
    found = world.find("AWS::IAM::Role", name)
    if found is not None:
        return found.name
    (role,) = (str(role) for role, own in document()["roles"].items() if own == name)
    return role


def _permission(world: TemplateWorld, permission: TemplateResource) -> Policy:
    """The statement that AddPermission adds to the policy of a function.

    https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
    """
    function = world.find("AWS::Lambda::Function", permission.get("FunctionName"))
    assert function is not None
    sources = {
        "ArnLike": {"aws:SourceArn": permission.get("SourceArn")},
        "StringEquals": {"aws:SourceAccount": permission.get("SourceAccount")},
    }
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": permission.get("Principal")},
        "Action": permission.get("Action"),
        "Resource": function.arn,
        "Condition": {
            operator: tests for operator, tests in sources.items() if None not in tests.values()
        },
    }
    return Policy(permission.name, Kind.RESOURCE, (function.arn,), {"Statement": [statement]})
