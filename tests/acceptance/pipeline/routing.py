"""Where results of a tested stack go: as by default, and further on for certain inputs.

The targets themselves are made by the tests that need them; until then they cannot be reached.
"""

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Routing:
    """ARNs of one stack's targets. All names begin with the stack's, by which they are removed."""

    partition: str
    region: str
    account: str
    stack_name: str

    @property
    def own_completed(self) -> str:
        return self._arn("sqs", f"{self.stack_name}-completed.fifo")

    @property
    def own_failed(self) -> str:
        return self._arn("sqs", f"{self.stack_name}-failed.fifo")

    @property
    def archive(self) -> str:
        return self._arn("sqs", f"{self.stack_name}-further-archive")

    @property
    def ordered(self) -> str:
        return self._arn("sqs", f"{self.stack_name}-further-ordered.fifo")

    @property
    def topic(self) -> str:
        return self._arn("sns", f"{self.stack_name}-further-results")

    @property
    def bus(self) -> str:
        return self._arn("events", f"event-bus/{self.stack_name}-further")

    @property
    def absent(self) -> str:
        return self.queue("further-absent")

    def queue(self, name: str) -> str:
        """ARN of a queue that no test makes."""
        return self._arn("sqs", f"{self.stack_name}-{name}")

    def document(self, completed: str = "") -> str:
        """The routes, with another target for completed results if wanted."""
        outcome = "data.outcome == 'completed'"
        routes = (
            {"name": "completed", "when": outcome, "to": completed or self.own_completed},
            {"name": "archive", "when": _about("several"), "to": self.archive},
            {"name": "topic", "when": _about("several"), "to": self.topic},
            {"name": "bus", "when": _about("several"), "to": self.bus},
            {
                "name": "ordered",
                "when": _about("ordered"),
                "to": self.ordered,
                "group": "data.custom_attributes",
            },
            {"name": "absent", "when": _about("absent"), "to": self.absent},
        )
        otherwise = {"to": self.own_failed}
        return json.dumps({"routes": routes, "otherwise": otherwise}, separators=(",", ":"))

    @property
    def parameters(self) -> dict[str, str]:
        """The template's parameters for all of this."""
        targets = (self.archive, self.ordered, self.topic, self.bus, self.absent)
        return {"Routes": self.document(), "RouteTargetArns": ",".join(targets)}

    def _arn(self, service: str, name: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{name}"


def _about(folder: str) -> str:
    return f"contains(subject, '/inputs/{folder}/')"
