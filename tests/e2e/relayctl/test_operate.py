"""`relayctl` operates the local stack: parked messages, pauses, routes and the endpoint."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.stack.settings import REPOSITORY
from tests.acceptance.targets.target import eventually
from tests.support.relayctl.process import RelayctlProcess
from tests.support.stack import RunningStack

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

_SECONDS = 60


@pytest.fixture(scope="module")
def relayctl(stack: RunningStack) -> RelayctlProcess:
    return RelayctlProcess(stack)


@pytest.fixture
def junk(stack: RunningStack, sqs: "SQSClient") -> set[str]:
    """Five messages on the submit queue that nothing can read."""
    bodies = {f"junk {uuid.uuid4()}" for _ in range(5)}
    for body in bodies:
        sqs.send_message(QueueUrl=stack.outputs["SubmitQueueUrl"], MessageBody=body)
    return bodies


class TestParked:
    def test_junk_is_shown_redriven_parked_again_and_dropped(
        self, relayctl: RelayctlProcess, junk: set[str]
    ) -> None:
        first = self._parked(relayctl, junk, set())

        overview = relayctl.document("parked", exits=1)
        assert {each["reason"] for each in first} <= {each["reason"] for each in overview["groups"]}
        assert all(each["reason"].startswith("not JSON: ") for each in first)

        ids = [each["id"] for each in first]
        redriven = relayctl.document("parked", "redrive", *ids, "--yes")
        assert sorted(redriven["redriven"]) == sorted(ids)

        second = self._parked(relayctl, junk, set(ids))
        assert {each["reason"] for each in second} == {each["reason"] for each in first}

        ids = [each["id"] for each in second]
        assert len(relayctl.document("parked", "drop", *ids, "--yes")["dropped"]) == 5
        assert relayctl.document("parked", "show", *ids, exits=1)["messages"] == []

    def _parked(
        self, relayctl: RelayctlProcess, bodies: set[str], earlier: set[str]
    ) -> list[dict[str, Any]]:
        def found() -> list[dict[str, Any]] | None:
            messages = relayctl.document("parked", "show", "--queue", "submit")["messages"]
            own = [
                each for each in messages if each["content"] in bodies and each["id"] not in earlier
            ]
            return own if len(own) == len(bodies) else None

        return eventually(found, _SECONDS, "parked messages")


class TestPause:
    @pytest.fixture(autouse=True)
    def resumed(self, relayctl: RelayctlProcess) -> Iterator[None]:
        yield
        relayctl("resume", "submit", "route")

    def test_uploads_wait_until_submit_is_resumed(
        self, relayctl: RelayctlProcess, stack: RunningStack, s3: "S3Client"
    ) -> None:
        assert relayctl.document("pause", "submit") == {"paused": ["submit"]}

        key = f"inputs/paused-{uuid.uuid4()}.csv"
        body = (REPOSITORY / "examples" / "order.csv").read_bytes()
        s3.put_object(Bucket=stack.outputs["DataBucketName"], Key=key, Body=body)
        counted = relayctl("count")
        assert "submit is paused: messages wait in SubmitQueue" in counted.stderr
        assert relayctl.document("status", key)["state"] == "not_submitted"

        relayctl("resume", "submit")
        eventually(
            lambda: relayctl.document("status", key)["state"] == "completed", _SECONDS, "a result"
        )
        assert "paused" not in relayctl("count").stderr


class TestRoutes:
    def test_a_document_is_set_explained_and_set_back(
        self, relayctl: RelayctlProcess, stack: RunningStack, s3: "S3Client", tmp_path: Path
    ) -> None:
        shown = relayctl.document("routes", "show")
        before, after = tmp_path / "before.json", tmp_path / "after.json"
        before.write_text(json.dumps(shown["document"]))
        to = shown["document"]["otherwise"]["to"]
        never = {"name": "never", "when": "data.attempts > `99`", "to": to}
        changed = {**shown["document"], "routes": [*shown["document"]["routes"], never]}
        after.write_text(json.dumps(changed))

        try:
            put = relayctl("routes", "set", str(after), "--yes")
            assert '+      "name": "never",' in put.stdout.splitlines()
            assert relayctl.document("routes", "show")["version"] == shown["version"] + 1

            request = self._completed(relayctl, stack, s3)
            explained = relayctl.document("routes", "explain", request)
            why = {each["route"]: each["why"] for each in explained["routes"]}
            assert why["never"] == "data.attempts > `99` is false"
            taken = [each["route"] for each in explained["routes"] if each["to"]]
            assert taken == explained["delivered_by"]
        finally:
            relayctl("routes", "set", str(before), "--yes")

    def test_a_target_that_is_not_permitted_is_refused(
        self, relayctl: RelayctlProcess, tmp_path: Path
    ) -> None:
        file = tmp_path / "routes.json"
        to = "arn:aws:sqs:us-east-1:000000000000:absent"
        file.write_text(json.dumps({"routes": [], "otherwise": {"to": to}}))

        refused = relayctl.document("routes", "set", str(file), "--yes", exits=1)

        assert "the route function may not send to" in refused["problems"][0]
        assert refused["problems"][1] == f"{to} does not exist"

    def _completed(self, relayctl: RelayctlProcess, stack: RunningStack, s3: "S3Client") -> str:
        key = f"inputs/explained-{uuid.uuid4()}.csv"
        body = (REPOSITORY / "examples" / "order.csv").read_bytes()
        s3.put_object(Bucket=stack.outputs["DataBucketName"], Key=key, Body=body)
        eventually(
            lambda: relayctl.document("status", key)["state"] == "completed", _SECONDS, "a result"
        )
        return key


class TestEndpoint:
    def test_a_roll_out_is_followed_and_rolled_back(
        self, relayctl: RelayctlProcess, tmp_path: Path
    ) -> None:
        before = relayctl.document("endpoint")
        assert before["endpoint"]["status"] == "InService"
        assert "InService" in relayctl("endpoint").stdout

        environment = tmp_path / "environment.json"
        environment.write_text(json.dumps({"RELAYCTL": str(uuid.uuid4())}))
        options = ("--environment", str(environment), "--no-alarms", "--yes")
        deployed = relayctl.document("deploy", *options, seconds=300)
        assert deployed["status"] == "succeeded"
        after = relayctl.document("endpoint")
        assert after["serving"]["config"] != before["serving"]["config"]
        assert after["last_roll_out"]["changes"] == ["ModelEnvironment"]

        assert relayctl.document("rollback", "--yes", seconds=300)["status"] == "succeeded"
        assert relayctl.document("endpoint")["serving"]["config"] == before["serving"]["config"]

    def test_a_roll_out_that_cannot_begin_ends_with_the_reason(
        self, relayctl: RelayctlProcess
    ) -> None:
        options = ("--instance-type", "none", "--yes")

        refused = relayctl.document("deploy", *options, exits=1)

        assert refused["status"] in ("refused", "failed")
        assert refused["reason"]
