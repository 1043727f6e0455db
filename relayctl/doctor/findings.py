"""What `doctor` finds: what is wrong, how much it matters, and what to do."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from botocore import xform_name

# Parameters that the AWS CLI calls otherwise than the API does.
_CLI_NAMES = {("sns", "subscribe", "Endpoint"): "notification-endpoint"}
# Services that the AWS CLI calls otherwise than boto3 does.
_CLI_SERVICES = {"s3": "s3api"}


class Severity(StrEnum):
    """Everything but a note needs a person."""

    ERROR = "error"  # requests or results wait, are lost, or reach no consumer
    WARNING = "warning"  # nothing is lost yet, but the stack is not as it was deployed
    UNKNOWN = "not checked"  # the person may not read it, or AWS did not answer
    NOTE = "note"  # worth knowing, such as an update in progress


@dataclass(frozen=True, slots=True)
class Call:
    """One call of AWS that puts something back, which a person types as a command."""

    service: str
    operation: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the command of the AWS CLI, quoted for a shell."""
        service = _CLI_SERVICES.get(self.service, self.service)
        words = ["aws", service, _hyphens(self.operation)]
        for name, value in self.parameters.items():
            option = _CLI_NAMES.get((self.service, self.operation, name)) or _hyphens(name)
            match value:
                case True:
                    words.append(f"--{option}")
                case False:
                    words.append(f"--no-{option}")
                case [*items] if all(isinstance(each, str) for each in items):
                    words += [f"--{option}", *map(shlex.quote, items)]
                case Mapping() | Sequence() if not isinstance(value, str):
                    words += [f"--{option}", shlex.quote(json.dumps(value))]
                case _:
                    words += [f"--{option}", shlex.quote(str(value))]
        return " ".join(words)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a person should know. `resource` is its name in the template.

    `check` is the name by which scripts and `--ignore` know it. `repair` are calls that put it
    back, one after the other, where that is known. `command` is what to type instead of them.
    """

    check: str
    severity: Severity
    resource: str
    problem: str
    action: str
    repair: tuple[Call, ...] = ()
    command: str = ""

    @property
    def commands(self) -> tuple[str, ...]:
        """What to type, in order."""
        return (self.command,) if self.command else tuple(map(str, self.repair))

    def to_json(self) -> dict[str, object]:
        return {
            "check": self.check,
            "severity": self.severity.value,
            "resource": self.resource,
            "problem": self.problem,
            "action": self.action,
            "commands": list(self.commands),
        }


def _hyphens(name: str) -> str:
    return xform_name(name, "-").replace("_", "-")
