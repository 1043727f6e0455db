"""Settings of resources that MiniStack's CloudFormation leaves out.

It stores no lifecycle rules, default encryption, ownership controls, logging and suspended
versioning of a bucket, no expiry, recovery and key of a table, no network, key and permission for
loops of a function, and no permissions boundary of a role. Here they are stored, so that a stack is
as its template says.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import botocore.session
from botocore.serialize import create_serializer
from ministack.services import dynamodb, iam, lambda_svc, s3
from ministack.services.cloudformation import provisioners

from relayctl.doctor.expected import Resource
from relayctl.doctor.findings import Call
from relayctl.doctor.subjects import buckets, tables

_BUCKET, _TABLE = "AWS::S3::Bucket", "AWS::DynamoDB::Table"
_S3 = botocore.session.get_session().get_service_model("s3")
_PUT: Mapping[str, tuple[str, Callable[[str, bytes], Any]]] = {
    "LifecycleConfiguration": ("PutBucketLifecycleConfiguration", s3._put_bucket_lifecycle),
    "BucketEncryption": ("PutBucketEncryption", s3._put_bucket_encryption),
    "OwnershipControls": ("PutBucketOwnershipControls", s3._put_bucket_ownership_controls),
    "LoggingConfiguration": ("PutBucketLogging", s3._put_bucket_logging),
    "VersioningConfiguration": ("PutBucketVersioning", s3._put_bucket_versioning),
}
_UPDATE: Mapping[str, Callable[[Any], Any]] = {
    "TimeToLiveSpecification": dynamodb._update_ttl,
    "PointInTimeRecoverySpecification": dynamodb._update_continuous_backups,
    "SSESpecification": dynamodb._update_table,
}


def set_bucket(name: str, properties: Mapping[str, Any]) -> None:
    """Store the settings of a bucket. Raises ValueError for one that S3 refuses."""
    for setting, (operation, put) in _PUT.items():
        if setting in properties:
            (call,) = buckets.put_back(_resource(_BUCKET, name), {setting: properties[setting]})
            _check(setting, put(name, _body(operation, call)))


def set_table(name: str, properties: Mapping[str, Any]) -> None:
    """Store the settings of a table. Raises ValueError for one that DynamoDB refuses."""
    for setting, update in _UPDATE.items():
        if setting in properties:
            (call,) = tables.put_back(_resource(_TABLE, name), {setting: properties[setting]})
            _check(setting, update(dict(call.parameters)))


def set_function(name: str, properties: Mapping[str, Any]) -> None:
    """Store the network and the key of a function, and whether it may invoke itself."""
    function = lambda_svc._functions[name]
    function["recursive_loop"] = properties.get("RecursiveLoop", "Terminate")
    configuration = function["config"]
    configuration["VpcConfig"] = lambda_svc._vpc_config_with_id(properties.get("VpcConfig"))
    configuration["KMSKeyArn"] = properties.get("KmsKeyArn", "")


def set_role(name: str, properties: Mapping[str, Any]) -> None:
    """Store the permissions boundary of a role."""
    iam._roles[name]["PermissionsBoundary"] = properties.get("PermissionsBoundary", "")


def _resource(kind: str, name: str) -> Resource:
    return Resource(name, kind, name, "", {})


def _body(operation: str, call: Call) -> bytes:
    serializer = create_serializer("rest-xml")
    request = serializer.serialize_to_request(call.parameters, _S3.operation_model(operation))
    body: bytes = request["body"]
    return body


def _check(setting: str, answer: tuple[int, Any, bytes]) -> None:
    if answer[0] >= 400:
        raise ValueError(f"{setting} is refused: {json.dumps(answer[2].decode())}")


def with_settings(
    make: Callable[..., Any], position: int, store: Callable[[str, Mapping[str, Any]], None]
) -> Callable[..., Any]:
    """MiniStack's own handler, and the settings; `position`: of the wanted properties."""

    def made(*arguments: Any, **named: Any) -> Any:
        name, attributes = make(*arguments, **named)
        store(name, arguments[position])
        return name, attributes

    return made


def install() -> None:
    """Puts the corrections into MiniStack's modules."""
    for kind, store in (
        (_BUCKET, set_bucket),
        (_TABLE, set_table),
        ("AWS::Lambda::Function", set_function),
        ("AWS::IAM::Role", set_role),
    ):
        handlers = provisioners._RESOURCE_HANDLERS[kind]
        # (logical id, properties, …) and (physical id, old properties, new properties, …)
        for name, position in (("create", 1), ("update", 2)):
            handlers[name] = with_settings(handlers[name], position, store)
