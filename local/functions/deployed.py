"""The functions as they were built and deployed to a local stack, ready to be run."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from local.errors import LocalStackError
from local.functions.lambda_environment import Function
from local.stack.certificate import Certificate
from local.stack.clients import Clients
from local.stack.deployment import Deployment, stack_outputs
from local.stack.environment import client_variables
from local.stack.settings import REPOSITORY, StackSettings
from local.stack.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import FunctionConfigurationResponseTypeDef

NAMES = ("submit", "route", "reconcile", "backfill", "provision")


def logical_id(name: str) -> str:
    """What the template calls the function `submit`, for example."""
    return f"{name.capitalize()}Function"


def deployed_function(name: str, settings: StackSettings, clients: Clients) -> Function:
    """The built code of a function, with the deployed one's configuration and credentials.

    The credentials are a session of the function's own role, so that IAM refuses what it would
    refuse in Lambda.

    Raises:
        LocalStackError: the stack is not deployed, or the function was not built.
    """
    deployed = configuration(name, clients)
    logging = deployed.get("LoggingConfig", {})
    code, layer = built(logical_id(name), settings), built("RelayLayer", settings)
    return Function(
        name=deployed["FunctionName"],
        handler=deployed["Handler"],
        code=code,
        layers=(layer / "python",),
        environment={
            **deployed.get("Environment", {}).get("Variables", {}),
            **sdk_variables(settings),
            **role_session(deployed["Role"], name, clients),
        },
        memory_megabytes=deployed["MemorySize"],
        timeout_seconds=deployed["Timeout"],
        log_format=logging.get("LogFormat", "Text"),
        application_log_level=logging.get("ApplicationLogLevel", ""),
        log_group=logging.get("LogGroup", ""),
    )


def configuration(name: str, clients: Clients) -> "FunctionConfigurationResponseTypeDef":
    """What Lambda says about the deployed function.

    Raises:
        LocalStackError: the stack is not deployed.
    """
    deployed_name = stack_outputs(clients)[f"{logical_id(name)}Name"]
    return clients.functions.get_function_configuration(FunctionName=deployed_name)


def rebuild_if_changed(
    settings: StackSettings, clients: Clients, report: Callable[[str], None]
) -> None:
    """Runs `sam build` again when what it builds from is newer than what it built.

    Raises:
        LocalStackError: the build failed.
    """
    result = settings.sam_directory / "build" / "template.yaml"
    sources = (REPOSITORY / "template.yaml", *_files("functions"), *_files("layers"))
    if result.exists() and max(map(_changed, sources)) <= _changed(result):
        return
    report("building: the code has changed since it was built (`make up` deploys it as well)")
    Deployment(settings, clients, meanwhile=Stack(settings, report).check).build()


def _files(directory: str) -> Iterator[Path]:
    found = (REPOSITORY / directory).rglob("*")
    return (file for file in found if file.is_file() and "__pycache__" not in file.parts)


def _changed(file: Path) -> float:
    return file.stat().st_mtime


def built(resource: str, settings: StackSettings) -> Path:
    """Where `sam build` left a function or a layer.

    Raises:
        LocalStackError: it was not built.
    """
    directory = settings.sam_directory / "build" / resource
    if not directory.is_dir():
        raise LocalStackError(f"{directory} is missing: `make up` builds and deploys the stack")
    return directory


def sdk_variables(settings: StackSettings) -> dict[str, str]:
    """What leads an SDK inside a function to the local stack; credentials are not among them."""
    wanted = {
        name: value
        for name, value in client_variables(settings).items()
        if name.startswith("AWS_ENDPOINT_URL") or name in ("AWS_CA_BUNDLE", "AWS_REGION")
    }
    # For what does not go through the SDK: the answer to CloudFormation.
    return {**wanted, "SSL_CERT_FILE": str(Certificate.at(settings.tls).certificate)}


def role_session(role_arn: str, session_name: str, clients: Clients) -> Mapping[str, str]:
    """Credentials that may do what the role may, as variables for an SDK."""
    session = clients.sts.assume_role(RoleArn=role_arn, RoleSessionName=session_name)
    credentials = session["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
    }
