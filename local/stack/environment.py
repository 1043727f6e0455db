"""The environment variables that lead to the local stack, also as a file to `source`."""

import re
import shlex
from collections.abc import Mapping

from local.stack.certificate import Certificate
from local.stack.settings import REGION, STACK_NAME, StackSettings

# MiniStack's root: allowed everything. Functions and the endpoint get their roles' credentials.
_ACCESS_KEY = "test"

# Would lead to another account, or win over the access key.
_UNWANTED = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN")

_EXPORT = re.compile(r"export ([A-Z0-9_]+)=")


def client_variables(settings: StackSettings) -> dict[str, str]:
    """What an AWS SDK, the AWS CLI and `sam` need in order to talk to the local stack."""
    return {
        "AWS_ENDPOINT_URL": settings.aws_url,
        "AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING": settings.sagemaker_url,
        "AWS_ENDPOINT_URL_SAGEMAKER": settings.sagemaker_url,
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": settings.sagemaker_url,
        "AWS_CA_BUNDLE": str(Certificate.at(settings.tls).certificate),
        "AWS_ACCESS_KEY_ID": _ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": _ACCESS_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "STACK_NAME": STACK_NAME,
    }


def child_variables(settings: StackSettings, inherited: Mapping[str, str]) -> dict[str, str]:
    """The environment of a part of the stack.

    Nothing of the developer's own AWS configuration gets through, no proxy stands between the
    parts, and temporary files stay in the stack's directory.
    """
    own = {name: value for name, value in inherited.items() if not name.startswith("AWS_")}
    return (
        own
        | client_variables(settings)
        | {
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            "PYTHONUNBUFFERED": "1",
            "TMPDIR": str(settings.temporary),
        }
    )


def write_environment_file(settings: StackSettings) -> None:
    lines = [
        f"# The local stack. In a shell: source {shlex.quote(str(settings.environment_file))}",
        f"unset {' '.join(_UNWANTED)}",
        *(
            f"export {name}={shlex.quote(value)}"
            for name, value in client_variables(settings).items()
        ),
    ]
    settings.environment_file.write_text("\n".join(lines) + "\n")


def read_environment_file(settings: StackSettings) -> dict[str, str]:
    """The exported variables.

    Raises:
        FileNotFoundError: the stack is not up.
    """
    variables = {}
    for line in settings.environment_file.read_text().splitlines():
        if match := _EXPORT.match(line):
            (value,) = shlex.split(line[match.end() :]) or ("",)
            variables[match[1]] = value
    return variables
