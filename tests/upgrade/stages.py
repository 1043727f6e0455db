"""A deployment with requests at every stage, in memory: left as JSON, and gone on with from JSON.

`python stages.py record` leaves one; `python stages.py go_on` and `python stages.py a_while` go on
with the one on standard input, to the end or for a moment. With another version of the repository
in PYTHONPATH, that version's code does it. So this file uses only what both versions have, and as
little of it as it can.
"""

import json
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from relay.errors import AccessDenied, EndpointNotReady
from relay.ids import request_id_of_caller, request_id_of_upload
from relay.model import Due, OutgoingMessage

from tests.stateful.world import ARCHIVE, Call, World
from tests.support import samples
from tests.support.fakes.ports import Crash
from tests.support.fakes.queues import _Stored
from tests.support.samples import (
    BUCKET,
    COMPLETED_QUEUE,
    FAILED_QUEUE,
    NOTIFICATION_QUEUE,
    SUBMIT_QUEUE,
)

Json = dict[str, Any]

OVERDUE_SECONDS: Final = 4_400
UPLOADS: Final = (
    "completed",
    "failed",
    "reported",
    "lost",
    "dropped",
    "held",
    "retried",
    "inferring",
    "notified",
    "rejected",
    "claimed",
    "invoked",
    "queued",
)
TARGETS: Final = (COMPLETED_QUEUE, FAILED_QUEUE, ARCHIVE)
# Their results arrived before the upgrade.
ENDED: Final = ("completed", "failed")


def key(name: str) -> str:
    """The key of an upload; one that is rejected is too long for SageMaker."""
    return f"inputs/{name}{'x' * 1_000 if name == 'rejected' else ''}.csv"


def requests() -> dict[str, str]:
    """The ids of all requests, by the stage at which they are left."""
    uploads = {
        name: request_id_of_upload(BUCKET, key(name), "", sequencer(name)) for name in UPLOADS
    }
    return {**uploads, "called": request_id_of_caller("order-1")}


def sequencer(name: str) -> str:
    return f"00{UPLOADS.index(name):02}"


def s3_event(name: str) -> str:
    return json.dumps(samples.upload(key(name), sequencer=sequencer(name)))


class Stages:
    """Leaves a request at each stage, in the order in which time passes."""

    def __init__(self) -> None:
        self.world = World()

    def leave(self) -> World:
        self._ended()
        self._overdue()
        self._parked()
        self._at_a_target_without_permission()
        self._waiting()
        self._upload("queued")
        return self.world

    def _ended(self) -> None:
        self._submit("completed", "failed", "reported")
        self._end("completed", "completed")
        self._end("failed", samples.CLIENT_ERROR)
        self._end("reported", "completed", lost=True)
        self.world.deliver_to_route()

    def _overdue(self) -> None:
        world = self.world
        world.advance(OVERDUE_SECONDS)
        self._submit("lost", "dropped")
        world.run_reconcile()  # leaves its report in the queue
        self._end("lost", "completed", lost=True)
        world.advance(OVERDUE_SECONDS)
        # A function has received the report, and not acknowledged it.
        assert len(world.queues.receive(NOTIFICATION_QUEUE)) == 1

    def _parked(self) -> None:
        self.world.queues.put(NOTIFICATION_QUEUE, "not JSON")
        self.world.deliver_to_route()

    def _at_a_target_without_permission(self) -> None:
        world = self.world
        self._submit("held", "retried", "inferring", "notified")
        world.queues.trouble[COMPLETED_QUEUE] = AccessDenied("not authorized to sqs:SendMessage")
        self._end("held", "completed")
        world.deliver_to_route()
        world.queues.trouble.clear()

    def _waiting(self) -> None:
        world = self.world
        self._end("retried", samples.SERVER_ERROR)
        world.deliver_to_route()
        self._submit("rejected")
        for name, after in (("claimed", False), ("invoked", True)):
            world.faults.plan("endpoint.invoke", Crash(), after=after)
            self._submit(name)
        world.endpoint.trouble = EndpointNotReady("endpoint relay was not found")
        call = {"requests": [{"body": "1,2", "request_id": "order-1"}]}
        world.call_submit(Call(call, "invocation-of-order-1"))
        world.endpoint.trouble = None
        self._end("notified", "completed")

    def _submit(self, *names: str) -> None:
        for name in names:
            self._upload(name)
        self.world.deliver_to_submit()

    def _upload(self, name: str) -> None:
        self.world.queues.put(SUBMIT_QUEUE, s3_event(name))

    def _end(self, name: str, outcome: str, *, lost: bool = False) -> None:
        """SageMaker is done with an upload, and publishes it unless that is lost."""
        (attempt,) = [each for each in self.world.running if each.request_id == requests()[name]]
        for notification in self.world.end(attempt, outcome, 0 if lost else 1):
            topic = samples.SUCCESS_TOPIC if outcome == "completed" else samples.ERROR_TOPIC
            self.world.publish(notification, topic)


# --- a world as JSON -----------------------------------------------------------------------------


def to_document(world: World) -> Json:
    """What outlives a deployment: the table, the queues, the bucket, and SageMaker's work."""
    cursor = world.ledger.position
    return {
        "now": world.clock.now().isoformat(),
        "requests": requests(),
        "table": world.ledger.table,
        "cursor": cursor and [cursor.at.isoformat(), cursor.id],
        "queues": {
            url: [_message(each) for each in stored]
            for url, stored in world.queues._stored.items()
            if stored and url not in TARGETS
        },
        "delivered": {
            url: [str(json.loads(message.body)["id"]) for message in world.queues.delivered(url)]
            for url in TARGETS
        },
        "objects": sorted(world.storage.locations),
        "running": [attempt.id for attempt in world.running],
    }


def from_document(document: Json) -> World:
    """The same deployment with this version of the code."""
    world = World()
    world.clock.advance((_time(document["now"]) - world.clock.now()).total_seconds())
    world.ledger.table.update(document["table"])
    if document["cursor"]:
        at, inference_id = document["cursor"]
        world.ledger.position = Due(_time(at), inference_id)
    for url, messages in document["queues"].items():
        world.queues._numbers[url] = 1_000  # ids of before are not given again
        world.queues._stored[url] = [_stored(url, each) for each in messages]
    world.storage.locations.update(document["objects"])
    world.running = [world.ledger.items[key] for key in document["running"]]
    return world


def _message(stored: _Stored) -> Json:
    return {
        "id": stored.message_id,
        "body": stored.message.body,
        "attributes": dict(stored.message.attributes),
        "sent_at": stored.sent_at.isoformat(),
        "visible_at": stored.visible_at.isoformat(),
        "receives": stored.receive_count,
    }


def _stored(url: str, message: Json) -> _Stored:
    attributes = tuple(message["attributes"].items())
    return _Stored(
        message["id"],
        OutgoingMessage(message["id"], url, message["body"], attributes),
        _time(message["sent_at"]),
        _time(message["visible_at"]),
        message["receives"],
        f"{message['id']}#{message['receives']}",
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


# --- what a version does with it -----------------------------------------------------------------


def record(_: Json) -> Json:
    return to_document(Stages().leave())


def go_on(document: Json) -> Json:
    """Go on to the end. S3 also repeats the events of uploads whose results arrived."""
    world = from_document(document)
    for name in ENDED:
        world.queues.put(SUBMIT_QUEUE, s3_event(name))
    world.drain()
    return _with_results(document, world)


def a_while(document: Json) -> Json:
    """Go on for a moment: each function has one invocation, whatever comes of it."""
    world = from_document(document)
    world.advance(30)
    world.deliver_to_submit()
    world.deliver_to_route()
    world.run_reconcile()
    return _with_results(document, world)


def _with_results(before: Json, world: World) -> Json:
    """The document of the world, with what arrived before it."""
    after = to_document(world)
    delivered = {url: before["delivered"][url] + after["delivered"][url] for url in TARGETS}
    return {**after, "delivered": delivered}


ACTS: Final[dict[str, Callable[[Json], Json]]] = {
    "record": record,
    "go_on": go_on,
    "a_while": a_while,
}

if __name__ == "__main__":
    json.dump(ACTS[sys.argv[1]](json.load(sys.stdin)), sys.stdout)
