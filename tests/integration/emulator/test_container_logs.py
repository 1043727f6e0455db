"""What the emulator writes to CloudWatch Logs of the stand-in."""

import json
import re

import pytest

from tests.support.emulator.stack import SCRIPTED, Stack, eventually


def group(stack: Stack) -> str:
    return f"/aws/sagemaker/Endpoints/{stack.name}"


def streams(stack: Stack) -> list[str]:
    groups = stack.logs.describe_log_groups(logGroupNamePrefix=group(stack))["logGroups"]
    if not groups:
        return []
    found = stack.logs.describe_log_streams(logGroupName=group(stack))["logStreams"]
    return sorted(each["logStreamName"] for each in found)


def lines(stack: Stack, stream: str) -> list[str]:
    if stream not in streams(stack):
        return []
    events = stack.logs.get_log_events(
        logGroupName=group(stack), logStreamName=stream, startFromHead=True
    )["events"]
    return [each["message"] for each in events]


def instance(stack: Stack) -> str:
    """The stream of the one instance, as soon as there is any."""
    found = eventually(lambda: streams(stack), "a log stream")
    name = found[0].removesuffix("/data-log")
    assert re.fullmatch(r"AllTraffic/i-\d+", name)
    return name


def test_a_model_servers_output_is_in_the_stream_of_its_instance(stack: Stack) -> None:
    stack.create_endpoint(SCRIPTED)

    stack.invoke(Body=b'{"print": "gr\xc3\xb6\xc3\x9fe"}')

    stream = instance(stack)
    eventually(lambda: "größe" in lines(stack, stream), "the line")


@pytest.mark.parametrize(
    ("script", "timeout", "words"),
    [
        (
            {"status": 500, "body": "no"},
            9,
            'Received server error (500) from primary with message "no"',
        ),
        ({"chunked": True}, 9, "did not specify the required Content-Length header"),
        ({"seconds": 9}, 1, "timed out while waiting for a response from container primary"),
    ],
)
def test_the_data_log_says_why_a_request_failed(
    stack: Stack, script: object, timeout: int, words: str
) -> None:
    stack.create_endpoint(SCRIPTED)

    given = {"InferenceId": "order-17", "InvocationTimeoutSeconds": timeout}
    stack.invoke(Body=json.dumps(script).encode(), **given)

    stream = f"{instance(stack)}/data-log"
    [line] = eventually(lambda: lines(stack, stream), "a line in the data log")
    assert re.match(r"\d{4}-\d\d-\d\dT[\d:.]+:\[sagemaker logs\] \[order-17\] ", line)
    assert words in line
