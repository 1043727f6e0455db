"""Sends the refused cases of the conformance suite to AWS, and records what differs: `make parity`.

A request that AWS refuses creates nothing and costs nothing. Only operations that read, create or
invoke are called. If AWS accepts one that the suite expects to be refused, the model or endpoint
configuration that it has created, neither of which costs anything, is deleted at once. No request
can create an endpoint, because its configuration does not exist.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from tests.support.emulator.conformance.cases import Case, cases
from tests.support.emulator.conformance.compare import difference
from tests.support.emulator.conformance.members import example
from tests.support.emulator.conformance.operations import (
    CONTROL,
    EMULATED,
    SCALING,
    Operation,
    emulated,
)
from tests.support.emulator.conformance.wire import Response, Signer, Wire

_RESULTS = Path(__file__).parent / "results"
_PAUSE_SECONDS = 0.25  # below the rates at which SageMaker throttles
_TRIES = 6
_THROTTLED = ("ThrottlingException", "TooManyRequestsException")
_SAFE = ("Describe", "List", "Create", "Invoke")
_NAMES = {"Model": "ModelName", "EndpointConfig": "EndpointConfigName", "Endpoint": "EndpointName"}


@dataclass(frozen=True, slots=True)
class Difference:
    """What AWS answered to a case, and what the suite, and so the emulator, says."""

    operation: str
    text: str


def refused() -> list[Case]:
    """Those that AWS can be asked without a cost."""
    return [
        case
        for each in emulated()
        if each.name.startswith(_SAFE)
        for case in cases(each)
        if case.code is not None
    ]


def compare(wires: dict[str, Wire], asked: list[Case], pause: float) -> Iterator[Difference]:
    """The cases that are answered in another way than the suite says."""
    for case in asked:
        found = _send(wires[case.operation.service], case, pause)
        if found.status < 300:
            _delete(wires[CONTROL], case)
        if text := difference(case, found):
            yield Difference(case.operation.name, text)


def main() -> int:
    """Return 0 if AWS was asked, or if there are no credentials, which is said."""
    parser = argparse.ArgumentParser("python -m tests.parity", description=__doc__)
    parser.add_argument("--profile")
    parser.add_argument("--region")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    arguments = parser.parse_args()
    session = boto3.Session(profile_name=arguments.profile, region_name=arguments.region)
    asked = refused()
    try:
        account = session.client("sts").get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as exc:
        print(f"AWS was not asked: there are no credentials of an account ({exc})")
        return 0
    print(f"{len(asked)} requests to SageMaker in account {account}, {session.region_name}.")
    print("All of them are to be refused. They create nothing that costs anything.")
    if not arguments.yes and input("Send them? [y/N] ") != "y":
        return 0
    wires = _wires(session)
    if taken := _taken(wires[CONTROL]):
        print(f"AWS was not asked: the account has {', '.join(taken)}, a name of the cases")
        return 1
    found = list(compare(wires, asked, _PAUSE_SECONDS))
    _RESULTS.mkdir(exist_ok=True)
    file = _RESULTS / f"{datetime.now(UTC):%Y-%m-%d}.json"
    document = {
        "region": session.region_name,
        "cases": len(asked),
        "differences": [{"operation": each.operation, "text": each.text} for each in found],
    }
    file.write_text(json.dumps(document, indent=2) + "\n")
    print(f"{len(found)} of {len(asked)} differ; written to {file}")
    return 0


def _wires(session: boto3.Session) -> dict[str, Wire]:
    credentials: Any = session.get_credentials()
    client: Any = session.client  # whose overloads want each name as a literal
    frozen, region = credentials.get_frozen_credentials(), str(session.region_name)
    return {
        service: Wire(
            client(service).meta.endpoint_url,
            Signer(frozen, region, SCALING if service == SCALING else "sagemaker"),
        )
        for service in EMULATED
    }


def _send(wire: Wire, case: Case, pause: float) -> Response:
    for attempt in range(_TRIES):
        time.sleep(pause * 2**attempt)
        found = wire.send(case.operation, case.document)
        if found.code not in _THROTTLED:
            break
    return found


def _delete(wire: Wire, case: Case) -> None:
    """What the case has created."""
    kind = case.operation.name.removeprefix("Create")
    if kind in _NAMES and kind != case.operation.name:
        name = {_NAMES[kind]: case.document[_NAMES[kind]]}
        wire.send(Operation(CONTROL, f"Delete{kind}"), name)


def _taken(wire: Wire) -> list[str]:
    """Resources of the account that have the names of the cases."""
    found = []
    for kind, member in _NAMES.items():
        operation = Operation(CONTROL, f"Describe{kind}")
        shape: Any = operation.model.input_shape
        document = example(shape)
        if wire.send(operation, document).status < 300:
            found.append(f"{kind} {document[member]}")
    return found


if __name__ == "__main__":
    sys.exit(main())
