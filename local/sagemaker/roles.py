"""Whether SageMaker could use an execution role."""

import json
from collections.abc import Mapping
from typing import Any, Protocol

from botocore.exceptions import ClientError

from local.sagemaker.aws import Aws, error_code
from local.sagemaker.errors import validation_exception

PRINCIPAL = "sagemaker.amazonaws.com"


class Roles(Protocol):
    """Whether SageMaker could work in a role's name."""

    async def require_usable(self, role_arn: str) -> None:
        """The role exists, trusts SageMaker and can be assumed.

        Raises:
            AwsError: ValidationException, with AWS's words.
        """
        ...

    async def require_publishing(self, role_arn: str, topic: str) -> None:
        """Like `require_usable`, with the words of a role that is wanted for a topic."""
        ...


class IamRoles:
    """Roles of the AWS stand-in, looked at afresh each time."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    async def require_usable(self, role_arn: str) -> None:
        if not await self._usable(role_arn):
            raise validation_exception(
                f"Could not assume role {role_arn}. Please ensure that the role exists and allows "
                f"principal '{PRINCIPAL}' to assume the role."
            )

    async def require_publishing(self, role_arn: str, topic: str) -> None:
        if not await self._usable(role_arn):
            raise validation_exception(unusable_role(role_arn, topic))

    async def _usable(self, role_arn: str) -> bool:
        self._aws.forget_role(role_arn)
        return await self._aws.call(_can_be_assumed, self._aws, role_arn)


def unusable_role(role_arn: str, topic: str) -> str:
    """What CreateEndpoint says about a role that cannot publish."""
    return (
        f"The provided role {role_arn} is invalid. Please ensure the role exists, that its trust "
        f'relationship policy allows the action "sts:AssumeRole" for the service principal '
        f'"{PRINCIPAL}", and has "sns:Publish" permissions for topic "{topic}"'
    )


def _can_be_assumed(aws: Aws, role_arn: str) -> bool:
    try:
        role = aws.iam.get_role(RoleName=role_arn.rsplit("/", 1)[-1])["Role"]
        if role["Arn"] != role_arn or not trusts_sagemaker(role["AssumeRolePolicyDocument"]):
            return False
        aws.sts.assume_role(RoleArn=role_arn, RoleSessionName="SageMaker")
    except ClientError as exc:
        if error_code(exc) in ("NoSuchEntity", "AccessDenied"):
            return False
        raise
    return True


def trusts_sagemaker(document: Any) -> bool:
    policy: Mapping[str, Any] = json.loads(document) if isinstance(document, str) else document
    statements = policy.get("Statement", [])
    return any(
        statement.get("Effect") == "Allow"
        and "sts:AssumeRole" in _as_list(statement.get("Action", []))
        and isinstance(statement.get("Principal"), Mapping)
        and PRINCIPAL in _as_list(statement["Principal"].get("Service", []))
        for statement in (statements if isinstance(statements, list) else [statements])
    )


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
