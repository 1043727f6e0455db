"""DynamoDB tables, and the permissions for their indexes."""

import re
from collections.abc import Iterator
from typing import Any

from local.aws_rules.permissions.policies import own_statements
from local.aws_rules.rule import Enforced, Problem, rule
from local.cloudformation.world import Resource

_TABLE = "AWS::DynamoDB::Table"
_API = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html"
_TTL = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html"
_IAM = (
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/access-control-overview.html"
)
_INVALID = "One or more parameter values were invalid: "


def _indexes(table: Resource) -> list[dict[str, Any]]:
    return [*table.list("GlobalSecondaryIndexes"), *table.list("LocalSecondaryIndexes")]


@rule(_TABLE, words=_INVALID + "Some AttributeDefinitions are not used.", source=_API)
def every_defined_attribute_is_a_key_and_every_key_is_defined(table: Resource) -> Iterator[Problem]:
    defined = {str(each["AttributeName"]) for each in table.list("AttributeDefinitions")}
    schemas = [table.list("KeySchema"), *(each.get("KeySchema", []) for each in _indexes(table))]
    used = {str(key["AttributeName"]) for schema in schemas for key in schema}
    if unused := sorted(defined - used):
        yield Problem("AttributeDefinitions", f"take out {', '.join(unused)}, or make it a key")
    if missing := sorted(used - defined):
        yield Problem(
            "AttributeDefinitions",
            f"define {', '.join(missing)}, which a KeySchema uses",
            _INVALID + "Some index key attributes are not defined in AttributeDefinitions.",
        )
    for schema in schemas:
        if [str(key["KeyType"]) for key in schema] not in (["HASH"], ["HASH", "RANGE"]):
            yield Problem(
                "KeySchema",
                "write one HASH key, then at most one RANGE key",
                "Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
            )


@rule(_TABLE, words=_INVALID + "No provisioned throughput specified for the table", source=_API)
def throughput_is_given_where_it_is_provisioned(table: Resource) -> Iterator[Problem]:
    on_demand = table.get("BillingMode") == "PAY_PER_REQUEST"
    places = [("ProvisionedThroughput", table.get("ProvisionedThroughput"))]
    places += [
        (
            f"GlobalSecondaryIndexes[{index}].ProvisionedThroughput",
            each.get("ProvisionedThroughput"),
        )
        for index, each in enumerate(table.list("GlobalSecondaryIndexes"))
    ]
    for path, throughput in places:
        if on_demand and throughput is not None:
            yield Problem(
                path,
                "take it out where BillingMode is PAY_PER_REQUEST",
                _INVALID + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when "
                "BillingMode is PAY_PER_REQUEST",
            )
        if not on_demand and throughput is None:
            yield Problem(path, "set BillingMode to PAY_PER_REQUEST, or give ProvisionedThroughput")


@rule(
    _TABLE,
    words=_INVALID + "Unknown ProjectionType",
    source="https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Projection.html",
)
def an_index_names_attributes_where_it_includes_some(table: Resource) -> Iterator[Problem]:
    for each in _indexes(table):
        name, projection = str(each.get("IndexName")), each.get("Projection", {})
        path, kind = f"Indexes[{name}].Projection", projection.get("ProjectionType")
        if (kind == "INCLUDE") != bool(projection.get("NonKeyAttributes")):
            given = "is" if projection.get("NonKeyAttributes") else "is not"
            yield Problem(
                path,
                "name NonKeyAttributes where ProjectionType is INCLUDE, and only there",
                f"{_INVALID}ProjectionType is {kind}, and NonKeyAttributes {given} specified",
            )
        if not re.fullmatch(r"[a-zA-Z0-9_.-]{3,255}", name):
            yield Problem(
                f"Indexes[{name}].IndexName",
                "use 3 to 255 letters, digits, _, . and - in the index's name",
                "Value at 'indexName' failed to satisfy constraint: Member must have length "
                "greater than or equal to 3",
            )


@rule(
    _TABLE,
    words="Items expire by a Number attribute that is no key; another one never expires",
    source=_TTL,
    enforced=Enforced.NEVER,
)
def items_expire_by_an_attribute_of_their_own(table: Resource) -> Iterator[Problem]:
    expires = table.get("TimeToLiveSpecification", "AttributeName")
    kinds = {e["AttributeName"]: e["AttributeType"] for e in table.list("AttributeDefinitions")}
    if expires in kinds and kinds[expires] != "N":
        yield Problem(
            "TimeToLiveSpecification.AttributeName", f"name a Number attribute, not {expires}"
        )


@rule(
    *("AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"),
    words="The table has no index of this name, so every query is denied",
    source=_IAM,
    enforced=Enforced.NEVER,
)
def a_right_to_an_index_names_one_of_the_table(resource: Resource) -> Iterator[Problem]:
    tables = list(resource.world.all(_TABLE))
    for statement in own_statements(resource):
        for arn in statement.resources:
            owner, slash, index = arn.partition("/index/")
            table = next((each for each in tables if slash and owner == each.arn), None)
            names = {str(each["IndexName"]) for each in _indexes(table)} if table else {index}
            if slash and index != "*" and index not in names:
                yield Problem(
                    f"{statement.path}.Resource",
                    f"name an index of the table ({', '.join(sorted(names))}), not {index}",
                )
