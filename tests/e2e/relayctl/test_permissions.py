"""Each command of `relayctl` as a person who has the permissions that it names, and no others."""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local.stack.settings import REPOSITORY
from relayctl.app import COMMANDS
from relayctl.commands import Command
from relayctl.errors import Exit
from tests.acceptance.targets.target import Target, eventually
from tests.e2e.endpoint.capacity import awake
from tests.support.relayctl.process import RelayctlProcess
from tests.support.stack import RunningStack

_SECONDS = 90
_REFUSED = ("denied", "not authorized", "not checked", "Unauthorized")


@dataclass(frozen=True, slots=True)
class Given:
    """What the commands are about, on the stack of the tests."""

    completed: str
    failed: str
    parked: tuple[str, ...]
    input: Path
    routes: Path
    backfill: str
    now: str


_SELECTION = ("--name", f"permissions-{uuid.uuid4().hex}", "--prefix")
Arguments = Callable[[Given], list[str]]

# In this order: a backfill is started before it is paused.
CALLS: Mapping[str, tuple[Arguments, Exit]] = {
    "submit": (lambda given: [str(given.input), "--wait", "--yes"], Exit.DONE),
    "status": (lambda given: [given.completed], Exit.DONE),
    "doctor": (lambda _: [], Exit.ATTENTION),  # messages are parked
    "cost": (lambda _: ["--since", "1h"], Exit.DONE),
    "list": (lambda _: ["--since", "1h"], Exit.DONE),
    "count": (lambda _: ["--since", "1h"], Exit.DONE),
    "resubmit": (lambda given: [given.failed, "--yes"], Exit.DONE),
    "parked": (lambda _: [], Exit.ATTENTION),
    "parked show": (lambda given: [given.parked[0]], Exit.DONE),
    "parked redrive": (lambda given: [given.parked[0], "--yes"], Exit.DONE),
    "parked drop": (lambda given: [given.parked[1], "--yes"], Exit.DONE),
    "pause": (lambda _: ["submit"], Exit.DONE),
    "resume": (lambda _: ["submit"], Exit.DONE),
    "endpoint": (lambda _: [], Exit.DONE),
    "deploy": (lambda _: ["--instance-type", "none", "--yes"], Exit.ATTENTION),
    "backfill preview": (lambda given: ["--prefix", given.backfill], Exit.DONE),
    "backfill start": (
        lambda given: [*_SELECTION, given.backfill, "--modified-to", given.now, "--yes"],
        Exit.DONE,
    ),
    "backfill pause": (lambda _: [], Exit.DONE),
    "backfill status": (lambda _: [], Exit.DONE),
    "backfill list": (lambda _: [], Exit.DONE),
    "backfill cancel": (lambda _: ["--yes"], Exit.DONE),
    "backfill resume": (lambda _: [], Exit.REFUSED),  # it is cancelled
    "backfill retry-failed": (lambda _: ["--yes"], Exit.REFUSED),  # it is not completed
    "routes show": (lambda _: [], Exit.DONE),
    "routes check": (lambda given: [str(given.routes)], Exit.DONE),
    "routes set": (lambda given: [str(given.routes), "--yes"], Exit.DONE),
    "routes explain": (lambda given: [given.completed], Exit.DONE),
}
# `console` says what is missing on each part of the page; `rollback` invokes what `deploy` invokes,
# and `tail`, which ends with Ctrl-C, what `list` and `status` invoke.
NOT_RUN = {"console", "rollback", "tail"}


@pytest.fixture(scope="module")
def relayctl(stack: RunningStack) -> RelayctlProcess:
    return RelayctlProcess(stack)


@pytest.fixture(scope="module")
def given(
    stack: RunningStack,
    target: Target,
    relayctl: RelayctlProcess,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Given]:
    awake(target.client("sagemaker"), stack.outputs["EndpointName"])
    folder = tmp_path_factory.mktemp("permissions")
    good = (REPOSITORY / "examples" / "order.csv").read_bytes()
    inputs = {"completed": good, "failed": b"no number\n"}
    keys = {state: _uploaded(stack, target, body) for state, body in inputs.items()}
    for state, key in keys.items():
        _reached(relayctl, key, state)
    shown = relayctl.document("routes", "show")["document"]
    before, after = folder / "before.json", folder / "after.json"
    before.write_text(json.dumps(shown))
    never = {"name": "never", "when": "data.attempts > `99`", "to": shown["otherwise"]["to"]}
    after.write_text(json.dumps({**shown, "routes": [*shown["routes"], never]}))
    file = folder / f"{uuid.uuid4()}.csv"
    file.write_bytes(good)
    with _junk(stack, target, relayctl) as parked:
        now = datetime.now(UTC).isoformat()
        yield Given(keys["completed"], keys["failed"], parked, file, after, keys["completed"], now)
    relayctl("resume", "submit", "route")
    relayctl("routes", "set", str(before), "--yes")


def _uploaded(stack: RunningStack, target: Target, body: bytes) -> str:
    key = f"inputs/permissions-{uuid.uuid4()}.csv"
    target.client("s3").put_object(Bucket=stack.outputs["DataBucketName"], Key=key, Body=body)
    return key


def _reached(relayctl: RelayctlProcess, key: str, state: str) -> None:
    exits = int(Exit.DONE if state == "completed" else Exit.ATTENTION)

    def reached() -> bool:
        counted = relayctl.document("list", "--prefix", key)["requests"]
        return [each["state"] for each in counted] == [state]

    eventually(reached, _SECONDS, f"a request that has {state}")
    relayctl("status", key, exits=exits)


@contextmanager
def _junk(
    stack: RunningStack, target: Target, relayctl: RelayctlProcess
) -> Iterator[tuple[str, ...]]:
    """Yield the ids of two parked messages that nothing can read."""
    bodies = {f"junk {uuid.uuid4()}" for _ in range(2)}
    for body in bodies:
        target.client("sqs").send_message(
            QueueUrl=stack.outputs["SubmitQueueUrl"], MessageBody=body
        )

    def parked() -> list[str] | None:
        shown = relayctl.document("parked", "show", "--queue", "submit")["messages"]
        ids = [each["id"] for each in shown if each["content"] in bodies]
        return ids if len(ids) == len(bodies) else None

    yield tuple(eventually(parked, _SECONDS, "parked messages"))
    relayctl("parked", "drop", "--reason", "not JSON", "--yes")


@pytest.fixture(scope="module")
def role(target: Target) -> Iterator[str]:
    """The name of a role that has no permission yet."""
    iam, name = target.client("iam"), f"relayctl-{uuid.uuid4()}"
    account = target.client("sts").get_caller_identity()["Account"]
    principal = {"AWS": f"arn:aws:iam::{account}:root"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    yield name
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)


def _as_person(
    stack: RunningStack, target: Target, role: str, permissions: tuple[str, ...]
) -> RelayctlProcess:
    """`relayctl` with just these permissions."""
    statement = {"Effect": "Allow", "Action": list(permissions), "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam = target.client("iam")
    iam.put_role_policy(RoleName=role, PolicyName="permissions", PolicyDocument=document)
    arn = iam.get_role(RoleName=role)["Role"]["Arn"]
    made: Any = target.client("sts").assume_role(RoleArn=arn, RoleSessionName="person")
    keys = made["Credentials"]
    credentials = {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
    }
    return RelayctlProcess(replace(stack, environment={**stack.environment, **credentials}))


def _command(name: str) -> Command:
    (found,) = (each for each in COMMANDS if each.name == name)
    return found


def test_every_command_is_called() -> None:
    assert CALLS.keys() | NOT_RUN == {each.name for each in COMMANDS}


@pytest.mark.parametrize("name", CALLS)
def test_a_command_needs_no_other_permission(
    stack: RunningStack, target: Target, role: str, given: Given, name: str
) -> None:
    arguments, exits = CALLS[name]
    person = _as_person(stack, target, role, _command(name).permissions or ("sts:Nothing",))

    done = person(*name.split(), *arguments(given), exits=int(exits))

    said = done.stdout + done.stderr
    assert not [each for each in _REFUSED if each in said], said


def test_a_permission_that_is_missing_is_named(
    stack: RunningStack, target: Target, role: str, given: Given
) -> None:
    permissions = set(_command("status").permissions) - {"lambda:InvokeFunction"}
    person = _as_person(stack, target, role, tuple(permissions))

    refused = person("status", given.completed, exits=int(Exit.REFUSED))

    advice = "the command's --help lists the permissions it needs"
    assert advice in " ".join(refused.stderr.split())
