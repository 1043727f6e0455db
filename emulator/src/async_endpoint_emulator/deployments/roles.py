"""Whether SageMaker could use an execution role."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from async_endpoint_emulator.aws import Aws, error_code
from async_endpoint_emulator.errors import validation_exception

PRINCIPAL = "sagemaker.amazonaws.com"


Roles = Callable[[str], Awaitable[bool]]
"""Whether a role, given by its ARN, exists, trusts SageMaker and can be assumed."""


async def require_usable(roles: Roles, role_arn: str) -> None:
    """Raises ValidationException, with AWS's words, if SageMaker cannot assume the role."""
    if not await roles(role_arn):
        raise validation_exception(
            f"Could not assume role {role_arn}. Please ensure that the role exists and allows "
            f"principal '{PRINCIPAL}' to assume the role."
        )


def unusable_role(role_arn: str, topic: str) -> str:
    """What CreateEndpoint says about a role that cannot publish."""
    return (
        f"The provided role {role_arn} is invalid. Please ensure the role exists, that its trust "
        f'relationship policy allows the action "sts:AssumeRole" for the service principal '
        f'"{PRINCIPAL}", and has "sns:Publish" permissions for topic "{topic}"'
    )


async def can_be_assumed(aws: Aws, role_arn: str) -> bool:
    """Looks at the role of the AWS stand-in afresh each time."""
    aws.forget_role(role_arn)
    return await aws.call(_can_be_assumed, aws, role_arn)


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
