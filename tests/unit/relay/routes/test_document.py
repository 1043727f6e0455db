"""What is refused in a route document, and in which words."""

import json
from typing import Any

import pytest
from relay.routes.compiled import Routes
from relay.routes.document import RoutesError
from relay.routes.target import TargetKind

QUEUE = "arn:aws:sqs:us-east-1:000000000000:standard"
FIFO = "arn:aws:sqs:us-east-1:000000000000:ordered.fifo"
TOPIC = "arn:aws:sns:us-east-1:000000000000:news"
FIFO_TOPIC = "arn:aws:sns:us-east-1:000000000000:news.fifo"
BUS = "arn:aws:events:us-east-1:000000000000:event-bus/results"


def document(*routes: object, **members: Any) -> str:
    return json.dumps({"routes": routes, "otherwise": {"to": FIFO}, **members})


def problems(text: str) -> list[str]:
    with pytest.raises(RoutesError) as error:
        Routes.read(text)
    assert all(str(problem) in str(error.value) for problem in error.value.problems)
    return [str(problem) for problem in error.value.problems]


def problem(text: str) -> str:
    (only,) = problems(text)
    return only


def route(**members: Any) -> dict[str, Any]:
    return {"name": "all", "to": FIFO, **members}


class TestTheSmallestDocument:
    def test_has_no_routes_and_an_otherwise(self) -> None:
        routes = Routes.read(json.dumps({"otherwise": {"to": FIFO}}))

        assert routes.routes == ()
        assert routes.otherwise.target.arn == FIFO

    def test_has_every_kind_of_target(self) -> None:
        kinds = [
            Routes.read(document(otherwise={"to": arn})).otherwise.target.kind
            for arn in (QUEUE, FIFO, TOPIC, FIFO_TOPIC, BUS)
        ]

        assert kinds == list(TargetKind)


class TestJson:
    def test_that_is_none_is_refused_with_line_and_column(self) -> None:
        text = '{"routes": [],\n "otherwise": {"to": }}'

        assert problem(text) == "line 2, column 22: it is not JSON: Expecting value"

    def test_with_a_member_twice_is_refused(self) -> None:
        text = f'{{"otherwise": {{"to": "{FIFO}"}}, "otherwise": {{"to": "{FIFO}"}}}}'

        assert problem(text) == "otherwise is there more than once"

    def test_that_is_no_object_is_refused(self) -> None:
        assert problem("[]") == "the document must be a JSON object, not a list"

    def test_that_is_longer_than_a_parameter_is_refused(self) -> None:
        long = document(*(route(name=f"r{number}") for number in range(120)))

        assert len(long) > 8192
        assert "a parameter holds 8,192" in problem(long)

    def test_with_what_parameters_do_not_take_is_refused(self) -> None:
        assert problem(document(route(when="data.x == '{{y}}'"))).startswith("line 1, column ")

    def test_nested_too_deeply_is_refused(self) -> None:
        assert "it is not JSON that can be read" in problem("[" * 8000)


class TestMembers:
    def test_that_are_unknown_are_refused_with_the_nearest_known_name(self) -> None:
        assert problem(document(route(wen="data"))) == (
            "routes[0].wen is not known; did you mean when?"
        )
        assert problem(document(otherwise={"to": FIFO, "when": "data"})) == (
            "otherwise.when is not known; known are to, group, delay"
        )
        assert problem(document(version=1)) == ("version is not known; known are routes, otherwise")

    def test_that_are_missing_are_named(self) -> None:
        assert problem(document({"to": FIFO})) == "routes[0].name is missing"
        assert problem(document({"name": "all"})) == "routes[0].to is missing"

    def test_otherwise_is_mandatory(self) -> None:
        assert problem('{"routes": []}').startswith("otherwise is missing, and says where")

    @pytest.mark.parametrize(
        ("value", "kind"),
        [(None, "null"), (7, "a number"), (True, "true"), ([], "a list"), ({}, "an object")],
    )
    def test_of_another_type_are_refused(self, value: object, kind: str) -> None:
        assert problem(document(route(to=value))) == f"routes[0].to must be a string, not {kind}"

    @pytest.mark.parametrize("member", ["name", "to", "when", "group"])
    def test_with_an_unpaired_surrogate_are_refused(self, member: str) -> None:
        assert problem(document(route(**{member: "a\ud800"}))) == (
            f"routes[0].{member} contains an unpaired surrogate"
        )

    def test_that_are_empty_are_missing(self) -> None:
        assert problem(document(route(to=""))) == "routes[0].to is missing"

    @pytest.mark.parametrize("member", ["routes", "otherwise"])
    @pytest.mark.parametrize("value", [None, 7, "x"])
    def test_of_the_document_have_a_type_too(self, member: str, value: object) -> None:
        assert problem(document(**{member: value})).startswith(f"{member} must be a ")

    def test_all_problems_are_reported_at_once(self) -> None:
        text = document(
            route(name="a b"),
            {"name": "two", "to": "nowhere", "when": "data.outcome ="},
            7,
            otherwise={"to": FIFO, "delay": 3},
        )

        with pytest.raises(RoutesError) as error:
            Routes.read(text)

        assert [(each.path, each.position) for each in error.value.problems] == [
            ("routes[0].name", None),
            ("routes[1].when", 14),
            ("routes[1].to", None),
            ("routes[2]", None),
            ("otherwise.delay", None),
        ]


class TestNames:
    @pytest.mark.parametrize("name", ["a b", "ä", "x" * 65, "a.b", "a/b"])
    def test_are_letters_digits_underscores_and_hyphens(self, name: str) -> None:
        assert problem(document(route(name=name))).startswith("routes[0].name: ")

    def test_are_unique(self) -> None:
        assert problem(document(route(), route())) == "routes: two routes have the name all"

    def test_otherwise_is_taken(self) -> None:
        assert problem(document(route(name="otherwise"))) == (
            "routes[0].name: otherwise is reserved for results that match no route"
        )


class TestTargets:
    @pytest.mark.parametrize(
        ("arn", "says"),
        [
            ("https://sqs.us-east-1.amazonaws.com/000000000000/q", "is a URL; give the ARN"),
            ("completed", "is not an ARN"),
            ("arn:aws:lambda:us-east-1:000000000000:function:f", "is of the service 'lambda'"),
            ("arn:aws:sqs:us-east-1:0:q", "is not of the form arn:<partition>:sqs"),
            ("arn:aws:sqs:us-east-1:000000000000:a.b", "is not of the form arn:<partition>:sqs"),
            ("arn:aws:sqs:us-east-1:000000000000:", "is not of the form arn:<partition>:sqs"),
            (f"{TOPIC}:4f1d", "a subscription's ARN is longer"),
            (
                "arn:aws:events:us-east-1:000000000000:rule/r",
                "is not of the form arn:<partition>:events",
            ),
            ("arn:aws:sqs::000000000000:q", "is not of the form arn:<partition>:sqs"),
            (f"{FIFO}\n", "is not of the form arn:<partition>:sqs"),
            (f"arn:aws:sqs:us-east-1:000000000000:{'q' * 76}.fifo", "is not of the form"),
        ],
    )
    def test_are_the_arns_of_queues_topics_and_buses(self, arn: str, says: str) -> None:
        found = problem(document(route(to=arn)))

        assert found.startswith("routes[0].to: ")
        assert says in found

    @pytest.mark.parametrize(
        "arn",
        [
            "arn:aws-cn:sqs:cn-north-1:123456789012:q",
            "arn:aws-us-gov:sns:us-gov-west-1:123456789012:t.fifo",
            f"arn:aws:sqs:us-east-1:000000000000:{'q' * 75}.fifo",
            "arn:aws:events:ap-southeast-2:123456789012:event-bus/aws.partner/example.com/1",
        ],
    )
    def test_of_any_partition_and_length_are_taken(self, arn: str) -> None:
        assert Routes.read(document(route(to=arn))).routes[0].target.arn == arn


class TestDelays:
    @pytest.mark.parametrize("value", [1.5, "3", True, None, 2**53 + 1])
    def test_are_whole_numbers(self, value: object) -> None:
        found = problem(document(route(to=QUEUE, delay=value)))

        assert found.startswith("routes[0].delay must be a whole number of at most 2^53")

    @pytest.mark.parametrize("value", [-1, 901])
    def test_have_up_to_fifteen_minutes(self, value: int) -> None:
        assert problem(document(route(to=QUEUE, delay=value))) == (
            f"routes[0].delay: {value} is not between 0 and 900 seconds"
        )

    @pytest.mark.parametrize(
        ("arn", "reason"),
        [
            (FIFO, "a FIFO queue has one delay for all of its messages"),
            (TOPIC, "a topic delivers at once"),
            (FIFO_TOPIC, "a topic delivers at once"),
            (BUS, "an event bus delivers at once"),
        ],
    )
    def test_are_for_standard_queues_alone(self, arn: str, reason: str) -> None:
        assert problem(document(route(to=arn, delay=1))) == (
            f"routes[0].delay: {reason}; only standard queues delay"
        )
        assert Routes.read(document(route(to=QUEUE, delay=900))).routes[0].delay_seconds == 900


class TestGroups:
    @pytest.mark.parametrize("arn", [QUEUE, TOPIC, BUS])
    def test_are_refused_where_there_is_no_order(self, arn: str) -> None:
        assert "does not keep the order of a group" in problem(
            document(route(to=arn, group="data.input.location"))
        )

    @pytest.mark.parametrize("arn", [FIFO, FIFO_TOPIC])
    def test_are_taken_where_there_is(self, arn: str) -> None:
        assert Routes.read(document(route(to=arn, group="data.input.location")))


class TestExpressions:
    @pytest.mark.parametrize("member", ["when", "group"])
    @pytest.mark.parametrize(
        ("expression", "position", "says"),
        [
            ("data.outcome = 'failed'", 14, "Unknown token '='; == compares"),
            ("data.outcome == 'failed' &&", 28, "expression ends too early"),
            ("data.outcome == 'failed", 17, "Unclosed ' delimiter"),
            ("data..outcome", 6, "got: dot"),
            ("data.outcome == 'a' 'b'", 21, "Unexpected token: b"),
            ("contain(data.input.location, 'x')", 1, "did you mean contains()?"),
            ("data && starts_with(subject)", 9, "starts_with() takes 2 arguments, not 1"),
            ("length(data, id)", 1, "length() takes 1 argument, not 2"),
            ('data.outcome == "failed"', 17, "write a string as 'failed'"),
            ("id && outcome == 'failed'", 7, "did you mean data.outcome?"),
            ("data.outcom == 'failed'", 6, "no result has data.outcom; did you mean data.outcome?"),
            ("data.failure.class == 'client'", 14, "data.failure has reason, classification,"),
            ("data.outcome.text", 14, "data.outcome has no members"),
            ("!data.tracked && id", 7, "write !(data.tracked)"),
            ("data | outcom", 8, "did you mean data.outcome?"),
            ("data.[outcome, inputs][1]", 16, "did you mean data.input?"),
            ("data.output.body.content[?y == z] && outcome", 38, "did you mean data.outcome?"),
            ("data.outcome == `failed`", 17, "write a string as 'failed'"),
            ("&data", 1, "is not a value by itself"),
        ],
    )
    def test_that_are_wrong_are_refused_with_the_position(
        self, member: str, expression: str, position: int, says: str
    ) -> None:
        found = problem(document(route(**{member: expression})))

        assert found.startswith(f"routes[0].{member}, character {position}: ")
        assert says in found

    @pytest.mark.parametrize(
        ("expression", "says"),
        [
            ("", ": expression is empty; omit it instead"),
            ("(" * 3000, ": expression is nested too deeply"),
            ("data[" + "1" * 5000 + "]", ": expression cannot be parsed"),
            (True, " must be a string (a JMESPath expression), not true"),
            (None, " must be a string (a JMESPath expression), not null"),
        ],
    )
    def test_that_are_none_are_refused(self, expression: object, says: str) -> None:
        assert problem(document(route(when=expression))) == f"routes[0].when{says}"

    @pytest.mark.parametrize(
        "expression",
        [
            "data.outcome == 'failed'",
            "data.failure.classification == 'client' || data.attempts > `1`",
            "data.[outcome, endpoint] | [0] == 'failed'",
            "data.{a: outcome, b: endpoint}.a == 'failed'",
            "data.\"custom_attributes\" && contains(data.custom_attributes, 'team=fraud')",
            "not_null(data.failure.reason, data.output.location, id)",
            "sort_by(data.output.body.content.list, &name)[0].name",
            "data.output.body.content[?\"a b\" == 'x'].c",
            "(data.output || data.failure).body.content.anything",
            "data.output.body.content[].c[1:2]",
            "@.data.*.content_type | [0]",
            "!(data.tracked) && !contains([id], subject)",
            "type(data.output) == 'object' && !starts_with(subject, 's3://x/')",
            "`true`",
        ],
    )
    def test_of_every_form_are_taken(self, expression: str) -> None:
        assert Routes.read(document(route(when=expression)))
