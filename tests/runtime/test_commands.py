"""`make invoke` and the variables for `sam local`, as a developer runs them."""

import json
import subprocess
import sys

from local.stack.settings import REPOSITORY
from tests.support.stack import RunningStack, command_environment


def run(stack: RunningStack, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=REPOSITORY,
        env={**command_environment(stack.settings), **stack.environment},
        input='{"action": "dance"}',
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_the_answer_is_all_of_standard_output_and_the_log_goes_to_standard_error(
    stack: RunningStack,
) -> None:
    done = run(stack, "local.functions.invoke", "provision", "events/provision/describe.json")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["endpoint"]["status"] == "InService"
    assert "START RequestId" in done.stderr
    assert "provision was initialised in" in done.stderr


def test_an_error_of_the_function_is_shown_and_is_the_exit_code(stack: RunningStack) -> None:
    done = run(stack, "local.functions.invoke", "reconcile", "-")

    assert done.returncode == 1
    assert done.stdout == ""
    assert "reconcile raised UnreadableMessage: action is 'dance'" in done.stderr


def test_sam_local_gets_the_variables_of_each_deployed_function(stack: RunningStack) -> None:
    done = run(stack, "local.functions.sam_variables")

    variables = json.loads(done.stdout)
    assert set(variables) == {
        "SubmitFunction",
        "RouteFunction",
        "ReconcileFunction",
        "BackfillFunction",
        "ProvisionFunction",
    }
    assert variables["SubmitFunction"]["SUBMIT_QUEUE_URL"] == stack.outputs["SubmitQueueUrl"]


def test_a_stack_that_is_not_there_is_an_error_with_its_name(stack: RunningStack) -> None:
    done = run(stack, "local.functions.sam_variables", "--stack-name", "elsewhere")

    assert done.returncode == 1
    assert done.stdout == ""
    assert "cannot read the stack elsewhere" in done.stderr
