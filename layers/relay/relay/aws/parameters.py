"""The route document in Systems Manager's Parameter Store."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from relay.aws.errors import translated
from relay.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

# As many as one page of GetParameterHistory holds; a parameter keeps 100 versions.
_PAGE: Final = 50


class SsmRouteDocuments:
    """Fills in `relay.ports.RouteDocuments`. Asks at most once in `max_age`.

    Not through Powertools Parameters, which would load boto3 at every cold start.
    """

    def __init__(self, ssm: "SSMClient", name: str, max_age: timedelta, clock: Clock) -> None:
        self._ssm = ssm
        self._name = name
        self._max_age = max_age
        self._clock = clock
        self._text = ""
        self._good_until: datetime | None = None

    def latest(self) -> str:
        now = self._clock.now()
        if self._good_until is None or now >= self._good_until:
            with translated(f"read parameter {self._name}"):
                self._text = self._ssm.get_parameter(Name=self._name)["Parameter"]["Value"]
            self._good_until = now + self._max_age
        return self._text

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
