"""Deploys the stack again with other parameters, as a person does who has the template deployed."""

from typing import TYPE_CHECKING, Any

from tests.e2e.pipeline import eventually

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

_UPDATE_SECONDS = 60.0


def updated(cloudformation: "CloudFormationClient", **changes: str) -> tuple[str, list[str]]:
    """Deploys the stack again with other parameters: its status then, and what failed and why."""
    stack_id = cloudformation.describe_stacks(StackName="relay")["Stacks"][0]["StackId"]
    given = cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]["Parameters"]
    known = {event["EventId"] for event in _events(cloudformation, stack_id)}
    cloudformation.update_stack(
        StackName=stack_id,
        UsePreviousTemplate=True,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[
            {"ParameterKey": name, "ParameterValue": changes[name]}
            if name in changes
            else {"ParameterKey": name, "UsePreviousValue": True}
            for name in (each["ParameterKey"] for each in given)
        ],
    )

    def status() -> str | None:
        now = cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"]
        return None if now.endswith("IN_PROGRESS") else now

    ended = eventually(status, _UPDATE_SECONDS, "the end of the update")
    reasons = [
        f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
        for event in _events(cloudformation, stack_id)
        if event["EventId"] not in known and event["ResourceStatus"] == "UPDATE_FAILED"
    ]
    return ended, reasons


def _events(cloudformation: "CloudFormationClient", stack_id: str) -> list[Any]:
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id)
    return [event for page in pages for event in page["StackEvents"]]
