"""The environment variables that lead to the local stack, also as a file to `source`."""

import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from local.machine import private
from local.stack import root_user
from local.stack.certificate import Certificate
from local.stack.settings import REGION, STACK_NAME, StackSettings

# The configuration file of an older boto, which botocore reads too.
_WITHOUT_PREFIX = ("BOTO_CONFIG",)

_EXPORT = re.compile(r"export ([A-Za-z0-9_]+)=")

# Whatever starts with AWS_ may lead to another account: endpoints of single services, profiles,
# roles, tokens, credentials of containers. The list grows with each SDK, so none is kept here.
_UNSET = f"""\
for relay_name in $(env | sed -n 's/^\\(AWS_[A-Za-z0-9_]*\\)=.*/\\1/p') {" ".join(_WITHOUT_PREFIX)}
do unset "$relay_name"
done
unset relay_name
"""

# The AWS CLI obeys AWS_ENDPOINT_URL from 2.13.0 on:
# https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-endpoints.html
# So does version 1 from 1.29.0 on, except for `aws sqs`, which in us-east-1 has an endpoint of its
# own (awscli/customizations/overridesslcommonname.py).
# An alias may name a profile or an endpoint. It would also replace the name of the function.
_AWS_COMMAND = """\
unalias aws 2> /dev/null || :
unset relay_aws
aws() {
  : "${relay_aws:=$(command aws --version 2>&1)}"
  case "$relay_aws" in
  aws-cli/1.* | aws-cli/2.[0-9].* | aws-cli/2.1[0-2].*)
    echo "refused: ${relay_aws%% *} does not always obey AWS_ENDPOINT_URL, and would call AWS \\
instead of the local stack. Install version 2.13.0 or newer." >&2
    return 1
    ;;
  aws-cli/*) ;;
  *) unset relay_aws ;;
  esac
  command aws "$@"
}
"""


def client_variables(settings: StackSettings) -> dict[str, str]:
    """What an AWS SDK, the AWS CLI and `sam` need in order to talk to the local stack.

    Raises:
        LocalStackError: no stack was started in this directory.
    """
    root = root_user.read(settings)
    return {
        "AWS_ENDPOINT_URL": settings.aws_url,
        "AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING": settings.sagemaker_url,
        "AWS_ENDPOINT_URL_SAGEMAKER": settings.sagemaker_url,
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": settings.sagemaker_url,
        "AWS_CA_BUNDLE": str(Certificate.at(settings.tls).certificate),
        "AWS_ACCESS_KEY_ID": root.access_key_id,
        "AWS_SECRET_ACCESS_KEY": root.secret_access_key,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "STACK_NAME": STACK_NAME,
    }


def child_variables(settings: StackSettings, inherited: Mapping[str, str]) -> dict[str, str]:
    """The environment of a part of the stack.

    Nothing of the developer's own AWS configuration gets through, no proxy stands between the
    parts, and temporary files stay in the stack's directory.
    """
    own = {
        name: value
        for name, value in inherited.items()
        if not name.startswith("AWS_") and name not in _WITHOUT_PREFIX
    }
    return (
        own
        | client_variables(settings)
        | {"PYTHONUNBUFFERED": "1", "TMPDIR": str(settings.temporary)}
    )


def write_environment_file(settings: StackSettings) -> None:
    exports = "\n".join(
        f"export {name}={shlex.quote(value)}" for name, value in client_variables(settings).items()
    )
    text = (
        f"# The local stack. In a shell: source {shlex.quote(str(settings.environment_file))}\n"
        f"{_UNSET}{exports}\n{_AWS_COMMAND}{_relayctl_command()}"
    )
    private.write(settings.environment_file, text.encode())


def _relayctl_command() -> str:
    """A function, because .venv/bin in PATH would replace the shell's own python too."""
    relayctl = shlex.quote(str(Path(sys.executable).with_name("relayctl")))
    return f'unalias relayctl 2> /dev/null || :\nrelayctl() {{ {relayctl} "$@"; }}\n'


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


def as_it_runs(settings: StackSettings) -> StackSettings:
    """With the ports of the stack that is up in this directory; unchanged when none is."""
    try:
        variables = read_environment_file(settings)
    except FileNotFoundError:
        return settings
    aws, sagemaker = (
        urlsplit(variables[name]).port
        for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SAGEMAKER")
    )
    return replace(
        settings,
        aws_port=aws or settings.aws_port,
        sagemaker_port=sagemaker or settings.sagemaker_port,
    )
