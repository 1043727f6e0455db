"""The event source mappings of submit and route, through which messages reach the functions.

https://docs.aws.amazon.com/lambda/latest/api/API_EventSourceMappingConfiguration.html
"""

from dataclasses import dataclass
from enum import StrEnum

from relayctl.deployment import Deployment
from relayctl.errors import RelayctlError


class Flow(StrEnum):
    """What can be paused, by the function that reads the messages."""

    SUBMIT = "submit"
    ROUTE = "route"

    @property
    def output(self) -> str:
        """The output of the stack with the name of the function."""
        return f"{self.value.capitalize()}FunctionName"

    @property
    def queue(self) -> str:
        return "SubmitQueue" if self is Flow.SUBMIT else "NotificationQueue"


@dataclass(frozen=True, slots=True)
class Mapping:
    """An event source mapping: `state` is Lambda's, such as Enabled, Disabling or Disabled."""

    flow: Flow
    id: str
    state: str

    @property
    def paused(self) -> bool:
        return self.state in ("Disabling", "Disabled")

    @property
    def changing(self) -> bool:
        return self.state not in ("Enabled", "Disabled")


def mappings(deployment: Deployment, flow: Flow) -> list[Mapping]:
    """Return the event source mappings of a function: one, as the template has it.

    Raises:
        RelayctlError: the function has none.
        ClientError: Lambda refused to list them.
    """
    pages = deployment.functions.get_paginator("list_event_source_mappings")
    found = [
        Mapping(flow, each["UUID"], each["State"])
        for page in pages.paginate(FunctionName=deployment.output(flow.output))
        for each in page["EventSourceMappings"]
    ]
    if not found:
        raise RelayctlError(
            f"{deployment.output(flow.output)} has no event source mapping: deploy the stack again"
        )
    return found
