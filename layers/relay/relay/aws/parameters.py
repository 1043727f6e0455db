"""The route document in Systems Manager's Parameter Store, through Powertools Parameters."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError
from aws_lambda_powertools.utilities.parameters.ssm import SSMProvider
from botocore.exceptions import BotoCoreError, ClientError

from relay.aws.errors import classify, translated

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

# As many as one page of GetParameterHistory holds; a parameter keeps 100 versions.
_PAGE: Final = 50


class SsmRouteDocuments:
    """Implements `relay.ports.RouteDocuments`. The latest text is cached for `max_age`."""

    def __init__(self, ssm: "SSMClient", name: str, max_age: timedelta) -> None:
        self._ssm = ssm
        self._name = name
        self._max_age_seconds = int(max_age.total_seconds())
        self._provider = SSMProvider(boto3_client=ssm)

    def latest(self, *, fresh: bool = False) -> str:
        try:
            # Text, as it is neither transformed nor missing.
            return str(
                self._provider.get(self._name, max_age=self._max_age_seconds, force_fetch=fresh)
            )
        except GetParameterError as error:
            # Powertools keeps only the text of the cause; its type is in the context.
            cause = error.__context__
            if isinstance(cause, (ClientError, BotoCoreError)):
                raise classify(cause, f"read parameter {self._name}") from error
            raise

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
