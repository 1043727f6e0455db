"""What the commands of a page find on the stack, and what is set back after them."""

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

from async_endpoint_emulator.client import Client
from relay.s3uri import S3Uri

from local.stack import root_user
from local.stack.emulator import set_pace
from local.stack.settings import REGION, REPOSITORY, STACK_NAME
from tests.acceptance.targets.target import Target, eventually
from tests.support.pages.blocks import blocks
from tests.support.relayctl.process import RelayctlProcess
from tests.support.stack import RunningStack

ROW = (REPOSITORY / "examples/order.csv").read_text()
_SECONDS = 120
_ENDS = ("completed", "failed", "rejected", "expired")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the commands of a page run: a stack, and a folder like that of a clone."""

    stack: RunningStack
    target: Target
    folder: Path

    @property
    def relayctl(self) -> RelayctlProcess:
        return RelayctlProcess(self.stack)

    @property
    def bucket(self) -> str:
        return self.stack.outputs["DataBucketName"]

    def upload(self, key: str, body: str = ROW) -> None:
        self.target.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body.encode())

    def requests(self, key: str) -> list[dict[str, Any]]:
        """Return what the relay says of the requests of an upload, the newest first."""
        call = {"action": "status", "key": key}
        found: list[dict[str, Any]] = self.target.call("ReconcileFunctionName", call)["requests"]
        return found

    def ended(self, key: str) -> dict[str, Any]:
        """Wait for the end of the request of an upload, and return what the relay says of it."""

        def found() -> dict[str, Any] | None:
            ended = (each for each in self.requests(key) if each["state"] in _ENDS)
            return next(ended, None)

        return eventually(found, _SECONDS, f"the end of {key}")


Replaced = Mapping[str, str]
Preparation = Callable[[Place], AbstractContextManager[Replaced]]


def filled(text: str, replaced: Replaced) -> str:
    for name, value in replaced.items():
        text = text.replace(name, value)
    return text


def nothing(place: Place) -> AbstractContextManager[Replaced]:
    return nullcontext({})


@contextmanager
def endpoint(place: Place) -> Iterator[Replaced]:
    """Two archives of the model that serves. It serves again at the end."""
    s3, served = (
        place.target.client("s3"),
        S3Uri.parse(_described(place)["serving"]["model_data_url"]),
    )
    source = {"Bucket": served.bucket, "Key": served.key}
    s3.copy_object(Bucket=served.bucket, Key="churn/43/model.tar.gz", CopySource=source)
    s3.download_file(served.bucket, served.key, str(place.folder / "model.tar.gz"))
    try:
        yield {"my-bucket": served.bucket}
    finally:
        _quiet(place)
        if _described(place)["serving"]["model_data_url"] != str(served):
            place.relayctl("deploy", str(served), "--no-alarms", "--yes", seconds=_SECONDS)


def _described(place: Place) -> dict[str, Any]:
    found: dict[str, Any] = place.target.call("ProvisionFunctionName", {"action": "describe"})
    return found


def _quiet(place: Place) -> None:
    """Wait until no change of the endpoint is in progress or waits."""

    def is_quiet() -> bool:
        found = _described(place)
        busy = any(found[each] for each in ("under_way", "waiting", "queued"))
        return not busy and found["endpoint"]["status"] == "InService"

    eventually(is_quiet, _SECONDS, "the end of the changes of the endpoint")


@contextmanager
def pace(place: Place) -> Iterator[Replaced]:
    settings = place.stack.settings
    root = root_user.read(settings)
    credentials = (root.access_key_id, root.secret_access_key)
    before = Client(settings.sagemaker_url, credentials, REGION).time_factor()
    try:
        yield {}
    finally:
        set_pace(settings, before)


@contextmanager
def backfill(place: Place) -> Iterator[Replaced]:
    """Objects of requests that have ended."""
    prefix = f"inputs/{uuid4().hex}/"
    for number in range(3):
        place.upload(f"{prefix}{number}.csv")
        place.ended(f"{prefix}{number}.csv")
    # Without --modified-to only objects that are older than the stack are selected.
    until = datetime.now(UTC).isoformat()
    call = {"prefix": prefix, "modified_to": until, "seconds_per_inference": 5}
    replaced = {
        "--prefix inputs/2025/": f"--prefix {prefix} --modified-to {until}",
        "year-2025": uuid4().hex,
        "FUNCTION": place.stack.outputs["BackfillFunctionName"],
        '{"action": "preview"}': json.dumps({"action": "preview", **call}),
    }
    with _scheduled_often(place):
        yield replaced
    page = "docs/how-to/backfill.md"
    preview, status = (json.loads(_shown(page, text)) for text in ("within_ttl", "per_minute"))
    answer = json.loads((place.folder / "answer.json").read_text())
    assert preview.keys() - answer.keys() == set()
    answer = place.target.call("BackfillFunctionName", {"action": "status"})
    assert status.keys() - answer.keys() <= {"minutes_left", "per_minute"}  # while it runs


@contextmanager
def _scheduled_often(place: Place) -> Iterator[None]:
    """Invoke backfill as its rule does once a minute, and as soon as the last invocation ends."""
    tick = json.loads((REPOSITORY / "events/backfill/schedule.json").read_text())
    ended = Event()

    def invoke() -> None:
        while not ended.wait(1):
            place.target.call("BackfillFunctionName", tick)

    with ThreadPoolExecutor(1) as threads:
        invoking = threads.submit(invoke)
        try:
            yield
        finally:
            ended.set()
        invoking.result()


@contextmanager
def parked(place: Place) -> Iterator[Replaced]:
    """A message that nothing can read."""
    body = f"junk {uuid4()}"
    url = place.stack.outputs["SubmitQueueUrl"]
    place.target.client("sqs").send_message(QueueUrl=url, MessageBody=body)

    def is_parked() -> bool:
        found = place.relayctl.document("parked", "show", "--queue", "submit")["messages"]
        return any(each["content"] == body for each in found)

    eventually(is_parked, _SECONDS, "a parked message")
    yield {}


@contextmanager
def _routes_kept(place: Place) -> Iterator[dict[str, Any]]:
    """Yield the document in force, and put it into force again.

    `relayctl routes set` would refuse its targets, which exist in the tests of acceptance alone.
    """
    ssm, name = place.target.client("ssm"), f"/async-inference-relay/{STACK_NAME}/routes"
    before: str = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    try:
        yield json.loads(before)
    finally:
        ssm.put_parameter(Name=name, Value=before, Type="String", Overwrite=True)
        eventually(lambda: _is_delivered_by(place, "completed"), _SECONDS, "the routes as before")


def _is_delivered_by(place: Place, route: str) -> bool:
    """Whether a request from now on is delivered by the route."""
    key = f"inputs/{uuid4().hex}.csv"
    place.upload(key)
    (attempt,) = place.ended(key)["attempts"]
    return bool(attempt["delivered_by"] == [route])


@contextmanager
def routes(place: Place) -> Iterator[Replaced]:
    """The document in force with a further route, a result, and a request."""
    key = f"inputs/{uuid4().hex}.csv"
    place.upload(key)
    assert place.ended(key)["state"] == "completed"
    (place.folder / "result.json").write_text(_shown("docs/reference/result.md", "specversion"))
    with _routes_kept(place) as before:
        never = {"name": "never", "when": "data.attempts > `99`", "to": before["otherwise"]["to"]}
        document = {**before, "routes": [*before["routes"], never]}
        (place.folder / "routes.json").write_text(json.dumps(document))
        yield {" ID": f" {key}"}


@contextmanager
def teams(place: Place) -> Iterator[Replaced]:
    """Queues that the stack may send to, which the page creates, and the files that it names."""
    routing, sqs = place.target.routing, place.target.client("sqs")
    fraud, orders = (arn.rpartition(":")[2] for arn in (routing.archive, routing.absent))
    own = routing.own_failed.rpartition(":")[0]
    replaced = {
        "--queue-name fraud": f"--queue-name {fraud}",
        "--queue-name orders": f"--queue-name {orders}",
        "QUEUE_URL": place.stack.outputs["SubmitQueueUrl"].rpartition("/")[0] + f"/{orders}",
        "inputs/orders/": f"inputs/{uuid4().hex}/",
        "s3://BUCKET/": f"s3://{place.bucket}/",
        "123456789012:fraud": f"123456789012:{fraud}",
        "123456789012:orders": f"123456789012:{orders}",
        "arn:aws:sqs:eu-central-1:123456789012": own,
    }
    document = filled(_shown("docs/how-to/teams.md", '"otherwise"'), replaced)
    (place.folder / "routes.json").write_text(document)
    (place.folder / "order.csv").write_text(ROW)
    with _routes_kept(place):
        try:
            yield replaced
        finally:
            for name in (fraud, orders):
                sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"])


@contextmanager
def bucket_of_others(place: Place) -> Iterator[Replaced]:
    """A bucket that is not of the stack."""
    s3, name = place.target.client("s3"), f"data-lake-{uuid4().hex}"
    s3.create_bucket(Bucket=name)
    try:
        yield {"data-lake": name}
        assert "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(Bucket=name)
    finally:
        s3.delete_bucket(Bucket=name)


@contextmanager
def uploaded(place: Place) -> Iterator[Replaced]:
    """The upload of the page is a request."""
    key = f"inputs/{uuid4().hex}.csv"
    yield {"inputs/order.csv": key}
    assert place.ended(key)["state"] == "completed"


def _shown(page: str, text: str) -> str:
    """The first block of a page with this text."""
    return next(each.text for each in blocks() if each.page == page and text in each.text)


PREPARED: Mapping[str, Preparation] = {
    "docs/explanation/cost.md": nothing,
    "docs/explanation/endpoint.md": endpoint,
    "docs/explanation/scaling.md": pace,
    "docs/how-to/backfill.md": backfill,
    "docs/how-to/console.md": nothing,
    "docs/how-to/deploy.md": bucket_of_others,
    "docs/how-to/sam-local.md": nothing,
    "docs/how-to/teams.md": teams,
    "docs/reference/parked-messages.md": parked,
    "docs/reference/routes.md": routes,
    "docs/reference/submission.md": uploaded,
}
