"""The removal of what a run made, where CloudFormation does not do as it is asked at once."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.acceptance.targets import removal
from tests.acceptance.targets.removal import Removal

NAME = "relay-acceptance-abc123"


class Nothing:
    """A client of a service that holds nothing."""

    def get_paginator(self, _operation: str) -> "Nothing":
        return self

    def paginate(self, **_: object) -> list[dict[str, object]]:
        return [{}]

    def list_buckets(self) -> dict[str, list[object]]:
        return {"Buckets": []}

    def list_event_buses(self, **_: object) -> dict[str, list[object]]:
        return {"EventBuses": []}


class Stacks(Nothing):
    """CloudFormation with stacks whose statuses follow a script, one for each look."""

    def __init__(self, **statuses: list[str]) -> None:
        self.statuses = statuses
        self.deleted: list[str] = []

    def paginate(self, **_: object) -> list[dict[str, object]]:
        return [{"Stacks": [{"StackName": self._name(each)} for each in self.statuses]}]

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        key = self._key(StackName)
        script = self.statuses[key]
        status = script.pop(0) if len(script) > 1 else script[0]
        if status == "gone":
            del self.statuses[key]
            status = "DELETE_IN_PROGRESS"
        return {"Stacks": [{"StackStatus": status, "StackStatusReason": "a bucket is not empty"}]}

    def delete_stack(self, StackName: str) -> None:  # noqa: N803
        if self.statuses[self._key(StackName)][0] == "refused":
            self.statuses[self._key(StackName)].pop(0)
            message = "Stack cannot be deleted while in status UPDATE_IN_PROGRESS"
            raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "Delete")
        self.deleted.append(StackName)

    def _name(self, key: str) -> str:
        return key if key == "other" else f"{NAME}{key.removeprefix('own')}"

    def _key(self, name: str) -> str:
        return next(key for key in self.statuses if self._name(key) == name)


class Logs(Nothing):
    """CloudWatch Logs, where a function that was still at work makes its group at a later look."""

    def __init__(self, looks: int) -> None:
        self.looks = looks
        self.groups: list[str] = []

    def paginate(self, **parameters: object) -> list[dict[str, object]]:
        if parameters["logGroupNamePrefix"] != f"/aws/lambda/{NAME}":
            return [{}]
        self.looks -= 1
        if self.looks == 0:
            self.groups = [f"/aws/lambda/{NAME}-provision"]
        return [{"logGroups": [{"logGroupName": each} for each in self.groups]}]

    def delete_log_group(self, logGroupName: str) -> None:  # noqa: N803
        self.groups.remove(logGroupName)


@pytest.fixture
def remove(monkeypatch: pytest.MonkeyPatch) -> Callable[[Stacks], list[str]]:
    monkeypatch.setattr(f"{removal.__name__}.time.sleep", lambda _seconds: None)

    def removed(stacks: Stacks) -> list[str]:
        class Session:
            def client(self, service: str) -> Nothing:
                return stacks if service == "cloudformation" else Nothing()

        return Removal(Session(), NAME, lambda _text: None).remove()  # type: ignore[arg-type]

    return removed


def test_only_stacks_whose_names_begin_with_the_runs_are_deleted(
    remove: Callable[[Stacks], list[str]],
) -> None:
    stacks = Stacks(own=["CREATE_COMPLETE", "gone"], other=["CREATE_COMPLETE"])

    assert remove(stacks) == []
    assert stacks.deleted == [NAME]
    assert list(stacks.statuses) == ["other"]


def test_a_stack_that_is_being_updated_is_deleted_afterwards(
    remove: Callable[[Stacks], list[str]],
) -> None:
    stacks = Stacks(own=["UPDATE_IN_PROGRESS", "refused", "UPDATE_COMPLETE", "gone"])

    assert remove(stacks) == []
    assert stacks.deleted == [NAME]


def test_what_cannot_be_deleted_is_reported_with_the_reason(
    remove: Callable[[Stacks], list[str]],
) -> None:
    stacks = Stacks(own=["CREATE_COMPLETE", "DELETE_FAILED"])

    left = remove(stacks)

    assert f"stack {NAME}" in left
    assert f"stack {NAME}: a bucket is not empty" in left


def test_what_may_not_be_listed_is_reported(remove: Callable[[Stacks], list[str]]) -> None:
    class Forbidden(Stacks):
        def paginate(self, **_: object) -> list[dict[str, object]]:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "Describe")

    assert any("stack: cannot be listed" in each for each in remove(Forbidden()))


def test_a_log_group_that_a_function_makes_again_is_removed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(f"{removal.__name__}.time.sleep", pauses.append)
    # The first removal and the look after it find nothing; it is there at the look after a pause.
    logs = Logs(looks=3)

    class Session:
        def client(self, service: str) -> Nothing:
            return logs if service == "logs" else Nothing()

    removed = Removal(Session(), NAME, lambda _text: None)  # type: ignore[arg-type]

    assert removed.remove() == []
    assert logs.groups == []
    assert len(pauses) > 2
