"""The dead-letter queues of a stack, and where a redrive sends their messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import ClientError

from relayctl.deployment import Deployment
from relayctl.errors import Misused, RelayctlError

_SUFFIX: Final = "DeadLetterQueue"


@dataclass(frozen=True, slots=True)
class Use:
    """What a dead-letter queue is for: the source of its messages, by its logical id.

    Without a `source`, the queue whose redrive policy moved a message has it back, or `no_redrive`
    says why there is none. docs/reference/alarms.md has the same names.
    """

    name: str
    source: str = ""
    no_redrive: str = ""


# By their logical ids in the template, in its order.
USES: Final = {
    "SubmitDeadLetterQueue": Use("submit", source="SubmitQueue"),
    "NotificationDeadLetterQueue": Use("notifications", source="NotificationQueue"),
    "ResultDeadLetterQueue": Use("results"),
    "ReconcileDeadLetterQueue": Use(
        "reconcile",
        no_redrive="the next invocation of reconcile continues where this one stopped: correct the "
        "cause, then drop the message",
    ),
    "ProvisionDeadLetterQueue": Use(
        "provision",
        no_redrive="provision takes up requests of CloudFormation and uploads of models by itself, "
        "within a minute, and its schedule repeats the rest: correct the cause, repeat a call that "
        "was a deploy or a rollback, then drop the message",
    ),
}


@dataclass(frozen=True, slots=True)
class DeadLetterQueue:
    """One dead-letter queue of the stack. `source_url` is "" if its messages name their source."""

    name: str
    logical_id: str
    url: str
    source_url: str = ""
    no_redrive: str = ""

    @property
    def fifo(self) -> bool:
        return self.url.endswith(".fifo")

    @property
    def queue_name(self) -> str:
        return self.url.rpartition("/")[2]


def does_not_exist(error: ClientError) -> bool:
    """Whether SQS says that there is no such queue, in the form of either of its protocols."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    return "NonExistentQueue" in code or "QueueDoesNotExist" in code


def dead_letter_queues(
    deployment: Deployment, names: Sequence[str] | None = None
) -> list[DeadLetterQueue]:
    """Return the dead-letter queues of the stack, or those of the names, in the template's order.

    Raises:
        Misused: a name is none of them.
        RelayctlError: the stack has none.
    """
    urls = _queue_urls(deployment)
    order = {logical_id: number for number, logical_id in enumerate(USES)}
    found = [
        _queue(logical_id, urls)
        for logical_id in sorted(urls, key=lambda each: (order.get(each, len(order)), each))
        if logical_id.endswith(_SUFFIX)
    ]
    if not found:
        raise RelayctlError(
            f"stack {deployment.stack_name} has no dead-letter queue: it is no stack of the relay"
        )
    by_name = {each.name: each for each in found}
    if unknown := [each for each in names or () if each not in by_name]:
        raise Misused(f"--queue {unknown[0]}: the dead-letter queues are {', '.join(by_name)}")
    return [by_name[each] for each in dict.fromkeys(names)] if names else found


def _queue_urls(deployment: Deployment) -> Mapping[str, str]:
    pages = deployment.cloudformation.get_paginator("list_stack_resources")
    return {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for page in pages.paginate(StackName=deployment.stack_name)
        for each in page["StackResourceSummaries"]
        if each["ResourceType"] == "AWS::SQS::Queue"
        and each.get("PhysicalResourceId")
        and each["ResourceStatus"] != "DELETE_COMPLETE"
    }


def _queue(logical_id: str, urls: Mapping[str, str]) -> DeadLetterQueue:
    name = logical_id.removesuffix(_SUFFIX).lower()
    # A queue of a later version of the template.
    unknown = Use(name, no_redrive=f"this version of relayctl does not know {logical_id}")
    use = USES.get(logical_id, unknown)
    source = urls.get(use.source, "")
    no_redrive = use.no_redrive
    if use.source and not source:
        no_redrive = f"the stack has no {use.source}"
    return DeadLetterQueue(use.name, logical_id, urls[logical_id], source, no_redrive)
