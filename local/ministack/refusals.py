"""MiniStack refuses what AWS refuses: the rules of `local.aws_rules` that AWS enforces at creation.

Each resource of a stack is checked before it is made or updated, with its properties resolved and
the resources that the stack has by then; the policy of a topic or queue also when a call sets it.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudformation, sns, sqs
from ministack.services.cloudformation import stacks

from local.aws_rules import RULES, Enforced, Refusal
from local.cloudformation.world import Resource, World
from relayctl.doctor import return_values

_SELF = "the call"


class StackWorld(World):
    """The resources that a stack has so far, as MiniStack has recorded them."""

    partition, url_suffix = "aws", "amazonaws.com"

    def __init__(self, stack_name: str) -> None:
        self.stack_name = stack_name
        self.region = str(get_region())
        self.account = str(get_account_id())
        found = (cloudformation._stacks.get(stack_name) or {}).get("_resources", {})
        self._records: Mapping[str, Any] = dict(found)

    def all(self, resource_type: str) -> Iterator["StackResource"]:
        for name, record in self._records.items():
            if record["ResourceType"] == resource_type:
                names = [record["PhysicalResourceId"], *(record.get("Attributes") or {}).values()]
                known = frozenset(each for each in names if isinstance(each, str))
                yield StackResource(self, name, resource_type, record["Properties"] or {}, known)

    def find(self, resource_type: str, reference: Any) -> "StackResource | None":
        return next((e for e in self.all(resource_type) if reference in e.references()), None)

    def is_made_before(self, earlier: Resource, later: Resource) -> bool:
        return earlier.name in self._records


class StackResource(Resource):
    """A resource with resolved properties; `names` are what MiniStack calls it, once it is made."""

    def __init__(
        self,
        world: World,
        name: str,
        resource_type: str,
        properties: Mapping[str, Any],
        names: frozenset[str] = frozenset(),
    ) -> None:
        self.world = world
        self.name = name
        self.type = resource_type
        self._properties = properties
        self._names = names

    def get(self, *path: str | int) -> Any:
        value: Any = self._properties
        for step in path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    @property
    def own_name(self) -> str | None:
        given = self.get(return_values.NAME_PROPERTIES.get(self.type, "-"))
        return None if given is None else str(given)

    def references(self) -> frozenset[str]:
        if self._names or self.own_name is None:
            return self._names
        world = self.world
        where = (world.partition, world.region, world.account)
        return frozenset(
            {self.own_name, return_values.arn(self.type, self.own_name, *where)} - {""}
        )


def refusals(resource: Resource) -> Iterator[Refusal]:
    """What AWS would say to the resource when it is made."""
    for rule in RULES:
        if rule.enforced is not Enforced.TEMPLATE and rule.applies_to(resource.type):
            yield from (
                each for each in rule.refusals(resource) if each.enforced is Enforced.CREATION
            )


def install() -> None:
    """Check every resource that CloudFormation makes or updates, and policies that calls set."""
    stacks._provision_resource = _provisioning(stacks._provision_resource)
    stacks._update_resource = _updating(stacks._update_resource)
    sns._set_topic_attributes = _setting_topic_attributes(sns._set_topic_attributes)
    handlers = sqs._HANDLERS
    handlers["SetQueueAttributes"] = _setting_queue_attributes(handlers["SetQueueAttributes"])


def _provisioning(provision: Callable[..., Any]) -> Callable[..., Any]:
    def checked(resource_type: str, logical_id: str, properties: Any, stack_name: str) -> Any:
        _refuse(resource_type, logical_id, properties, stack_name)
        return provision(resource_type, logical_id, properties, stack_name)

    return checked


def _updating(update: Callable[..., Any]) -> Callable[..., Any]:
    def checked(
        resource_type: str, physical_id: str, old: Any, new: Any, stack_name: str, *rest: Any
    ) -> Any:
        if old != new:
            _refuse(resource_type, rest[0] if rest else "", new, stack_name)
        return update(resource_type, physical_id, old, new, stack_name, *rest)

    return checked


def _refuse(resource_type: str, logical_id: str, properties: Any, stack_name: str) -> None:
    """Raises ValueError, the text of ResourceStatusReason: AWS's words, and a way out."""
    world = StackWorld(stack_name)
    resource = StackResource(world, logical_id, resource_type, properties or {})
    for refusal in refusals(resource):
        where = f"{refusal.path}: " if refusal.path else ""
        raise ValueError(f"{refusal.words} ({where}{refusal.change})")


def _setting_topic_attributes(set_attributes: Callable[..., Any]) -> Callable[..., Any]:
    def checked(parameters: Any) -> Any:
        if sns._p(parameters, "AttributeName") == "Policy":
            topic, policy = (sns._p(parameters, e) for e in ("TopicArn", "AttributeValue"))
            words = _words("AWS::SNS::TopicPolicy", {"Topics": [topic]}, policy)
            if words is not None:
                return sns._error("InvalidParameter", words, 400)
        return set_attributes(parameters)

    return checked


def _setting_queue_attributes(set_attributes: Callable[..., Any]) -> Callable[..., Any]:
    def checked(data: Any, queue_url: str) -> Any:
        policy = (data.get("Attributes") or {}).get("Policy")
        if policy:
            url = data.get("QueueUrl", queue_url)
            words = _words("AWS::SQS::QueuePolicy", {"Queues": [url]}, policy)
            if words is not None:
                raise sqs._Err("InvalidAttributeValue", words)
        return set_attributes(data, queue_url)

    return checked


def _words(resource_type: str, target: Mapping[str, Any], policy: str) -> str | None:
    """What AWS says to a policy that a call sets, if it refuses it."""
    try:
        document = json.loads(policy)
    except ValueError:
        # MiniStack's own to answer.
        return None
    properties = {**target, "PolicyDocument": document}
    found = refusals(StackResource(StackWorld(_SELF), _SELF, resource_type, properties))
    return next((each.words for each in found), None)
