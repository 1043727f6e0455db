"""The route document in Systems Manager's Parameter Store."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from relay.aws.errors import translated

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

# As many as one page of GetParameterHistory holds; a parameter keeps 100 versions.
_PAGE: Final = 50


class SsmRouteDocuments:
    """Fills in `relay.ports.RouteDocuments`. Asks at every call; `LastGoodRoutes` keeps the answer.

    Not by way of Powertools' Parameters, whose import loads boto3 and was a tenth of the cold start
    (docs/decisions/0009).
    """

    def __init__(self, ssm: "SSMClient", name: str) -> None:
        self._ssm = ssm
        self._name = name

    def latest(self) -> str:
        with translated(f"read parameter {self._name}"):
            return self._ssm.get_parameter(Name=self._name)["Parameter"]["Value"]

    def earlier(self) -> Iterator[tuple[int, str]]:
        versions: dict[int, str] = {}
        with translated(f"read the history of parameter {self._name}"):
            pages = self._ssm.get_paginator("get_parameter_history").paginate(
                Name=self._name, PaginationConfig={"PageSize": _PAGE}
            )
            for page in pages:  # the oldest first
                for version in page["Parameters"]:
                    versions[version["Version"]] = version["Value"]
        yield from sorted(versions.items(), reverse=True)
