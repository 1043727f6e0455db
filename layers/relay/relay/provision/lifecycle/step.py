"""What the steps of an endpoint's life have in common: what they give back, what they work with."""

from dataclasses import dataclass

from relay.ports import Clock
from relay.provision.endpoint import Endpoint
from relay.provision.lifecycle.ports import Autoscaler, ControlPlane, Journal, Postman
from relay.provision.lifecycle.record import Record
from relay.report import Level, Note


@dataclass(frozen=True, slots=True)
class Next:
    """The record after a step.

    `pause`: only time can bring the next one. `farewell`: CloudFormation has been told that
    everything is gone, and may take away the function's table and rights at any moment.
    """

    record: Record
    pause: bool = False
    farewell: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The ports that steps use. A step never writes the record: the loop does, once for each."""

    sagemaker: ControlPlane
    autoscaler: Autoscaler
    postman: Postman
    clock: Clock
    journal: Journal

    def note(
        self, text: str, record: Record, endpoint: Endpoint | None = None, *, alarming: bool = False
    ) -> None:
        """One line of the log about this endpoint."""
        status = endpoint.status.value if endpoint else ""
        level = Level.ERROR if alarming else Level.INFO
        fields = (("endpoint", record.endpoint_name), ("status", status))
        self.journal(Note(level, text, fields))
