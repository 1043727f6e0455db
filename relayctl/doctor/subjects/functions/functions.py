"""Functions: their configuration, their state, and who may invoke them."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from relayctl.doctor.account import Account, Gone
from relayctl.doctor.drift import RESTORE, Kind
from relayctl.doctor.expected import Resource, Stack
from relayctl.doctor.findings import Call, Finding, Severity

# Members that GetFunctionConfiguration and UpdateFunctionConfiguration call otherwise than
# CloudFormation. https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html
_API_NAMES = {"KmsKeyArn": "KMSKeyArn"}
_COMPARED = ("Timeout", "MemorySize", "Handler", "Runtime", "Role")
_FUNCTION = "AWS::Lambda::Function"


def _configuration(account: Account, function: Resource) -> Mapping[str, Any]:
    return account.get("lambda", "get_function_configuration", FunctionName=function.id)


def _function(account: Account, function: Resource) -> Mapping[str, Any]:
    found = _configuration(account, function)
    network = found.get("VpcConfig") or {}
    logging = found.get("LoggingConfig") or {}
    concurrency = account.get("lambda", "get_function_concurrency", FunctionName=function.id)
    read: dict[str, Any] = {name: found.get(name) for name in _COMPARED}
    read |= {
        "Architectures": found.get("Architectures"),
        "KmsKeyArn": found.get("KMSKeyArn") or None,
        "Layers": [each["Arn"] for each in found.get("Layers", [])] or None,
        "Environment": {"Variables": found.get("Environment", {}).get("Variables", {})},
        "VpcConfig": {name: network[name] for name in _NETWORK if network.get(name)} or None,
        "ReservedConcurrentExecutions": concurrency.get("ReservedConcurrentExecutions"),
    }
    if function.get("RecursiveLoop"):
        loop = account.get("lambda", "get_function_recursion_config", FunctionName=function.id)
        read["RecursiveLoop"] = loop["RecursiveLoop"]
    wanted = function.get("LoggingConfig") or {}
    read["LoggingConfig"] = {name: logging.get(name) for name in wanted}
    return read


_NETWORK = ("SubnetIds", "SecurityGroupIds")


def _set(function: Resource, properties: Mapping[str, Any]) -> tuple[Call, ...]:
    ((name, value),) = properties.items()
    if name == "ReservedConcurrentExecutions":
        if value is None:
            return (Call("lambda", "delete_function_concurrency", {"FunctionName": function.id}),)
        given = {"FunctionName": function.id, "ReservedConcurrentExecutions": int(value)}
        return (Call("lambda", "put_function_concurrency", given),)
    if name == "RecursiveLoop":
        given = {"FunctionName": function.id, name: value}
        return (Call("lambda", "put_function_recursion_config", given),)
    if name == "Architectures":
        return ()  # changes with the code alone
    if name == "VpcConfig" and value is None:
        value = {each: [] for each in _NETWORK}
    if name in ("Timeout", "MemorySize"):
        value = int(value)
    given = {"FunctionName": function.id, _API_NAMES.get(name, name): value if value else ""}
    return (Call("lambda", "update_function_configuration", given),)


def _invocation(account: Account, config: Resource) -> Mapping[str, Any]:
    found = account.get(
        "lambda",
        "get_function_event_invoke_config",
        FunctionName=config.get("FunctionName"),
        Qualifier=config.get("Qualifier"),
    )
    failure = found.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
    wanted = config.get("MaximumEventAgeInSeconds")
    return {
        "DestinationConfig": {"OnFailure": {"Destination": failure}} if failure else None,
        "MaximumRetryAttempts": found.get("MaximumRetryAttempts"),
        "MaximumEventAgeInSeconds": found.get("MaximumEventAgeInSeconds") if wanted else None,
    }


def _set_invocation(config: Resource, _: Mapping[str, Any] | None = None) -> tuple[Call, ...]:
    given: dict[str, Any] = {
        "FunctionName": config.get("FunctionName"),
        "Qualifier": config.get("Qualifier"),
        "DestinationConfig": {
            "OnFailure": {
                "Destination": config.get("DestinationConfig", "OnFailure", "Destination")
            }
        },
    }
    for name in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds"):
        if config.get(name) is not None:
            given[name] = int(config.get(name))
    return (Call("lambda", "put_function_event_invoke_config", given),)


KINDS = (
    Kind(
        _FUNCTION,
        "function",
        _function,
        {
            "": (Severity.ERROR, "messages wait in its queue"),
            "ReservedConcurrentExecutions": (
                Severity.ERROR,
                "Lambda throttles the function, with 0 always: messages wait in its queue",
            ),
            "Timeout": (
                Severity.ERROR,
                "Lambda ends the function in the middle of a batch, or a message is received again "
                "while it runs",
            ),
            "MemorySize": (Severity.WARNING, "the function takes longer, or costs more"),
            "Environment": (Severity.ERROR, "the function uses other resources or settings"),
            "Layers": (Severity.ERROR, "the function runs another version of the relay, or none"),
            "Handler": (Severity.ERROR, "the function cannot start, or does something else"),
            "Role": (Severity.ERROR, "the function has other permissions"),
            "VpcConfig": (Severity.ERROR, "the function may not reach the services that it calls"),
            "RecursiveLoop": (
                Severity.ERROR,
                "Lambda stops the function at the sixteenth round of a retry through its queue",
            ),
            "KmsKeyArn": (Severity.WARNING, "its environment is encrypted with another key"),
        },
        _set,
    ),
    Kind(
        "AWS::Lambda::EventInvokeConfig",
        "asynchronous invocation",
        _invocation,
        {
            "": (Severity.ERROR, "a failed invocation leaves no message"),
            "DestinationConfig": (Severity.ERROR, "a failed invocation leaves no message there"),
            "MaximumRetryAttempts": (Severity.WARNING, "Lambda repeats it more or less often"),
        },
        _set_invocation,
        recreate=_set_invocation,
    ),
)


def state(stack: Stack, account: Account) -> Iterator[Finding]:
    """Report functions that Lambda cannot run, or could not update."""
    for function in stack.of(_FUNCTION):
        try:
            found = _configuration(account, function)
        except Gone:
            continue  # reported as a difference
        for member in ("State", "LastUpdateStatus"):
            # An inactive function was idle for weeks; the next message activates it.
            if found.get(member) == "Failed":
                reason = found.get(f"{member}Reason", "Lambda gives no reason")
                yield Finding(
                    "function-state",
                    Severity.ERROR,
                    function.name,
                    f"function {function.id}: {member} is {found[member]}: {reason}",
                    "Remove the cause, then deploy the stack again",
                )


def code(stack: Stack, account: Account) -> Iterator[Finding]:
    """Report functions whose code is not the package that was deployed."""
    for function in stack.of(_FUNCTION):
        package = function.get("Code") or {}
        bucket, key = package.get("S3Bucket"), package.get("S3Key")
        if not (bucket and key) or package.get("S3ObjectVersion"):
            continue
        try:
            found = _configuration(account, function)
            archive = _digest(account, bucket, key)
        except Gone:
            continue  # packages may be removed after a deployment
        if found.get("CodeSha256") and archive != found["CodeSha256"]:
            call = {"FunctionName": function.id, "S3Bucket": bucket, "S3Key": key}
            yield Finding(
                "function-code",
                Severity.ERROR,
                function.name,
                f"function {function.id}: its code is not the package s3://{bucket}/{key} that was "
                "deployed: someone changed it by hand",
                "Put the deployed code back",
                (Call("lambda", "update_function_code", call),),
            )


def _digest(account: Account, bucket: str, key: str) -> str:
    body = account.get("s3", "get_object", Bucket=bucket, Key=key)["Body"]
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def code_of_layer(stack: Stack, account: Account) -> Iterator[Finding]:
    """Report a layer that was deleted: a function that is updated cannot have it any more."""
    for layer in stack.of("AWS::Lambda::LayerVersion"):
        try:
            account.get("lambda", "get_layer_version_by_arn", Arn=layer.id)
        except Gone:
            yield Finding(
                "layer-gone",
                Severity.WARNING,
                layer.name,
                f"layer {layer.id} does not exist: functions that have it run on, but cannot be "
                "changed",
                RESTORE,
            )
