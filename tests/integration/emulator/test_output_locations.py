"""Submit, where a region names outputs otherwise than the newest one, as the emulator plays it."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from relay.aws.sagemaker.endpoint import SageMakerEndpoint
from relay.aws.storage import S3Storage
from relay.delivery.report import Count, Report
from relay.ids import request_id_of_upload
from relay.s3uri import S3Uri
from relay.submit.submit import Submit

from tests.support import samples
from tests.support.emulator.stack import SCRIPTED, Clients, Stack
from tests.support.fakes.budgets import ample
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.samples import SUBMIT_QUEUE


@pytest.fixture(scope="module")
def in_service(clients: Clients, artifact: Path) -> Iterator[Stack]:
    """Its outputs go to a folder below those of the relay, named without a slash at the end."""
    stack = Stack(clients, artifact)
    stack.create_endpoint(SCRIPTED, output_path=f"s3://{stack.bucket}/outputs/team-a")
    yield stack
    stack.close()


class Relay:
    """Submit with SageMaker's API, and the fakes for all else. One environment's life."""

    def __init__(self, stack: Stack, mirror: bool) -> None:
        self._stack = stack
        self.pipeline = FakePipeline()
        self.pipeline.submit = Submit(
            samples.submit_settings(
                INPUT_BUCKET=stack.bucket,
                OUTPUT_PATH=f"s3://{stack.bucket}/outputs/",
                FAILURE_PATH=f"s3://{stack.bucket}/failures/",
                MIRROR_INPUT_FOLDERS=json.dumps(mirror),
            ),
            SageMakerEndpoint(stack.runtime, stack.name, ample()),
            self.pipeline.ledger,
            self.pipeline.queues,
            self.pipeline.inbox,
            self.pipeline.clock,
            self.pipeline.budget,
        )

    def submit(self, folder: str, count: int) -> tuple[Report, list[str]]:
        """What submit reported, and where the ledger has the outputs, once all are written."""
        keys = [f"inputs/{folder}/{uuid4().hex}.json" for _ in range(count)]
        for key in keys:
            self._stack.upload(b"{}", key)
            event = samples.upload(key, bucket=self._stack.bucket)
            self.pipeline.queues.put(SUBMIT_QUEUE, json.dumps(event))
        report = self.pipeline.deliver_to_submit()
        assert report.counts[Count.SUBMITTED] == count
        self._stack.notifications(self._stack.successes, count)
        ids = [request_id_of_upload(self._stack.bucket, key, "", "00A1") for key in keys]
        return report, [self.pipeline.ledger.items[each].output_location or "" for each in ids]

    @property
    def corrections(self) -> int:
        return self.pipeline.faults.steps.count("ledger.renew")


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize(
    "region",
    [
        "",
        "refuse_filename",
        "ignore_filename",
        "refuse_output_extension",
        "ignore_output_extension",
        "glue_output_extension",
    ],
)
def test_outputs_lie_where_the_ledger_says(in_service: Stack, mirror: bool, region: str) -> None:
    relay = Relay(in_service, mirror)
    if region:
        in_service.faults(**{region: True})
    try:
        first, learnt_from = relay.submit("orders", 2)
        learning = relay.corrections
        second, predicted = relay.submit("customers", 3)
    finally:
        in_service.faults()

    outputs = S3Uri(in_service.bucket, "outputs/")
    storage = S3Storage(in_service.s3, ample())
    for location in (*learnt_from, *predicted):
        assert outputs.contains(S3Uri.parse(location))
        assert storage.find([location])[location] == location
    named = "filename" not in region
    assert relay.corrections - learning == (0 if named else 3)
    mirrored = mirror and region not in ("refuse_output_extension", "ignore_output_extension")
    assert all(("/customers/" in location) is mirrored for location in predicted)
    refused = region == "refuse_filename" or (mirror and region == "refuse_output_extension")
    assert first.counts[Count.OPTION_REFUSED] == refused
    assert second.counts[Count.OPTION_REFUSED] == 0


def test_an_extension_without_a_slash_of_its_own_lies_beside_the_outputs(
    in_service: Stack,
) -> None:
    """Why submit begins it with one."""
    in_service.faults(glue_output_extension=True)
    try:
        answer = in_service.invoke(Body=b"{}", S3OutputPathExtension="orders", Filename="a")
    finally:
        in_service.faults()
    in_service.notifications(in_service.successes)

    assert answer["OutputLocation"] == f"s3://{in_service.bucket}/outputs/team-aorders/a.out"
