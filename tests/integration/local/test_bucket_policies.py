"""A bucket's policy that excepts roles from a denial, as docs/how-to/deploy.md has it."""

import json
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from tests.integration.local.conftest import Session

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_BUCKET, _ACCOUNT = "lake", "000000000000"
_ALLOWED = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
_TRUSTED = {"Effect": "Allow", "Principal": {"AWS": _ACCOUNT}, "Action": "sts:AssumeRole"}


def in_role(enforcing: Session, name: str, path: str = "/") -> "S3Client":
    """A client with a session of a new role, whose own policy allows every call of S3."""
    session, url = enforcing
    iam = session.client("iam", endpoint_url=url)
    trust = json.dumps({"Statement": [_TRUSTED]})
    role = iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=trust)["Role"]
    document = json.dumps({"Statement": [_ALLOWED]})
    iam.put_role_policy(RoleName=name, PolicyName="s3", PolicyDocument=document)
    sts = session.client("sts", endpoint_url=url)
    keys = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="test")["Credentials"]
    return session.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )


def test_a_denial_for_other_principals_denies_other_roles_alone(enforcing: Session) -> None:
    session, url = enforcing
    s3 = session.client("s3", endpoint_url=url)
    s3.create_bucket(Bucket=_BUCKET)
    roles = [f"arn:aws:iam::{_ACCOUNT}:{each}" for each in ("root", "role/relay-*", "role/a/b/*")]
    denial = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": f"arn:aws:s3:::{_BUCKET}",
        "Condition": {"ArnNotLike": {"aws:PrincipalArn": roles}},
    }
    s3.put_bucket_policy(Bucket=_BUCKET, Policy=json.dumps({"Statement": [denial]}))

    in_role(enforcing, "relay-ProvisionRole").get_bucket_location(Bucket=_BUCKET)
    in_role(enforcing, "reader", "/a/b/").get_bucket_location(Bucket=_BUCKET)
    with pytest.raises(ClientError, match="with an explicit deny in a resource-based policy"):
        in_role(enforcing, "other").get_bucket_location(Bucket=_BUCKET)
