"""Values of a model's environment that are in Parameter Store, or through it in Secrets Manager.

https://docs.aws.amazon.com/systems-manager/latest/userguide/integration-ps-secretsmanager.html
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from relay.aws.errors import translated
from relay.errors import PermanentError
from relay.provision.specification.properties import ENTRY_BYTES

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient


class SsmEnvironment:
    """Reads parameters when a model is created. No error contains a value."""

    def __init__(self, connect: "Callable[[], SSMClient]") -> None:
        self._connect = connect

    def read(self, references: Mapping[str, str]) -> dict[str, str]:
        """Return the values of these variables, given by the names of their parameters.

        Raises:
            RelayError: as calls of the control plane do.
        """
        return {variable: self._value(variable, name) for variable, name in references.items()}

    def _value(self, variable: str, name: str) -> str:
        doing = f"read parameter {name} for ModelEnvironment.{variable}"
        with translated(doing):
            found = self._connect().get_parameter(Name=name, WithDecryption=True)
        value = found["Parameter"]["Value"]
        if (size := len(value.encode())) > ENTRY_BYTES:
            raise PermanentError(f"{doing}: it has {size} bytes; SageMaker takes {ENTRY_BYTES}")
        return value
