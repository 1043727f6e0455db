"""A configuration of samconfig.toml and its parameters, as SAM and CloudFormation take them.

The unit tests of the template compare the files of all configurations with its parameters.
"""

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from local.stack.settings import REGION, REPOSITORY
from tests.acceptance.targets.sam import machine_parameters, overrides
from tests.support.stack import RunningStack

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

_SECONDS = 120


def test_a_configuration_gives_its_parameters_and_tags_to_its_own_stack(
    stack: RunningStack, cloudformation: "CloudFormationClient"
) -> None:
    name = "dev"
    stack_name, file = f"relay-{name}", f"file://parameters/{name}.yaml"
    # Another parameter beside those of the file, as docs/how-to/deploy.md says.
    given = (file, *overrides(machine_parameters()), "LogRetentionDays=3")

    with stack.variables():
        deploy = subprocess.run(
            [
                *(sys.executable, "-m", "samcli", "deploy", "--config-env", name),
                *("--config-file", str(REPOSITORY / "samconfig.toml"), "--region", REGION),
                *("--template-file", str(stack.settings.sam_directory / "build/template.yaml")),
                *("--no-execute-changeset", "--no-confirm-changeset"),
                *("--parameter-overrides", *given),
            ],
            cwd=REPOSITORY,
            env=os.environ | {"SAM_CLI_TELEMETRY": "0", "TMPDIR": str(stack.directory)},
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )

    assert deploy.returncode == 0, deploy.stdout + deploy.stderr
    try:
        (planned,) = cloudformation.list_change_sets(StackName=stack_name)["Summaries"]
        found = cloudformation.describe_change_set(ChangeSetName=planned["ChangeSetId"])
    finally:
        cloudformation.delete_stack(StackName=stack_name)
    read = {each["ParameterKey"]: each.get("ParameterValue") for each in found["Parameters"]}
    assert (read["EndpointName"], read["LogRetentionDays"]) == ("", "3")
    assert read["ModelDataUrl"] == f"s3://my-bucket/{name}/model.tar.gz"
    assert {"Key": "environment", "Value": name} in found["Tags"]
