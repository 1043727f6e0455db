"""The stack itself: its status, its outputs, and its resources."""

from collections.abc import Iterator

from relayctl.doctor.account import Account
from relayctl.doctor.drift import RESTORE
from relayctl.doctor.expected import Stack
from relayctl.doctor.findings import Finding, Severity

# In these, the template is that of the resources.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
_STEADY = (
    *("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"),
    *("IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
)


def is_steady(stack: Stack) -> bool:
    """Whether nothing changes the stack just now, so that it can be compared with its template."""
    return str(stack.description["StackStatus"]) in _STEADY


def is_there(stack: Stack) -> bool:
    """Whether the resources exist: not after a creation that failed, or during a deletion."""
    gone = ("ROLLBACK_", "CREATE_FAILED", "DELETE_", "REVIEW_")
    return not str(stack.description["StackStatus"]).startswith(gone)


def status(stack: Stack, account: Account) -> Iterator[Finding]:
    """Report a change in progress, and one that failed."""
    found = str(stack.description["StackStatus"])
    reason = str(stack.description.get("StackStatusReason", ""))
    said = f"stack {stack.name} is {found}" + (f": {reason}" if reason else "")
    events = f"aws cloudformation describe-stack-events --stack-name {stack.name}"
    if found.endswith("_IN_PROGRESS"):
        if found not in _STEADY:
            yield Finding(
                "stack-changing",
                Severity.NOTE,
                stack.name,
                f"{said}; it is not compared with its template meanwhile",
                "Run the command again when the change has ended",
                command=f"aws cloudformation wait stack-update-complete --stack-name {stack.name}",
            )
    elif found == "UPDATE_ROLLBACK_COMPLETE":
        yield Finding(
            "stack-rolled-back",
            Severity.WARNING,
            stack.name,
            f"{said}; the last update failed, and what was deployed before is in force",
            "Read why it failed, and deploy again",
            command=events,
        )
    elif found == "UPDATE_ROLLBACK_FAILED":
        yield Finding(
            "stack-failed",
            Severity.ERROR,
            stack.name,
            f"{said}; the stack is partly of one version and partly of another",
            "Remove the cause, and continue the rollback",
            command=f"aws cloudformation continue-update-rollback --stack-name {stack.name}",
        )
    elif found not in _STEADY:
        yield Finding(
            "stack-failed",
            Severity.ERROR,
            stack.name,
            said,
            "Read why it failed; delete the stack and deploy it again",
            command=events,
        )


def outputs(stack: Stack, account: Account) -> Iterator[Finding]:
    """Report outputs that the template has, and the stack has not."""
    found = {each["OutputKey"] for each in stack.description.get("Outputs", [])}
    for name in stack.outputs:
        if name not in found and is_steady(stack):
            yield Finding(
                "stack-output",
                Severity.WARNING,
                name,
                f"stack {stack.name} has no output {name}: commands and consumers do not find it",
                "Deploy the stack again",
            )


def resources(stack: Stack, account: Account) -> Iterator[Finding]:
    """Report resources that CloudFormation did not create, or failed to change."""
    for name in stack.resources:
        listed = stack.listed.get(name)
        found = listed["ResourceStatus"] if listed else "absent"
        if found == "absent" or found.endswith("_FAILED") or found == "DELETE_COMPLETE":
            reason = str((listed or {}).get("ResourceStatusReason", ""))
            yield Finding(
                "stack-resource",
                Severity.ERROR,
                name,
                f"resource {name} of stack {stack.name} is {found}"
                + (f": {reason}" if reason else ""),
                RESTORE,
            )
