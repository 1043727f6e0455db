"""The roles of a deployed stack, with a statement taken away for a while."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from local.stack.clients import Clients
from local.stack.settings import STACK_NAME
from tests.support.stack import RunningStack


class Roles:
    """Roles by their names in the template; of a further stack if it is named."""

    def __init__(self, stack: RunningStack, stack_name: str = STACK_NAME) -> None:
        clients = Clients(stack.settings)
        self._iam = clients.iam
        found = clients.cloudformation.describe_stack_resources(StackName=stack_name)
        self._names = {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for each in found["StackResources"]
            if each["ResourceType"] == "AWS::IAM::Role"
        }

    def arn(self, role: str) -> str:
        return self._iam.get_role(RoleName=self._names[role])["Role"]["Arn"]

    def statements(self) -> set[tuple[str, str]]:
        """Every statement there is: its role, and its name."""
        return {
            (role, statement["Sid"])
            for role in self._names
            for _, document in self._policies(role)
            for statement in document["Statement"]
        }

    @contextmanager
    def without(self, role: str, sid: str, action: str | None = None) -> Iterator[None]:
        """The role lacks the statement, or one action of it, inside the block only."""
        ((policy, document),) = (
            (name, document)
            for name, document in self._policies(role)
            if sid in [statement["Sid"] for statement in document["Statement"]]
        )
        (statement,) = (each for each in document["Statement"] if each["Sid"] == sid)
        rest = [each for each in document["Statement"] if each is not statement]
        if action is not None:
            left = [each for each in statement["Action"] if each != action]
            rest.append({**statement, "Action": left})
        try:
            self._put(role, policy, {**document, "Statement": rest})
            yield
        finally:
            self._put(role, policy, document)

    def _put(self, role: str, policy: str, document: dict[str, Any]) -> None:
        name = self._names[role]
        if document["Statement"]:
            self._iam.put_role_policy(
                RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document)
            )
        else:  # no policy can be empty
            self._iam.delete_role_policy(RoleName=name, PolicyName=policy)

    def _policies(self, role: str) -> list[tuple[str, dict[str, Any]]]:
        name = self._names[role]
        policies = self._iam.list_role_policies(RoleName=name)["PolicyNames"]
        return [
            (policy, _document(self._iam.get_role_policy(RoleName=name, PolicyName=policy)))
            for policy in policies
        ]


def _document(found: Any) -> dict[str, Any]:
    document = found["PolicyDocument"]
    parsed: dict[str, Any] = json.loads(document) if isinstance(document, str) else document
    return parsed
