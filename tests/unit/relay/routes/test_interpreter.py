"""Expressions whose value or evaluation would grow without end."""

import json
import time
from typing import Any

import pytest
from relay.routes.compiled import Routes
from relay.routes.document import RoutesError
from relay.routes.expression_check import BadExpression, compiled
from relay.routes.expressions import Evaluated
from relay.routes.interpreter import MOST_STEPS, weight

FIFO = "arn:aws:sqs:us-east-1:000000000000:a.fifo"
TOO_MANY = f"expression takes more than {MOST_STEPS:,} steps"


def evaluated(text: str, content: object) -> Evaluated:
    return compiled(text).evaluate({"data": {"output": {"body": {"content": content}}}})


CONTENT = "data.output.body.content"


class TestAnExpressionThatMultipliesItsValue:
    @pytest.mark.parametrize(
        "text",
        [
            "data" + "|[@,@]" * 10,
            "data" + " | {a: @, b: @}" * 10,
            "data" + "|[@,@][]" * 10,
            "[data.*, data.*]" + "|[*].[@,@]" * 10,
            "[data]" + "|[?@].[@,@]" * 10,
            "[data]" + "|map(&[@,@], @)" * 10,
            f"({'data' + '|[@,@]' * 10}) == `1`",
            f"length(data{'|[@,@]' * 10})",
            f"[`1`][?{'@' + '|[@,@]' * 10}]",
            "data" + "|[to_string(@), to_string(@)]|join('', @)" * 10,
            f"data && {'data' + '|[@,@]' * 10}",
            "data" + "|[@,@]" * 300,
            "[`1`]" + "|[@,@][]" * 28,
        ],
    )
    def test_is_refused(self, text: str) -> None:
        with pytest.raises(BadExpression, match="multiplies a value more than 1,000 times"):
            compiled(text)

    def test_is_named_with_its_route(self) -> None:
        route = {"name": "a", "when": "data" + "|[@,@]" * 27, "to": FIFO}

        with pytest.raises(RoutesError, match=r"routes\[0\].when.* multiplies"):
            Routes.read(json.dumps({"routes": [route], "otherwise": {"to": FIFO}}))

    @pytest.mark.parametrize(
        "text",
        [
            "join('/', [data.custom_attributes, 'a', to_string(id)])",
            f"contains(`{json.dumps([f'team-{n}' for n in range(500)])}`, data.custom_attributes)",
            "[data.outcome, data.endpoint] | [@, [data.attempts]] | [0]",
            " || ".join(f"data.endpoint == 'endpoint-{number}'" for number in range(100)),
        ],
    )
    def test_is_no_usual_one(self, text: str) -> None:
        assert compiled(text).evaluate({"data": {"custom_attributes": ""}}).problem is None


class TestAnEvaluation:
    @pytest.mark.parametrize(
        ("text", "content"),
        [
            (f"({CONTENT}|[@,@,@]|[@,@,@]|[@,@,@]) == ({CONTENT}|[@,@,@]|[@,@,@]|[@,@,@])", 10_000),
            (f"to_string({CONTENT}|[@,@,@]|[@,@,@]|[@,@,@])", 10_000),
            (f"contains({CONTENT}|[@,@,@]|[@,@,@]|[@,@,@], 'a')", 10_000),
            (f"{CONTENT}[*].[@, @, @, @]", 30_000),
            (f"map(&`{json.dumps([0] * 100)}`, {CONTENT})[]", 10_000),
            (f"{CONTENT}[?@ == 'y'] || {CONTENT}[?@ == 'z']", 20_000),
            (f"{CONTENT}" + "[0:] | [@[0:], @[0:]] | [0]" * 3, 40_000),
            (f"join(to_string({CONTENT}), {CONTENT}[*].to_string(@))", 5_000),
            (f"[{CONTENT}, {CONTENT}, {CONTENT}][] | reverse(@)", 30_000),
        ],
    )
    def test_of_too_many_steps_is_given_up(self, text: str, content: int) -> None:
        found = evaluated(text, ["x"] * content)

        assert found == Evaluated(None, TOO_MANY)

    def test_goes_through_the_largest_response_once(self) -> None:
        """SageMaker puts at most 128 KB into a notification."""
        content = [{"label": "cat", "score": number / 7} for number in range(3_000)]

        found = evaluated(f"{CONTENT}[?score > `1`].label | contains(@, 'dog')", content)

        assert (len(json.dumps(content)) > 128_000, found) == (True, Evaluated(False))

    def test_has_its_own_steps(self) -> None:
        expression = compiled(f"{CONTENT}[*].a")
        document = {"data": {"output": {"body": {"content": [{"a": 1}] * 20_000}}}}

        found = {len(expression.evaluate(document).value) for _ in range(5)}  # type: ignore[arg-type]

        assert found == {20_000}

    @pytest.mark.parametrize("last", ["", " == `[]`", " | to_string(@)", " | [@[], @[]]"])
    def test_ends_soon_whatever_the_document_allows(self, last: str) -> None:
        text = f"{CONTENT}|" + "|".join(["[@,@][]"] * 8) + last
        began = time.process_time()

        evaluated(text, ["x"] * 60_000)

        assert time.process_time() - began < 2


class TestARoute:
    def weigh(self, **members: str) -> Any:
        route = {"name": "a", "to": FIFO, **members}
        routes = Routes.read(json.dumps({"routes": [route], "otherwise": {"to": FIFO}}))
        content = {"output": {"body": {"content": ["x"] * 60_000}}}
        return routes.weigh({"id": "b", "data": content})

    def test_that_takes_too_many_steps_does_not_match(self) -> None:
        first, last = self.weigh(when=f"{CONTENT}[*].[@,@]")

        assert (first.addressed, first.problem) == (None, f"when: {TOO_MANY}")
        assert last.addressed is not None

    def test_whose_group_is_too_large_has_the_request_as_its_group(self) -> None:
        (found,) = self.weigh(group=f"[{CONTENT}, {CONTENT}]")

        assert (found.addressed.group, found.problem) == ("b", f"group: {TOO_MANY}")


@pytest.mark.parametrize(
    ("value", "steps"),
    [(None, 1), ("x" * 640, 11), ([1, [2]], 4), ({"a": {"b": 1}}, 5), ([], 1)],
)
def test_every_value_and_every_name_has_its_weight(value: object, steps: int) -> None:
    assert weight(value, 100) == steps


def test_a_weight_is_known_only_up_to_its_limit() -> None:
    shared: list[object] = [1]
    for _ in range(200):
        shared = [shared, shared]

    assert weight(shared, 1_000) > 1_000
