"""The route document of a stack, in Systems Manager's Parameter Store."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from relay.routes.compiled import Routes
from relay.routes.document import STANDARD_BYTES, RoutesError

from relayctl.deployment import Deployment
from relayctl.errors import RelayctlError

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

READING: Final = ("ssm:GetParameter", "ssm:GetParameterHistory")
WRITING: Final = ("ssm:PutParameter",)
# The route function reads the document again after this time: docs/reference/routes.md.
SECONDS_UNTIL_IN_FORCE: Final = 5


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the document. `error` says why it cannot be used."""

    number: int
    text: str
    modified: datetime | None
    routes: Routes | None
    error: RoutesError | None

    @classmethod
    def from_parameter(cls, parameter: Mapping[str, Any]) -> "Version":
        text = str(parameter["Value"])
        number, modified = int(parameter["Version"]), parameter.get("LastModifiedDate")
        try:
            return cls(number, text, modified, Routes.read(text), None)
        except RoutesError as error:
            return cls(number, text, modified, None, error)


class DeployedRoutes:
    """The parameter that the stack names."""

    def __init__(self, deployment: Deployment) -> None:
        self.name = deployment.output("RoutesParameterName")
        self._ssm: SSMClient = deployment.client("ssm")

    def latest(self) -> Version:
        """Return the latest version.

        Raises:
            RelayctlError: there is no such parameter.
            ClientError: Systems Manager refused to return it.
        """
        try:
            answer = self._ssm.get_parameter(Name=self.name)
        except self._ssm.exceptions.ParameterNotFound as error:
            raise RelayctlError(
                f"the parameter {self.name} was deleted: results wait until it is there again. "
                "Set the routes with relayctl routes set FILE"
            ) from error
        return Version.from_parameter(answer["Parameter"])

    def in_force(self, latest: Version) -> Version | None:
        """Return the version that a function that starts now uses: the latest that can be used.

        Raises:
            ClientError: Systems Manager refused to return the history.
        """
        if latest.routes is not None:
            return latest
        pages = self._ssm.get_paginator("get_parameter_history").paginate(Name=self.name)
        versions = [Version.from_parameter(each) for page in pages for each in page["Parameters"]]
        usable = [each for each in versions if each.routes is not None]
        return max(usable, key=lambda each: each.number, default=None)

    def put(self, text: str) -> int:
        """Store a document, and return the number of its version.

        Raises:
            ClientError: Systems Manager refused it.
        """
        large = len(text.encode()) > STANDARD_BYTES
        # An advanced parameter cannot become a standard one, and keeps its tier without a tier.
        tier: dict[str, Any] = {"Tier": "Intelligent-Tiering"} if large else {}
        answer = self._ssm.put_parameter(
            Name=self.name, Value=text, Type="String", Overwrite=True, **tier
        )
        return answer["Version"]
