"""What a cold start imports. Counted and named, not timed: `make bench` times it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from types import MappingProxyType

import pytest

from local.stack.settings import REPOSITORY
from tests.support import samples

# Of what the least function with the same libraries and clients loads. The relay's own modules and
# Powertools' Logger and Metrics are more.
_BUDGET = 1.25

# Large, and of no use on the way of a request.
_UNWANTED = (
    "aws_lambda_powertools.utilities.batch",
    "aws_lambda_powertools.utilities.idempotency",
    "aws_lambda_powertools.utilities.parser",
    "aws_xray_sdk",
    "pydantic",
    "relay.provision",
)

# Route reads its routes through Powertools Parameters, which come with Powertools' own base.
_BARE = MappingProxyType(
    {
        "submit": "import sys, boto3; session = boto3.Session(); "
        "made = [session.client(name) for name in ('sqs', 'dynamodb', 'sagemaker-runtime')]; "
        "print(*sys.modules)",
        "route": "import sys, boto3; from aws_lambda_powertools.utilities import parameters; "
        "session = boto3.Session(); "
        "made = [session.client(name) for name in ('sqs', 'dynamodb', 'ssm')]; "
        "print(*sys.modules)",
    }
)
_FUNCTION = "import sys, app; print(*sys.modules)"


def loaded(program: str, function: str, environment: Mapping[str, str]) -> set[str]:
    """The modules that a new interpreter has after the program."""
    code = REPOSITORY / "functions" / function
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={
            **environment,
            "AWS_DEFAULT_REGION": "us-east-1",
            "PYTHONPATH": os.pathsep.join((str(code), str(REPOSITORY / "layers" / "relay"))),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("function", "environment"),
    [("submit", samples.SUBMIT_ENVIRONMENT), ("route", samples.ROUTE_ENVIRONMENT)],
)
class TestAColdStart:
    def test_loads_little_more_than_the_same_libraries_and_clients(
        self, function: str, environment: Mapping[str, str]
    ) -> None:
        bare = loaded(_BARE[function], function, {})

        ours = loaded(_FUNCTION, function, environment)

        assert len(ours) <= _BUDGET * len(bare), sorted(ours - bare)

    def test_loads_nothing_large_that_no_request_needs(
        self, function: str, environment: Mapping[str, str]
    ) -> None:
        ours = loaded(_FUNCTION, function, environment)

        assert [name for name in _UNWANTED if name in ours] == []
        assert "botocore.client" in ours
