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
from local.stack.settings import REGION, REPOSITORY
from tests.acceptance.targets.target import Target, eventually
from tests.support.pages.blocks import blocks
from tests.support.relayctl.process import RelayctlProcess
from tests.support.stack import RunningStack

ROW = (REPOSITORY / "examples/order.csv").read_text()
_SECONDS = 120


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

    def state(self, key: str) -> str:
        """Wait for the end of the request of an upload, and return its state."""

        def ended() -> str | None:
            call = {"action": "status", "key": key}
            state: str = self.target.call("ReconcileFunctionName", call)["state"]
            return state if state in ("completed", "failed", "rejected", "expired") else None

        return eventually(ended, _SECONDS, f"the end of {key}")


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
        place.state(f"{prefix}{number}.csv")
    # Without --modified-to only objects that are older than the stack are selected.
    until = datetime.now(UTC).isoformat()
    replaced = {
        "--prefix inputs/2025/": f"--prefix {prefix} --modified-to {until}",
        "year-2025": uuid4().hex,
        "FUNCTION": place.stack.outputs["BackfillFunctionName"],
        '{"action": "preview"}': json.dumps({"action": "preview", "prefix": prefix}),
    }
    with _scheduled_often(place):
        yield replaced
    answer = json.loads((place.folder / "answer.json").read_text())
    assert answer["complete"] is True


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
def routes(place: Place) -> Iterator[Replaced]:
    """The document in force with a further route, a result, and a request."""
    before = place.relayctl.document("routes", "show")["document"]
    never = {"name": "never", "when": "data.attempts > `99`", "to": before["otherwise"]["to"]}
    for name, document in {
        "routes.json": {**before, "routes": [*before["routes"], never]},
        "before.json": before,
        "result.json": json.loads(_result()),
    }.items():
        (place.folder / name).write_text(json.dumps(document))
    key = f"inputs/{uuid4().hex}.csv"
    place.upload(key)
    assert place.state(key) == "completed"
    try:
        yield {" ID": f" {key}"}
    finally:
        place.relayctl("routes", "set", str(place.folder / "before.json"), "--yes")


@contextmanager
def uploaded(place: Place) -> Iterator[Replaced]:
    """The upload of the page is a request."""
    key = f"inputs/{uuid4().hex}.csv"
    yield {"inputs/order.csv": key}
    assert place.state(key) == "completed"


def _result() -> str:
    """The body of a message, as the page about results shows it."""
    page = "docs/reference/result.md"
    return next(each.text for each in blocks() if each.page == page and "specversion" in each.text)


PREPARED: Mapping[str, Preparation] = {
    "docs/explanation/cost.md": nothing,
    "docs/explanation/endpoint.md": endpoint,
    "docs/explanation/scaling.md": pace,
    "docs/how-to/backfill.md": backfill,
    "docs/how-to/console.md": nothing,
    "docs/how-to/deploy.md": nothing,
    "docs/how-to/sam-local.md": nothing,
    "docs/reference/parked-messages.md": parked,
    "docs/reference/routes.md": routes,
    "docs/reference/submission.md": uploaded,
}
