"""Command lines of the AWS CLI, compared with the models of the services, without the CLI.

`aws SERVICE OPERATION --option VALUE`: an option is the name of a member of the operation's input
in lower case with hyphens, and `wait` takes the waiters of the service
(https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-commandstructure.html).
"""

import json
from collections.abc import Iterator
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.model import OperationModel, Shape
from botocore.validate import ParamValidator

# https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-options.html
_GLOBAL = {"--cli-binary-format", "--endpoint-url", "--no-cli-pager", "--no-paginate", "--output"}
_GLOBAL |= {"--profile", "--query", "--region"}
_FLAGS = {"--no-cli-pager", "--no-paginate"}
# Commands of the CLI's own, with their flags and options:
# https://docs.aws.amazon.com/cli/latest/reference/s3/
_S3 = {
    "cp": ({"--recursive", "--quiet"}, {"--content-type", "--exclude", "--include", "--metadata"}),
    "ls": ({"--recursive"}, set[str]()),
    "mb": (set[str](), set[str]()),
    "rb": ({"--force"}, set[str]()),
    "rm": ({"--recursive", "--quiet"}, {"--exclude", "--include"}),
    "sync": ({"--delete", "--quiet"}, {"--exclude", "--include"}),
}
# https://docs.aws.amazon.com/cli/latest/reference/logs/tail.html
_TAIL = ({"--follow"}, {"--since", "--filter-pattern", "--format"})
# Commands with another name than the SDK's client.
NAMES = {"s3api": "s3"}
# Options with another name than the member, by operation:
# https://docs.aws.amazon.com/cli/latest/reference/sns/subscribe.html
_RENAMED = {"Subscribe": {"Endpoint": "--notification-endpoint"}}
_SESSION = botocore.session.get_session()


def problems(words: list[str]) -> list[str]:
    """Return what the AWS CLI would refuse in the words after `aws`."""
    service, operation, *rest = words
    if service == "s3":
        return list(_of_s3(operation, rest))
    if (service, operation) == ("logs", "tail"):
        return list(_of_a_tail(rest))
    service = NAMES.get(service, service)
    try:
        model = _SESSION.get_service_model(service)
    except (UnknownServiceError, DataNotFoundError):
        return [f"{service} is no service"]
    if operation == "wait":
        return _of_a_waiter(service, rest)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    if operation not in names:
        return [f"{service} has no operation {operation}"]
    return list(_of_an_operation(model.operation_model(names[operation]), rest))


def _of_s3(operation: str, rest: list[str]) -> Iterator[str]:
    if operation not in _S3:
        yield f"aws s3 {operation} is unknown here"
        return
    flags, options = _S3[operation]
    given, positional = options_of(rest, _FLAGS | flags)
    yield from (f"no option {each}" for each in given.keys() - _GLOBAL - flags - options)
    expected = 2 if operation in ("cp", "sync") else 1
    if len(positional) != expected or not any(each.startswith("s3://") for each in positional):
        yield f"{operation} of {positional}"


def _of_a_tail(rest: list[str]) -> Iterator[str]:
    flags, options = _TAIL
    given, positional = options_of(rest, _FLAGS | flags)
    yield from (f"no option {each}" for each in given.keys() - _GLOBAL - flags - options)
    if len(positional) != 1:
        yield f"tail of {positional}"


def _of_a_waiter(service: str, rest: list[str]) -> list[str]:
    """Compare `NAME --option VALUE` with the waiter and the operation that it calls."""
    waiters = _SESSION.get_waiter_model(service)
    names = {xform_name(each, "-"): each for each in waiters.waiter_names}
    if not rest or rest[0] not in names:
        return [f"{service} has no waiter {' '.join(rest[:1])}"]
    operation = waiters.get_waiter(names[rest[0]]).operation
    model = _SESSION.get_service_model(service).operation_model(operation)
    return list(_of_an_operation(model, rest[1:]))


def _of_an_operation(operation: OperationModel, rest: list[str]) -> Iterator[str]:
    shape: Any = operation.input_shape
    members: dict[str, Shape] = dict(shape.members) if shape else {}
    renamed = _RENAMED.get(operation.name, {})
    options = {renamed.get(name, "--" + xform_name(name, "-")): name for name in members}
    flags = {option for option, name in options.items() if members[name].type_name == "boolean"}
    given, positional = options_of(rest, _FLAGS | flags | {f"--no-{each[2:]}" for each in flags})
    if operation.name == "Invoke" and operation.service_model.service_name == "lambda":
        # The file for the answer: https://docs.aws.amazon.com/cli/latest/reference/lambda/invoke.html
        if not positional:
            yield "no file for the answer"
        positional = positional[1:]
    yield from (f"unexpected {each}" for each in positional)
    for option, value in given.items():
        name = options.get(option) or options.get(option.replace("--no-", "--", 1))
        if name:
            yield from _of_a_value(option, value, members[name])
        elif option not in _GLOBAL:
            yield f"no option {option}"
    required = shape.required_members if shape else []
    yield from (f"{each} is missing" for each in required if not _is_given(each, given))


def _of_a_value(option: str, value: str, shape: Shape) -> Iterator[str]:
    """Compare a document in JSON, or shorthand, with the shape of the member."""
    if shape.type_name not in ("structure", "list") or value.startswith(("$", "file://")):
        return
    if value.startswith(("{", "[")):
        report = ParamValidator().validate(json.loads(value), shape)
        if report.has_errors():
            yield f"{option}: {report.generate_report()}"
        return
    one: Any = shape.member if shape.type_name == "list" else shape  # type: ignore[attr-defined]
    if one.type_name == "structure":
        names = {part.partition("=")[0] for part in value.split(",") if "=" in part}
        yield from (f"{option}: no member {each}" for each in names - one.members.keys())


def _is_given(name: str, given: dict[str, str]) -> bool:
    return "--" + xform_name(name, "-") in given


def options_of(rest: list[str], flags: set[str]) -> tuple[dict[str, str], list[str]]:
    """Split the words into options with their values, and what is no option."""
    given: dict[str, str] = {}
    positional: list[str] = []
    last = ""
    for word in rest:
        if word.startswith("--"):
            last = "" if word in flags else word
            given[word] = ""
        elif last and not given[last]:
            given[last] = word
        else:
            positional.append(word)
    return given, positional
