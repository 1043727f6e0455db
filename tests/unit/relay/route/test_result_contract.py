"""What consumers rely on: every result is as the schema says, and the schema says nothing more."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from relay.errors import UnreadableMessage
from relay.events.sagemaker import read_notification
from relay.model import Attempt, Notification
from relay.route.result import Result
from relay.route.trust import distrust
from relay.routes.result_shape import RESULT, Shape
from relay.routes.target import Addressed, Target, TargetKind

from tests.support import samples
from tests.support.results import result_schema
from tests.support.results.cases import CASES, of_tracked
from tests.support.results.variations import ID
from tests.support.samples import FAILURES, NOON, OUTPUTS, Json


@pytest.mark.parametrize("name", CASES)
def test_every_result_is_as_the_schema_says(name: str) -> None:
    document = CASES[name]()

    assert result_schema.problems(document) == []
    assert result_schema.problems(document, strict=False) == []


def test_every_member_of_the_schema_is_there_for_some_result() -> None:
    produced: set[str] = set()
    for case in CASES.values():
        produced |= result_schema.members_of(case())

    assert produced == result_schema.members_of_schema()


def test_every_member_is_explained() -> None:
    unexplained = [path for path, text in result_schema.descriptions().items() if not text]

    assert unexplained == []


def changed(path: str, value: object) -> Callable[[Json], None]:
    def change(document: Json) -> None:
        *way, last = path.split(".")
        inner = document
        for name in way:
            inner = inner[name]
        inner[last] = value

    return change


def removed(path: str) -> Callable[[Json], None]:
    def change(document: Json) -> None:
        *way, last = path.split(".")
        inner = document
        for name in way:
            inner = inner[name]
        del inner[last]

    return change


@pytest.mark.parametrize(
    "change",
    [
        removed("id"),
        removed("data.output"),
        removed("data.output.location"),
        removed("data.timing.routed"),
        changed("id", "order-17"),
        changed("dataschema", "urn:async-inference-relay:result:2"),
        changed("time", "2026-11-20T12:00:09.306+01:00"),
        changed("data.outcome", "failed"),
        changed("data.outcome", "unknown"),
        changed("data.failure", {"reason": "none", "classification": "permanent"}),
        changed("data.custom_attributes", None),
        changed("data.resubmission_of", "order-17"),
        changed("data.custom_attributes", "x" * 2_049),
        changed("data.input.location", "https://elsewhere.example.com/a.csv"),
        changed("data.timing.total_ms", -1),
        changed("data.timing.total_ms", 1.5),
        changed("data.output.body", {"encoding": "text", "content": {}}),
        changed("data.output.body", {"encoding": "base64", "content": "not base64"}),
        changed("data.output.body_omitted", {"reason": "too_large", "size": 1}),
    ],
)
def test_what_is_no_result_is_refused(change: Callable[[Json], None]) -> None:
    document = of_tracked("completed, the answer included")
    assert result_schema.problems(document, strict=False) == []

    change(document)

    assert result_schema.problems(document, strict=False) != []


@pytest.mark.parametrize("where", ["more", "data.more", "data.timing.more", "data.output.more"])
def test_a_member_that_is_not_described_is_for_consumers_to_ignore_and_for_us_to_describe(
    where: str,
) -> None:
    document = of_tracked("completed, as documented")

    changed(where, 1)(document)

    assert result_schema.problems(document, strict=False) == []
    assert result_schema.problems(document) != []


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
LONG = st.builds(lambda text, number: text * number, TEXT, st.sampled_from([1, 100, 3_000]))
ANY: st.SearchStrategy[Any] = st.none() | LONG | st.integers() | st.just({}) | st.just([])
TIMES = st.none() | st.datetimes().map(lambda time: f"{time.isoformat()}Z") | TEXT
LOCATIONS = st.sampled_from(["", f"{OUTPUTS}a", f"{FAILURES}b", "s3://elsewhere/c"]).flatmap(
    lambda prefix: LONG.map(lambda text: prefix + text)
)
NOTIFICATIONS = st.builds(
    lambda named, extra: {**samples.completed(ID), **extra, **named},
    st.fixed_dictionaries(
        {},
        optional={
            "invocationStatus": st.sampled_from(["Completed", "Failed", "Other", None]),
            "failureReason": ANY,
            "inferenceId": TEXT | st.just(ID),
            "eventTime": TIMES,
            "receivedTime": TIMES,
            "failureLocation": LOCATIONS | ANY,
            "requestParameters": st.fixed_dictionaries(
                {"endpointName": st.just("relay")},
                optional={
                    "inputLocation": LOCATIONS,
                    "contentType": ANY,
                    "customAttributes": ANY,
                },
            ),
            "responseParameters": st.fixed_dictionaries(
                {}, optional={"outputLocation": LOCATIONS, "contentType": ANY}
            ),
            "responseBody": st.none()
            | st.fixed_dictionaries(
                {}, optional={"content": LONG, "encoding": st.sampled_from(["BASE64", None])}
            ),
        },
    ),
    st.dictionaries(TEXT, ANY, max_size=2),
)
ATTEMPTS = st.none() | st.builds(
    samples.attempt,
    st.just(ID),
    number=st.integers(1, 10),
    location=st.none() | st.just(samples.attempt(ID).location),
    version_id=st.none() | TEXT,
    etag=st.none() | TEXT,
    content_type=st.none() | TEXT,
    custom_attributes=st.none() | TEXT,
    resubmission_of=st.none() | st.just("c" * 32),
    requested_at=st.none() | st.just(NOON - timedelta(hours=1)),
    output_location=st.none() | st.just(f"{OUTPUTS}{ID}"),
)


@settings(max_examples=300)
@given(NOTIFICATIONS, ATTEMPTS, st.sampled_from(TargetKind), TEXT)
def test_whatever_sagemaker_may_say_becomes_a_valid_result_that_its_target_takes(
    value: Json, attempt: Attempt | None, kind: TargetKind, route: str
) -> None:
    notification = believed(value, attempt)
    if notification is None:
        return

    arn = samples.route_settings().endpoint_arn
    result = Result(ID, notification, attempt, arn, NOON)
    message = result.to_message(Addressed(route, Target("arn", kind), ID))

    limit = 1_048_576 if kind in (TargetKind.QUEUE, TargetKind.FIFO_QUEUE) else 262_144
    attributes = sum(len(f"{name}String{value}".encode()) for name, value in message.attributes)
    assert len(message.body.encode()) + attributes <= limit
    assert result_schema.problems(json.loads(message.body)) == []
    assert result_schema.problems(json.loads(json.dumps(result.document()))) == []


def believed(value: Any, attempt: Attempt | None) -> Notification | None:
    """What route would make a result of; None for what it parks."""
    try:
        notification = read_notification(value, samples.SUCCESS_TOPIC)
    except UnreadableMessage:
        return None
    assert isinstance(notification, Notification)
    if distrust(notification, attempt, samples.route_settings()) is not None:
        return None
    return notification


def test_routes_may_ask_for_every_member_of_the_schema_and_for_no_other() -> None:
    assert set(_paths(RESULT)) == result_schema.members_of_schema()


def _paths(shape: Shape, path: str = "") -> Iterator[str]:
    for name, inner in (shape or {}).items():
        yield f"{path}{name}"
        yield from _paths(inner, f"{path}{name}.")
