"""New models during uploads: every upload is inferred, none fails."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.acceptance.pipeline.ends import Downstream
from tests.acceptance.pipeline.tap import Tap, tapped
from tests.acceptance.plugin import Observe
from tests.acceptance.targets.target import Target

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_UPLOADS = 30
_FEATURES = ",".join(["0.5"] * 30)
# Long enough for uploads to come before, during and after it.
_SLOWLY = {"termination_wait_seconds": 40}


class Provision:
    """The deployed function, and the bucket's way to it."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def call(self, **members: object) -> dict[str, Any]:
        outcome: dict[str, Any] = self._target.call("ProvisionFunctionName", members)
        return outcome

    def ended(self, asked_by: str) -> dict[str, Any]:
        """How the roll-out ended that was asked for so."""

        def found() -> dict[str, Any] | None:
            last: dict[str, Any] | None = self.call(action="describe")["last_roll_out"]
            return last if last and last["asked_by"] == asked_by else None

        return self._target.changed(found, f"the end of {asked_by}")


@pytest.fixture
def tap(target: Target) -> Iterator[Tap]:
    with tapped(target) as tap:
        yield tap


@pytest.fixture
def provision(target: Target) -> Provision:
    return Provision(target)


@pytest.mark.assumption("no-request-lost-in-roll-out", "test-notification-on-change")
def test_uploads_during_a_roll_out_and_a_rollback_are_all_inferred(
    target: Target,
    provision: Provision,
    s3: "S3Client",
    downstream: Downstream,
    tap: Tap,
    observe: Observe,
) -> None:
    bucket = target.outputs["DataBucketName"]
    run = uuid4().hex
    keys = [f"inputs/{run}/{number}.csv" for number in range(_UPLOADS)]

    for number, key in enumerate(keys):
        if number == _UPLOADS // 3:
            answer = provision.call(
                action="deploy", environment={"RUN": run}, deployment=_SLOWLY, asked_by=run
            )
            assert answer["status"] == "accepted"
        if number == 2 * _UPLOADS // 3:
            back = f"back {run}"
            assert provision.call(action="rollback", asked_by=back)["status"] == "waiting"
        s3.put_object(Bucket=bucket, Key=key, Body=_FEATURES.encode())
    assert provision.ended(back)["outcome"] == "succeeded"

    announced = any(each.document.get("eventName") == "TestNotification" for each in tap.heard())
    observe("test-notification-on-change", held=announced)
    results = [downstream.result(f"s3://{bucket}/{key}", 60) for key in keys]
    assert {result.event["data"]["outcome"] for result in results} == {"completed"}
    assert len({result.event["id"] for result in results}) == _UPLOADS


def test_an_archive_under_models_is_rolled_out(
    target: Target, provision: Provision, s3: "S3Client"
) -> None:
    bucket, key = target.outputs["DataBucketName"], f"models/{uuid4().hex}/model.tar.gz"

    s3.copy_object(Bucket=bucket, Key=key, CopySource=target.artifact.removeprefix("s3://"))

    assert provision.ended(f"upload of s3://{bucket}/{key}")["outcome"] == "succeeded"
    served = provision.call(action="describe")["serving"]
    assert served["model_data_url"] == f"s3://{bucket}/{key}"
    assert provision.call(action="rollback", asked_by=key)["status"] == "accepted"
    assert provision.ended(key)["outcome"] == "succeeded"
