"""The service of an address, and its client, which is made for the first message."""

from typing import TYPE_CHECKING

from relay.aws.clients import Clients
from relay.aws.messaging.outbox import Service
from relay.aws.messaging.queues import Queues
from relay.errors import ConfigurationError

if TYPE_CHECKING:
    from relay.routes.target import Target


class Targets:
    """Finds the service for an address, for `relay.aws.messaging.outbox.AwsOutbox`.

    A function that sends to queues alone never imports the others. A target in another region has
    a client of its own: none of the three services forwards messages to another region.
    """

    def __init__(self, clients: Clients) -> None:
        self._clients = {"": clients}
        self._services: dict[tuple[str, str], Service] = {}

    def __call__(self, address: "str | Target") -> Service:
        if isinstance(address, str):  # one of the relay's own queues, by its URL
            return self._service("sqs", "")
        here = address.region == self._clients[""].region
        return self._service(address.kind.service, "" if here else address.region)

    def _service(self, name: str, region: str) -> Service:
        key = name, region
        if key not in self._services:
            if region not in self._clients:
                self._clients[region] = self._clients[""].in_region(region)
            self._services[key] = _new_service(name, self._clients[region])
        return self._services[key]


def _new_service(name: str, clients: Clients) -> Service:
    match name:
        case "sqs":
            return Queues(clients.sqs)
        case "sns":
            from relay.aws.messaging.topics import Topics

            return Topics(clients.sns)
        case "events":
            from relay.aws.messaging.buses import Buses

            return Buses(clients.events)
        case _:  # the route document was checked before
            raise ConfigurationError(f"the relay cannot send messages to the service {name}")
