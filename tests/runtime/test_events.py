"""Every event in events/, on the built functions: what can be observed afterwards."""

import json
import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from relay.delivery.report import Count

from local.functions.lambda_runtime import Answer, Failure, Invocation
from local.stack.settings import REPOSITORY
from tests.runtime.mailbox import Mailbox
from tests.support.functions import Functions
from tests.support.stack import RunningStack

EVENTS = REPOSITORY / "events"

_ROW = re.compile(
    r"^\| (?P<path>[a-z]+/[a-z0-9-]+\.json) \|.*\| (?P<counts>[^|]+) \|$", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Promise:
    """A row of events/README.md: an event, and what its function counts."""

    path: str
    counts: Mapping[str, int]

    @property
    def function(self) -> str:
        return self.path.split("/")[0]

    @property
    def event(self) -> Any:
        """The file with messages of now: one that has waited for ten days is parked."""
        text = (EVENTS / self.path).read_text()
        now = f'"SentTimestamp": "{time.time_ns() // 1_000_000}"'
        return json.loads(re.sub(r'"SentTimestamp": "\d+"', now, text))

    @property
    def queued(self) -> list[dict[str, Any]]:
        """The messages, when it comes from a queue."""
        records = self.event.get("Records", [])
        return [each for each in records if each.get("eventSource") == "aws:sqs"]


def promises(function: str) -> list[Promise]:
    """In the order of the table, which is the order in which the counts hold."""
    return [
        Promise(row["path"], _counts(row["counts"]))
        for row in _ROW.finditer((EVENTS / "README.md").read_text())
        if row["path"].startswith(f"{function}/")
    ]


def _counts(text: str) -> dict[str, int]:
    pairs = (pair.split() for pair in text.split(","))
    return {name: int(number) for name, number in pairs}


def counted(invocation: Invocation) -> Counter[str]:
    """What the function counts, in CloudWatch's embedded format; not the ages that it measures."""
    found: Counter[str] = Counter()
    for line in invocation.log:
        if line.startswith('{"_aws"'):
            document = json.loads(line)
            (group,) = document["_aws"]["CloudWatchMetrics"]
            for metric in group["Metrics"]:
                if metric["Name"] != Count.OLDEST_RETURNED:
                    found[metric["Name"]] += int(sum(document[metric["Name"]]))
    return found


@pytest.fixture(scope="session")
def mailbox(stack: RunningStack) -> Mailbox:
    return Mailbox(stack)


def test_every_event_is_promised_something() -> None:
    promised = {each.path for name in ("submit", "route") for each in promises(name)}

    files = {str(path.relative_to(EVENTS)) for path in EVENTS.glob("*/*.json")}

    others = {*RECONCILED, *BACKFILLED, *PROVISIONED}
    assert files == promised | others


@pytest.mark.parametrize("promise", promises("submit"), ids=lambda each: each.path)
def test_submit_does_with_an_event_what_is_promised(
    promise: Promise, functions: Functions, mailbox: Mailbox
) -> None:
    invocation = functions.invoke("submit", promise.event)

    assert counted(invocation) == promise.counts
    if promise.queued:
        returned = [
            {"itemIdentifier": each["messageId"]}
            for each in promise.queued
            if promise.counts.get("Returned")
        ]
        assert invocation.outcome == Answer({"batchItemFailures": returned})
    else:
        assert statuses(invocation) == {"submitted": promise.counts["Submitted"]}
    assert_parked(mailbox, promise, "SubmitDeadLetterQueueUrl")


def test_every_submitted_request_ends_in_one_result(mailbox: Mailbox) -> None:
    # The inputs do not exist, so that SageMaker fails them; the inline ones are inferred.
    submitted = sum(each.counts.get("Submitted", 0) for each in promises("submit"))
    refused = sum(each.counts.get("Refused", 0) for each in promises("submit"))
    everything = "".join((EVENTS / each.path).read_text() for each in promises("submit"))

    results = mailbox.results_of_submit(submitted + refused, everything)

    outcomes = Counter(result.body["data"]["outcome"] for result in results)
    assert outcomes["rejected"] == refused
    assert len({result.body["id"] for result in results}) == submitted + refused


@pytest.mark.parametrize("promise", promises("route"), ids=lambda each: each.path)
def test_route_does_with_an_event_what_is_promised(
    promise: Promise, functions: Functions, mailbox: Mailbox
) -> None:
    invocation = functions.invoke("route", promise.event)

    assert counted(invocation) == promise.counts
    if promise.queued:
        assert invocation.outcome == Answer({"batchItemFailures": []})
    else:
        assert isinstance(invocation.outcome, Answer)
    for kind, queue in (("completed", "CompletedQueueUrl"), ("failed", "FailedQueueUrl")):
        wanted = promise.counts.get(f"{kind.capitalize()}Routed", 0)
        results = mailbox.results(queue, wanted, json.dumps(promise.event))
        assert {result.body["data"]["outcome"] for result in results} <= {kind}
        assert {result.body["type"] for result in results} <= {f"relay.inference.{kind}"}
        assert all(result.attributes["outcome"] == kind for result in results)
    assert_parked(mailbox, promise, "NotificationDeadLetterQueueUrl")


def statuses(invocation: Invocation) -> Counter[str]:
    assert isinstance(invocation.outcome, Answer), invocation.log
    payload = invocation.outcome.payload
    assert isinstance(payload, dict)
    return Counter(request["status"] for request in payload["requests"])


def assert_parked(mailbox: Mailbox, promise: Promise, queue: str) -> None:
    bodies = {message["messageId"]: message["body"] for message in promise.queued}
    for message in mailbox.parked(queue, promise.counts.get("Parked", 0), bodies):
        assert message.text == bodies[message.attributes["message_id"]]
        assert message.attributes["parked_by"] == promise.function
        assert message.attributes["reason"]


RECONCILED = {
    "reconcile/now.json": {"counts", "minutes_behind"},
    "reconcile/range.json": {"counts", "minutes_behind"},
    "reconcile/schedule.json": {"counts", "minutes_behind"},
    "reconcile/status.json": set[str](),
    "reconcile/status-of-input.json": set[str](),
    "reconcile/list.json": {"requests"},
}


@pytest.mark.parametrize("path", [path for path in RECONCILED if "counts" in RECONCILED[path]])
def test_reconcile_says_what_it_found(path: str, functions: Functions) -> None:
    invocation = functions.invoke("reconcile", _event(path))

    # No request of this test run is hours old.
    assert invocation.outcome == Answer({"counts": {}, "minutes_behind": 0})


def test_reconcile_answers_where_a_request_stands(functions: Functions) -> None:
    invocation = functions.invoke("reconcile", _event("reconcile/status.json"))

    assert isinstance(invocation.outcome, Answer), invocation.outcome
    assert isinstance(invocation.outcome.payload, dict)
    # No event gives its request this id.
    assert invocation.outcome.payload["state"] == "unknown"
    assert invocation.outcome.payload["attempts"] == []


def test_reconcile_says_that_an_input_does_not_exist(functions: Functions) -> None:
    invocation = functions.invoke("reconcile", _event("reconcile/status-of-input.json"))

    assert isinstance(invocation.outcome, Answer), invocation.outcome
    assert isinstance(invocation.outcome.payload, dict)
    assert invocation.outcome.payload["state"] == "no_object"


def test_reconcile_lists_requests(functions: Functions) -> None:
    invocation = functions.invoke("reconcile", _event("reconcile/list.json"))

    assert isinstance(invocation.outcome, Answer), invocation.outcome
    assert isinstance(invocation.outcome.payload, dict)
    listed = invocation.outcome.payload["requests"]
    assert len(listed) <= 10
    assert {request["state"] for request in listed} <= {"failed"}


BACKFILLED = tuple(
    f"backfill/{case}.json" for case in ("preview", "start", "status", "list", "schedule")
)


def test_backfill_counts_starts_and_ends_where_no_object_is(functions: Functions) -> None:
    answers = {}
    for path in (*BACKFILLED, "backfill/status.json"):
        invocation = functions.invoke("backfill", _event(path))
        assert isinstance(invocation.outcome, Answer), invocation.outcome
        answers[path] = invocation.outcome.payload

    preview, status = answers["backfill/preview.json"], answers["backfill/status.json"]
    assert isinstance(preview, dict)
    assert isinstance(status, dict)
    assert (preview["complete"], preview["objects"]) == (True, 0)
    # No input is under the prefix.
    assert (status["state"], status["objects"], status["percent"]) == ("completed", 0, 100)


# The three requests of CloudFormation change the endpoint: test_provision.py.
PROVISIONED = {
    f"provision/{case}.json"
    for case in (
        "create",
        "update",
        "delete",
        "describe",
        "sweep",
        "endpoint-in-service",
        "endpoint-in-service-api-spelling",
        "endpoint-failed",
        "other-endpoint",
        "routes",
        "locations",
        "s3-test-event",
        "deploy",
        "rollback",
        "delete-directly",
        "artifact-uploaded",
        "artifact-uploaded-eventbridge",
    )
}


def test_provision_describes_the_endpoint(functions: Functions, stack: RunningStack) -> None:
    invocation = functions.invoke("provision", _event("provision/describe.json"))

    assert isinstance(invocation.outcome, Answer), invocation.outcome
    assert isinstance(invocation.outcome.payload, dict)
    endpoint = invocation.outcome.payload["endpoint"]
    assert (endpoint["name"], endpoint["status"]) == (stack.outputs["EndpointName"], "InService")


@pytest.mark.parametrize(
    "case",
    [
        "sweep",
        "endpoint-in-service",
        "endpoint-in-service-api-spelling",
        "endpoint-failed",
        "other-endpoint",
        "s3-test-event",
    ],
)
def test_a_wake_up_changes_nothing_about_an_endpoint_that_is_as_it_should_be(
    case: str, functions: Functions
) -> None:
    before = functions.invoke("provision", _event("provision/describe.json")).outcome

    outcome = functions.invoke("provision", _event(f"provision/{case}.json")).outcome

    assert outcome == Answer({})
    assert functions.invoke("provision", _event("provision/describe.json")).outcome == before


@pytest.mark.parametrize(
    ("case", "status", "reason"),
    [
        # There is no archive.
        ("deploy", "failed", "models/churn/2026-11-20/model.tar.gz"),
        ("rollback", "refused", "no model and configuration before"),
        ("delete-directly", "refused", "delete the stack"),
    ],
)
def test_a_call_of_provision_is_answered_at_once(
    case: str, status: str, reason: str, functions: Functions
) -> None:
    outcome = functions.invoke("provision", _event(f"provision/{case}.json")).outcome

    assert isinstance(outcome, Answer), outcome
    assert isinstance(outcome.payload, dict)
    assert outcome.payload["status"] == status
    assert reason in outcome.payload["reason"]


@pytest.mark.parametrize("case", ["artifact-uploaded", "artifact-uploaded-eventbridge"])
def test_a_missing_archive_leaves_the_endpoint_in_service(case: str, functions: Functions) -> None:
    outcome = functions.invoke("provision", _event(f"provision/{case}.json")).outcome

    assert outcome == Answer({})
    described = functions.invoke("provision", _event("provision/describe.json")).outcome
    assert isinstance(described, Answer)
    assert isinstance(described.payload, dict)
    assert described.payload["endpoint"]["status"] == "InService"
    assert described.payload["last_roll_out"]["outcome"] in ("failed", "overtaken")


@pytest.mark.parametrize("function", ["submit", "route"])
def test_an_event_of_an_unknown_shape_is_an_error_and_not_a_success(
    function: str, functions: Functions
) -> None:
    invocation = functions.invoke(function, {"hello": "world"})

    assert isinstance(invocation.outcome, Failure) or counted(invocation)["Parked"] == 1


def _event(path: str) -> object:
    event: object = json.loads(Path(EVENTS / path).read_text())
    return event
