"""What CloudFormation itself refuses, for some combination of conditions."""

from collections.abc import Iterator
from typing import Any

from local.aws_rules.permissions.policies import attached_policies, trusts
from local.aws_rules.rule import Enforced, Problem, rule
from local.cloudformation.intrinsics import references
from local.cloudformation.resolution import TemplateResource, TemplateWorld
from local.cloudformation.world import Resource

_CONDITIONS = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/conditions-section-structure.html"
_DEPENDS = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html"
_DELETION = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html"
_SNAPSHOTS = (
    *("AWS::DocDB::DBCluster", "AWS::EC2::Volume", "AWS::ElastiCache::CacheCluster"),
    *("AWS::ElastiCache::ReplicationGroup", "AWS::Neptune::DBCluster", "AWS::RDS::DBCluster"),
    *("AWS::RDS::DBInstance", "AWS::Redshift::Cluster"),
)


@rule(
    "*",
    words="Template format error: Unresolved resource dependencies in the Resources block of the "
    "template",
    source=_CONDITIONS,
    enforced=Enforced.TEMPLATE,
)
def a_reference_is_to_a_resource_that_exists(resource: Resource) -> Iterator[Problem]:
    if isinstance(resource, TemplateResource):
        for path, name in _unresolved(resource.world, resource.properties, ""):
            yield Problem(
                path,
                f"reference {name} only where it exists: put the reference under !If with the "
                "condition of "
                f"{name}, or give both the same Condition",
                f"Template format error: Unresolved resource dependencies [{name}] in the "
                "Resources block of "
                "the template",
            )


@rule(
    "*",
    words="Template format error: Unresolved resource dependencies in the Outputs block of the "
    "template",
    source=_CONDITIONS,
    enforced=Enforced.TEMPLATE,
)
def an_output_is_of_a_resource_that_exists(resource: Resource) -> Iterator[Problem]:
    """Found at the resource that does not exist, since an output is none."""
    if not isinstance(resource, TemplateResource):
        return
    world = resource.world
    # Once a template: outputs belong to no resource.
    if resource.name != next(iter(world.template.resources)):
        return
    for name, output in world.template.transformed.get("Outputs", {}).items():
        condition = output.get("Condition")
        if condition is None or world.holds({"Condition": condition}):
            for path, missing in _unresolved(world, output.get("Value"), f"Outputs.{name}"):
                yield Problem(
                    path,
                    f"give the output {name} the Condition of {missing}, or put it under !If",
                    f"Template format error: Unresolved resource dependencies [{missing}] in the "
                    "Outputs block "
                    "of the template",
                )


@rule(
    "*",
    words="Circular dependency between resources",
    source=_DEPENDS,
    enforced=Enforced.TEMPLATE,
)
def no_resource_waits_for_itself(resource: Resource) -> Iterator[Problem]:
    if isinstance(resource, TemplateResource):
        template = resource.world.template
        if template.waits_for(resource.name, resource.name):
            round_trip = sorted(
                each
                for each in template.dependencies[resource.name]
                if template.waits_for(each, resource.name)
            )
            yield Problem(
                "",
                f"break the circle through {', '.join(round_trip)}: spell a name out, or move a "
                "policy into a "
                "resource of its own",
                "Circular dependency between resources: "
                f"[{', '.join([resource.name, *round_trip])}]",
            )


@rule(
    "*",
    words="Template error: resource type does not support deletion policy Snapshot",
    source=_DELETION,
    enforced=Enforced.TEMPLATE,
)
def a_deletion_policy_is_one(resource: Resource) -> Iterator[Problem]:
    if not isinstance(resource, TemplateResource):
        return
    for name, also in (("DeletionPolicy", ("RetainExceptOnCreate",)), ("UpdateReplacePolicy", ())):
        policy = resource.definition.get(name, "Delete")
        if policy == "Snapshot" and resource.type not in _SNAPSHOTS:
            yield Problem(
                name,
                "write Delete or Retain",
                f"Template error: resource type {resource.type} does not support deletion policy "
                "Snapshot",
            )
        elif policy not in ("Delete", "Retain", "Snapshot", *also):
            allowed = ", ".join(("Delete", "Retain", *also))
            yield Problem(
                name,
                f"write {allowed}, not {policy}",
                f"Template format error: Unrecognized {name} {policy}",
            )


def _unresolved(world: TemplateWorld, value: Any, path: str) -> Iterator[tuple[str, str]]:
    """References to resources that do not exist. Asks for conditions and for no parameter's
    value."""
    match value:
        case {"Fn::If": [str(name), then, otherwise]}:
            holds = world.holds({"Condition": name})
            yield from _unresolved(world, then if holds else otherwise, path)
        case {"Fn::Sub": [str(text), dict(given)]}:
            named = [each for each in references({"Fn::Sub": text}) if each not in given]
            yield from ((path, each) for each in named if _is_missing(world, each))
            yield from _unresolved(world, given, path)
        case {"Ref": _} | {"Fn::GetAtt": _} | {"Fn::Sub": _}:
            yield from ((path, each) for each in references(value) if _is_missing(world, each))
        case dict():
            for key, each in value.items():
                yield from _unresolved(world, each, f"{path}.{key}".lstrip("."))
        case list():
            for each in value:
                yield from _unresolved(world, each, path)


@rule(
    "*",
    words="Template error: Fn::Select cannot select nonexistent value",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-select.html",
    enforced=Enforced.TEMPLATE,
)
def a_selected_value_exists(resource: Resource) -> Iterator[Problem]:
    if not isinstance(resource, TemplateResource):
        return
    for path, index, members in _selections(resource.world, resource.properties, ""):
        if not isinstance(members, list) or not 0 <= index < len(members):
            yield Problem(
                path,
                "put the Fn::Select under an !If that holds only where the value has so many "
                "parts, or let a parameter in it have an AllowedPattern",
                f"Template error: Fn::Select cannot select nonexistent value at index {index}",
            )


def _selections(world: TemplateWorld, value: Any, path: str) -> Iterator[tuple[str, int, Any]]:
    """Every Fn::Select that is evaluated, resolved no further than it needs."""
    match value:
        case {"Fn::If": [str(name), then, otherwise]}:
            holds = world.holds({"Condition": name})
            yield from _selections(world, then if holds else otherwise, path)
        case {"Fn::Select": [index, members]}:
            yield path, int(world.resolve(index)), world.resolve(members)
        case dict():
            for key, each in value.items():
                inner = path if key.startswith("Fn::") else f"{path}.{key}".lstrip(".")
                yield from _selections(world, each, inner)
        case list():
            for each in value:
                yield from _selections(world, each, path)


def _is_missing(world: TemplateWorld, name: str) -> bool:
    if name.startswith("AWS::") or name in world.template.parameters:
        return False
    return name not in world.template.resources or not world.exists(name)


@rule(
    *("AWS::CloudFormation::CustomResource", "Custom::*"),
    words="Invalid service token.",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html",
)
def a_service_token_is_an_arn(resource: Resource) -> Iterator[Problem]:
    token = str(resource.get("ServiceToken") or "")
    if not token.startswith("arn:") or token.split(":")[2] not in ("lambda", "sns"):
        yield Problem("ServiceToken", "give the function's ARN (!GetAtt Function.Arn)")


@rule(
    "Custom::AsyncEndpoint",
    words="Could not assume role. Please ensure that the role exists and allows principal "
    "'sagemaker.amazonaws.com' to assume the role.",
    source="https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html",
)
def sagemaker_may_assume_the_endpoints_role(endpoint: Resource) -> Iterator[Problem]:
    arn = endpoint.get("ExecutionRoleArn")
    role = endpoint.world.find("AWS::IAM::Role", arn)
    if role is not None and not trusts(role, "sagemaker.amazonaws.com"):
        yield Problem(
            "ExecutionRoleArn",
            f"let sagemaker.amazonaws.com assume {role.name} in its trust policy, without a "
            "condition on a source, or with one that ends in IfExists",
        )
    if arn is not None and not str(arn).startswith("arn:"):
        yield Problem("ExecutionRoleArn", "give the role's ARN (!GetAtt Role.Arn)", "Invalid ARN")


@rule(
    "Custom::AsyncEndpoint",
    words="A policy of a role may be attached after what uses the role is made, or be taken off "
    "before it is deleted",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html",
    enforced=Enforced.NEVER,
)
def an_endpoint_waits_for_the_policies_of_its_roles(endpoint: Resource) -> Iterator[Problem]:
    world = endpoint.world
    function = world.find("AWS::Lambda::Function", endpoint.get("ServiceToken"))
    arns = [endpoint.get("ExecutionRoleArn"), function and function.get("Role")]
    for role in filter(None, (world.find("AWS::IAM::Role", arn) for arn in arns if arn)):
        for policy in attached_policies(role):
            if not world.is_made_before(policy, endpoint):
                yield Problem(
                    "",
                    f"add {policy.name} to DependsOn of {endpoint.name}, or refer to it under its "
                    "condition",
                )
