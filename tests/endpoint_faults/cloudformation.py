"""A stack with the custom resource, as CloudFormation creates, updates and deletes it."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from tests.endpoint_faults.function import Function
from tests.support.aws_fake.account import Account
from tests.support.aws_fake.services.response_urls import RESPONSES

Properties = dict[str, object]

LOGICAL_ID: Final = "Endpoint"
# ServiceTimeout of the custom resource.
TIMEOUT: Final = 3600
# From the answer to a Delete until the function and its role are gone.
_VANISHES_AFTER: Final = 5
_CLEAN_UP_TRIES: Final = 3
_STUCK: Final = ("UPDATE_ROLLBACK_FAILED", "ROLLBACK_FAILED", "DELETE_FAILED")


@dataclass(frozen=True)
class Pause:
    """Let so many seconds pass."""

    seconds: float


@dataclass
class Answer:
    status: str
    physical_id: str
    reason: str

    @property
    def success(self) -> bool:
        return self.status == "SUCCESS"


@dataclass
class Sent:
    """A request to the custom resource. `cancelled_after`: CloudFormation waits no longer.

    `answers` are all that arrived, with the seconds after the request was sent.
    """

    type: str
    request_id: str
    physical_id: str
    properties: Properties
    old_properties: Properties | None = None
    cancelled_after: float | None = None
    at: float = 0.0
    answers: list[tuple[float, Answer]] = field(default_factory=list)

    @property
    def patience(self) -> float:
        return TIMEOUT if self.cancelled_after is None else self.cancelled_after

    def event(self, stack_id: str, now: datetime) -> dict[str, Any]:
        body: dict[str, Any] = {
            "RequestType": self.type,
            "ResponseURL": f"{RESPONSES}/{self.request_id}"
            f"?X-Amz-Date={now:%Y%m%dT%H%M%SZ}&X-Amz-Expires=7200&X-Amz-Signature=secret",
            "StackId": stack_id,
            "RequestId": self.request_id,
            "LogicalResourceId": LOGICAL_ID,
            "ResourceType": "Custom::AsyncEndpoint",
            "ResourceProperties": {**self.properties, "StackId": stack_id},
        }
        if self.type != "Create":
            body["PhysicalResourceId"] = self.physical_id
        if self.old_properties is not None:
            body["OldResourceProperties"] = {**self.old_properties, "StackId": stack_id}
        return body


# What a process waits for: time, or an answer (None when CloudFormation no longer waits).
Process = Generator[Pause | Sent, Answer | None, None]


@dataclass
class Stack:
    """`outcomes` are the final statuses of its operations, in their order."""

    account: Account
    function: Function
    number: int = 1
    # Until the permissions of a name arrive that the role did not cover.
    grant_delay: float = 0.0
    properties: Properties = field(default_factory=dict)
    physical_id: str = ""
    status: str = ""
    outcomes: list[str] = field(default_factory=list)
    requests: list[Sent] = field(default_factory=list)

    @property
    def id(self) -> str:
        return f"arn:aws:cloudformation:us-east-1:000000000000:stack/stack/7b1f-{self.number}"

    @property
    def stuck(self) -> bool:
        return self.status in _STUCK

    @property
    def deleted(self) -> bool:
        return self.status in ("DELETE_COMPLETE", "ROLLBACK_COMPLETE")

    def create(
        self,
        properties: Properties,
        *,
        cancelled_after: float | None = None,
        undo: str = "ROLLBACK",
    ) -> Process:
        """`undo`: `DELETE` where a person deletes the stack that is being created."""
        self.status = "CREATE_IN_PROGRESS"
        self.account.tables.there = self.account.role.there = self.function.there = True
        self._deploy(properties)
        yield Pause(5)
        answer = yield self._request("Create", "", properties, cancelled_after=cancelled_after)
        self.properties = properties
        if answer and answer.success:
            self.physical_id = answer.physical_id
            self._ends("CREATE_COMPLETE")
            return
        self.physical_id = answer.physical_id if answer else f"relay-{LOGICAL_ID}-1XB2K"
        self.status = f"{undo}_IN_PROGRESS"
        yield Pause(1)
        yield from self._delete(undo)

    def update(
        self,
        properties: Properties,
        *,
        cancelled_after: float | None = None,
        fails_elsewhere: bool = False,
    ) -> Process:
        """`fails_elsewhere`: another resource fails afterwards."""
        old, old_id = self.properties, self.physical_id
        self.status = "UPDATE_IN_PROGRESS"
        self._deploy(properties)
        yield Pause(5)
        answer = yield self._request(
            "Update", old_id, properties, old=old, cancelled_after=cancelled_after
        )
        if answer and answer.success and not fails_elsewhere:
            self.properties, self.physical_id = properties, answer.physical_id
            if self.physical_id != old_id:
                self.status = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
                yield from self._clean_up(old_id, old)
            self._ends("UPDATE_COMPLETE")
            return
        new_id = answer.physical_id if answer and answer.success else old_id
        yield from self._roll_back(old, new_id, properties)

    def add(self, properties: Properties) -> Process:
        """An update adds the resource, which the stack did not have."""
        self.status = "UPDATE_IN_PROGRESS"
        self._deploy(properties)
        yield Pause(5)
        answer = yield self._request("Create", "", properties)
        if answer and answer.success:
            self.properties, self.physical_id = properties, answer.physical_id
            self._ends("UPDATE_COMPLETE")
            return
        self.status = "UPDATE_ROLLBACK_IN_PROGRESS"
        made_up = answer.physical_id if answer else f"relay-{LOGICAL_ID}-1XB2K"
        yield from self._clean_up(made_up, properties)
        self._ends("UPDATE_ROLLBACK_COMPLETE")

    def drop(self) -> Process:
        """An update removes the resource, and nothing else changes."""
        self.status = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
        yield Pause(5)
        yield from self._clean_up(self.physical_id, self.properties)
        self.physical_id = ""
        self._ends("UPDATE_COMPLETE")

    def continue_rollback(self) -> Process:
        """A person continues a rollback that failed."""
        yield from self._roll_back(self.properties, self.physical_id, self.requests[-1].properties)

    def delete(self) -> Process:
        self.status = "DELETE_IN_PROGRESS"
        yield Pause(5)
        yield from self._delete("DELETE")

    def _roll_back(self, old: Properties, new_id: str, failed: Properties) -> Process:
        """The function first, then the custom resource."""
        self.status = "UPDATE_ROLLBACK_IN_PROGRESS"
        yield Pause(5)
        self._deploy(old)
        yield Pause(5)
        back = yield self._request("Update", new_id, old, old=failed)
        if back is None or not back.success:
            self._ends("UPDATE_ROLLBACK_FAILED")
            return
        self.physical_id = back.physical_id
        if self.physical_id != new_id:
            yield from self._clean_up(new_id, failed)
        self._ends("UPDATE_ROLLBACK_COMPLETE")

    def _clean_up(self, physical_id: str, properties: Properties) -> Process:
        """Delete what was replaced; the stack's update is complete whatever becomes of it."""
        for _ in range(_CLEAN_UP_TRIES):
            answer = yield self._request("Delete", physical_id, properties)
            if answer and answer.success:
                return

    def _delete(self, kind: str) -> Process:
        answer = yield self._request("Delete", self.physical_id, self.properties)
        if answer is None or not answer.success:
            self._ends(f"{kind}_FAILED")
            return
        self._ends(f"{kind}_COMPLETE")
        yield Pause(_VANISHES_AFTER)
        self.account.calls.note("the function, its role and its table are gone")
        self.function.there = self.account.role.there = False
        self.account.tables.remove()

    def _deploy(self, properties: Properties) -> None:
        """Update the function and its role, which depend on the parameters only."""
        name = str(properties["EndpointName"])
        self.function.endpoint_name = name
        self.account.role.cover(name, self.id, self.grant_delay)

    def _request(
        self,
        type: str,
        physical_id: str,
        properties: Mapping[str, object],
        *,
        old: Properties | None = None,
        cancelled_after: float | None = None,
    ) -> Sent:
        request_id = f"{type.lower()}-{self.number}-{len(self.requests) + 1}"
        sent = Sent(type, request_id, physical_id, dict(properties), old, cancelled_after)
        self.requests.append(sent)
        return sent

    def _ends(self, status: str) -> None:
        self.status = status
        self.outcomes.append(status)
        self.account.calls.note(f"stack: {status}")
