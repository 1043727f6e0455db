"""Systems Manager's Parameter Store."""

from tests.support.aws_fake.calls import Document
from tests.support.aws_fake.clients import Operation
from tests.support.aws_fake.errors import Refused


class Parameters:
    """Values of secure strings by the names of the parameters."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    @property
    def operations(self) -> dict[str, Operation]:
        return {"get_parameter": self._get}

    def _get(self, *, Name: str, WithDecryption: bool = False) -> Document:
        if Name not in self.values:
            raise Refused("ParameterNotFound", "")
        value = self.values[Name] if WithDecryption else "encrypted"
        return {"Parameter": {"Name": Name, "Type": "SecureString", "Value": value}}
