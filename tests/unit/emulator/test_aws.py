"""The emulator's sessions, on moto."""

import asyncio

import pytest
from async_endpoint_emulator.aws import Aws
from moto import mock_aws

ROLES = [f"arn:aws:iam::123456789012:role/execution-{number}" for number in range(2)]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Aws:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return Aws("us-east-1")


def test_the_sessions_of_roles_share_what_describes_the_services(aws: Aws) -> None:
    async def assume() -> list[object]:
        sessions = [await aws.role(role_arn) for role_arn in ROLES]
        return [each.s3.meta.service_model.metadata for each in sessions]

    with mock_aws():
        first, second = asyncio.run(assume())
    aws.close()

    assert first is second


def test_each_role_has_credentials_of_its_own(aws: Aws) -> None:
    async def assume() -> list[str | None]:
        return [(await aws.credentials(role_arn)).access_key for role_arn in ROLES]

    with mock_aws():
        keys = asyncio.run(assume())
    aws.close()

    assert len({"test", *keys}) == 3


def test_a_role_that_is_assumed_afresh_has_new_credentials(aws: Aws) -> None:
    async def assume() -> list[str | None]:
        first = await aws.credentials(ROLES[0])
        again = await aws.credentials(ROLES[0])
        aws.forget_role(ROLES[0])
        return [each.access_key for each in (first, again, await aws.credentials(ROLES[0]))]

    with mock_aws():
        first, again, afresh = asyncio.run(assume())
    aws.close()

    assert first == again != afresh
