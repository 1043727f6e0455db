"""boto3's clients as far as the provision function calls them."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from botocore.model import ServiceModel

from tests.support.aws_fake.calls import Calls, Document
from tests.support.sagemaker.api import service

Operation = Callable[..., Document]

# What a request is about, for the log and for permissions.
_SUBJECTS: Final = (
    "EndpointName",
    "EndpointConfigName",
    "ModelName",
    "ResourceId",
    "AlarmName",
    "ResourceArn",
    "NameContains",
)


class Client:
    """Any client: its methods are the operations of a fake service, under Python's names."""

    def __init__(self, name: str, operations: Mapping[str, Operation], calls: Calls) -> None:
        self._name = name
        self._operations = operations
        self._calls = calls

    def __getattr__(self, name: str) -> Operation:
        operation = self._operations.get(name)
        if operation is None:
            raise AttributeError(f"the fake of {self._name} has no operation {name}: add it")

        def call(**request: Any) -> Document:
            return self._calls.perform(
                self._name, name, _subject(request), lambda: operation(**request)
            )

        return call


class SageMakerClient(Client):
    """Also has the description of the API, against which requests are checked."""

    class _Meta:
        @property
        def service_model(self) -> ServiceModel:
            return service()

    meta: Final = _Meta()


def _subject(request: Mapping[str, Any]) -> str:
    for member in _SUBJECTS:
        if member in request:
            return str(request[member])
    if names := request.get("AlarmNames"):
        return str(names[0])
    key = request.get("Key") or request.get("Item") or {}
    return str(key.get("id", {}).get("S", ""))
