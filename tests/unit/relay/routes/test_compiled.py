"""Which deliveries a document makes of a result: a table to read."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from relay.routes.compiled import Routes
from relay.routes.groups import group_id
from relay.routes.target import Addressed

from relayctl.routes.samples import SAMPLES
from tests.support.results.addressing import addressed

SQS = "arn:aws:sqs:us-east-1:000000000000:"
SNS = "arn:aws:sns:us-east-1:000000000000:"
BUS = "arn:aws:events:us-east-1:000000000000:event-bus/"

DOCUMENTS: Mapping[str, Any] = {
    "default": {
        "routes": [
            {"name": "done", "when": "data.outcome == 'completed'", "to": f"{SQS}done.fifo"},
        ],
        "otherwise": {"to": f"{SQS}failed.fifo"},
    },
    "everything": {"otherwise": {"to": f"{SQS}all"}},
    "copies": {
        "routes": [
            {"name": "archive", "to": f"{SQS}archive", "delay": 60},
            {"name": "news", "to": f"{SNS}news"},
            {"name": "bus", "when": "data.outcome != 'completed'", "to": f"{BUS}ops"},
        ],
        "otherwise": {"to": f"{SQS}all"},
    },
    "by kind": {
        "routes": [
            {
                "name": "ours",
                "when": "data.failure.classification == 'permanent'",
                "to": f"{SQS}ours",
            },
            {"name": "retries", "when": "data.attempts > `1`", "to": f"{SNS}retries"},
            {"name": "slow", "when": "data.timing.queued_ms >= `3000`", "to": f"{SQS}slow"},
        ],
        "otherwise": {"to": f"{SQS}rest", "delay": 900},
    },
    "by answer": {
        "routes": [
            {
                "name": "likely",
                "when": "data.output.body.content.score > `0.8`",
                "to": f"{SQS}likely.fifo",
                "group": "data.output.body.content.labels[0]",
            },
            {
                "name": "labelled",
                "when": "contains(data.output.body.content.labels, 'new')",
                "to": f"{SQS}labelled.fifo",
                "group": "data.output.body.content.labels",
            },
            {"name": "other", "when": "data.output.body", "to": f"{SNS}other.fifo"},
        ],
        "otherwise": {"to": f"{SQS}silent.fifo", "group": "data.output.content_type"},
    },
    "by input": {
        "routes": [
            {
                "name": "orders",
                "when": "starts_with(data.input.location, 's3://relay-data/inputs/orders/')",
                "to": f"{SQS}orders.fifo",
                "group": "data.custom_attributes",
            },
            {"name": "csv", "when": "data.input.content_type == 'text/csv'", "to": f"{SQS}csv"},
            {"name": "strangers", "when": "!(data.tracked)", "to": f"{SQS}strangers"},
        ],
        "otherwise": {"to": f"{SQS}inline.fifo", "group": "join('/', [data.endpoint, type])"},
    },
    "truth": {
        "routes": [
            {"name": "zero", "when": "`0`", "to": f"{SQS}t"},
            {"name": "text", "when": "'no'", "to": f"{SQS}t"},
            {"name": "false", "when": "`false`", "to": f"{SQS}t"},
            {"name": "null", "when": "`null`", "to": f"{SQS}t"},
            {"name": "empty-text", "when": "''", "to": f"{SQS}t"},
            {"name": "empty-list", "when": "`[]`", "to": f"{SQS}t"},
            {"name": "empty-object", "when": "`{}`", "to": f"{SQS}t"},
        ],
        "otherwise": {"to": f"{SQS}t"},
    },
    "errors": {
        "routes": [
            {"name": "broken", "when": "contains(data.failure.reason, '400')", "to": f"{SQS}e"},
            {"name": "mixed", "when": "data.outcome < data.attempts", "to": f"{SQS}e"},
            {
                "name": "grouped",
                "when": "data.outcome != 'expired'",
                "to": f"{SQS}e.fifo",
                "group": "length(data.failure.reason) > `0` && data.failure.classification",
            },
        ],
        "otherwise": {"to": f"{SQS}e"},
    },
    "twice": {
        "routes": [
            {"name": "first", "to": f"{SQS}one.fifo", "group": "data.tracked"},
            {"name": "second", "to": f"{SQS}one.fifo", "group": "data.attempts"},
        ],
        "otherwise": {"to": f"{SQS}one.fifo"},
    },
}

COMPLETED = "completed"
ANSWERED = "completed, with the model's answer"
AGAIN = "completed, after a failure, by a resubmission"
REFUSED = "failed, refused by the model"
THRICE = "failed, three times"
REJECTED = "rejected"
EXPIRED = "expired"
STRANGE = "submitted by another application"
INLINE = "without an uploaded input"

# What a delivery is: route > target, the group where it is not the request id, the delay if any.
TABLE = [
    ("default", COMPLETED, ["done > done.fifo"]),
    ("default", ANSWERED, ["done > done.fifo"]),
    ("default", AGAIN, ["done > done.fifo"]),
    ("default", REFUSED, ["otherwise > failed.fifo"]),
    ("default", THRICE, ["otherwise > failed.fifo"]),
    ("default", REJECTED, ["otherwise > failed.fifo"]),
    ("default", EXPIRED, ["otherwise > failed.fifo"]),
    ("default", STRANGE, ["done > done.fifo"]),
    ("default", INLINE, ["done > done.fifo"]),
    ("everything", COMPLETED, ["otherwise > all"]),
    ("everything", EXPIRED, ["otherwise > all"]),
    # Every route that matches has the result.
    ("copies", COMPLETED, ["archive > archive after 60 s", "news > news"]),
    ("copies", REFUSED, ["archive > archive after 60 s", "news > news", "bus > ops"]),
    ("copies", EXPIRED, ["archive > archive after 60 s", "news > news", "bus > ops"]),
    ("copies", INLINE, ["archive > archive after 60 s", "news > news"]),
    # A member that is not there is null, and null is equal to nothing and greater than nothing.
    ("by kind", COMPLETED, ["slow > slow"]),
    ("by kind", REFUSED, ["ours > ours", "slow > slow"]),
    ("by kind", THRICE, ["retries > retries", "slow > slow"]),
    ("by kind", REJECTED, ["ours > ours"]),
    ("by kind", EXPIRED, ["slow > slow"]),
    ("by kind", STRANGE, ["otherwise > rest after 900 s"]),
    # The model's answer, where it is JSON and came with the notification.
    (
        "by answer",
        ANSWERED,
        [
            "likely > likely.fifo in fraud",
            'labelled > labelled.fifo in ["fraud","new"]',
            "other > other.fifo",
        ],
    ),
    ("by answer", COMPLETED, ["otherwise > silent.fifo in application/json"]),
    ("by answer", REFUSED, ["otherwise > silent.fifo"]),
    ("by answer", STRANGE, ["otherwise > silent.fifo in application/json"]),
    ("by answer", INLINE, ["otherwise > silent.fifo in application/json"]),
    # Inputs: folders, content types, who submitted it.
    ("by input", COMPLETED, ["orders > orders.fifo in team=fraud", "csv > csv"]),
    ("by input", REFUSED, ["orders > orders.fifo in team=fraud", "csv > csv"]),
    ("by input", REJECTED, ["orders > orders.fifo in team=fraud", "csv > csv"]),
    ("by input", STRANGE, ["orders > orders.fifo", "csv > csv", "strangers > strangers"]),
    ("by input", INLINE, ["otherwise > inline.fifo in relay/relay.inference.completed"]),
    # Zero is true; null, false and what is empty are false.
    ("truth", COMPLETED, ["zero > t", "text > t"]),
    ("truth", EXPIRED, ["zero > t", "text > t"]),
    # What cannot be evaluated does not match, and groups nothing.
    ("errors", COMPLETED, ["grouped > e.fifo"]),
    ("errors", REFUSED, ["broken > e", "grouped > e.fifo in permanent"]),
    ("errors", THRICE, ["grouped > e.fifo in transient"]),
    ("errors", REJECTED, ["grouped > e.fifo in permanent"]),
    ("errors", EXPIRED, ["otherwise > e"]),
    ("errors", STRANGE, ["grouped > e.fifo"]),
    ("errors", INLINE, ["grouped > e.fifo"]),
    # Two routes to one target are two deliveries; true, false and numbers are groups.
    ("twice", COMPLETED, ["first > one.fifo in true", "second > one.fifo in 1"]),
    ("twice", THRICE, ["first > one.fifo in true", "second > one.fifo in 3"]),
    ("twice", STRANGE, ["first > one.fifo in false", "second > one.fifo in 1"]),
]

ROUTES = {name: Routes.read(json.dumps(document)) for name, document in DOCUMENTS.items()}


def shown(addressed: Addressed, request_id: str) -> str:
    group = "" if addressed.group == request_id else f" in {addressed.group}"
    delay = f" after {addressed.delay_seconds} s" if addressed.delay_seconds else ""
    return f"{addressed.route} > {addressed.target.name}{group}{delay}"


@pytest.mark.parametrize(
    ("document", "result", "deliveries"), TABLE, ids=[f"{row[0]}: {row[1]}" for row in TABLE]
)
def test_a_result_goes_where_its_document_says(
    document: str, result: str, deliveries: list[str]
) -> None:
    content = SAMPLES[result].document()

    went = addressed(ROUTES[document], content)

    assert [shown(each, SAMPLES[result].request_id) for each in went] == deliveries


def test_the_table_is_about_every_document_and_every_kind_of_result() -> None:
    assert len(TABLE) >= 40
    assert {row[0] for row in TABLE} == DOCUMENTS.keys()
    assert {row[1] for row in TABLE} == SAMPLES.keys()


class TestWhatCannotBeEvaluated:
    def test_a_problem_is_named_with_the_route_and_without_any_value(self) -> None:
        verdicts = ROUTES["errors"].weigh(SAMPLES[COMPLETED].document())

        assert [(each.route, each.problem) for each in verdicts] == [
            ("broken", "when: contains() takes array or string, not null"),
            ("mixed", "when: expression compares or sorts values of different types"),
            ("grouped", "group: length() takes string or array or object, not null"),
        ]

    def test_no_problem_is_reported_where_all_can_be_evaluated(self) -> None:
        verdicts = ROUTES["by answer"].weigh(SAMPLES[ANSWERED].document())

        assert [each.problem for each in verdicts] == [None, None, None]


def test_otherwise_is_asked_only_where_no_route_matches() -> None:
    asked = {
        result: [each.route for each in ROUTES["default"].weigh(SAMPLES[result].document())]
        for result in (COMPLETED, EXPIRED)
    }

    assert asked == {COMPLETED: ["done"], EXPIRED: ["done", "otherwise"]}


class TestAGroup:
    @pytest.mark.parametrize("value", ["a", "team=fraud", "!~", "x" * 128, "s3://b/k"])
    def test_that_is_legal_is_kept(self, value: str) -> None:
        assert group_id(value) == value

    @pytest.mark.parametrize(
        ("value", "begins"),
        [
            ("two words", "two_words."),
            ("größe", "gr__e."),
            ("x" * 129, "x" * 95 + "."),
            ("\ud800", "_."),
            ({"a b": 1}, '{"a_b":1}.'),
        ],
    )
    def test_that_is_not_is_made_legal_and_stays_recognizable(
        self, value: object, begins: str
    ) -> None:
        group = group_id(value)

        assert group is not None and group.startswith(begins)
        assert len(group) == len(begins) + 32

    def test_of_values_that_differ_differs(self) -> None:
        values = ["größe", "gräße", "gr__e", "x" * 129, "x" * 130, "a b", "a  b", [1, 2], [2, 1]]

        assert len({group_id(value) for value in values}) == len(values)

    @pytest.mark.parametrize("value", [None, "", [], {}])
    def test_of_nothing_is_none(self, value: object) -> None:
        assert group_id(value) is None

    def test_does_not_depend_on_the_order_of_members(self) -> None:
        assert group_id({"a": 1, "b": 2}) == group_id({"b": 2, "a": 1})
