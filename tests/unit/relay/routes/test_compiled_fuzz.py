"""What holds for every document and every result."""

import json
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from relay.errors import PermanentError
from relay.routes.compiled import Routes
from relay.routes.document import RoutesError
from relay.routes.result_shape import RESULT

from tests.support.results.addressing import addressed

SQS = "arn:aws:sqs:us-east-1:000000000000:"
SNS = "arn:aws:sns:us-east-1:000000000000:"
BUS = "arn:aws:events:us-east-1:000000000000:event-bus/"

_TEXT = st.text(st.characters(codec=None), max_size=12)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=8,
)
DATA_MEMBERS = [*(RESULT["data"] or {})]
_RESULTS = st.fixed_dictionaries(
    {},
    optional={
        "id": _JSON,
        "type": _JSON,
        "data": _JSON
        | st.fixed_dictionaries(
            {},
            optional=dict.fromkeys(DATA_MEMBERS, _JSON),
        ),
    },
)
_EXPRESSIONS = st.sampled_from(
    [
        "data.outcome == 'completed'",
        "data.attempts > `1`",
        "data.outcome < data.attempts",
        "contains(data.custom_attributes, 'a')",
        "starts_with(data.input, 'a')",
        "sort(data.output.body.content)",
        "max_by(data.output.body.content, &x).y",
        "to_number(data.timing)",
        "floor(to_number(data.custom_attributes))",
        "join(',', data.output.body.content)",
        "sum(data.output.body.content[*].x)",
        "to_string(data)",
        "data.*",
        "@",
        "!data",
        "avg(data.output.body.content)",
        "merge(data.input, data.output)",
        "map(&abs(@), data.output.body.content)",
        "data.failure | length(@)",
    ]
)
_TARGETS = st.sampled_from([f"{SQS}a", f"{SQS}b.fifo", f"{SNS}c", f"{SNS}d.fifo", f"{BUS}e"])


@st.composite
def _directions(draw: st.DrawFn) -> dict[str, Any]:
    arn = draw(_TARGETS)
    direction: dict[str, Any] = {"to": arn}
    if arn.endswith(".fifo") and draw(st.booleans()):
        direction["group"] = draw(_EXPRESSIONS)
    if arn == f"{SQS}a":
        direction["delay"] = draw(st.integers(0, 900))
    return direction


@st.composite
def _documents(draw: st.DrawFn) -> Routes:
    routes = []
    for number in range(draw(st.integers(0, 4))):
        route = {"name": f"r{number}", **draw(_directions())}
        if draw(st.booleans()):
            route["when"] = draw(_EXPRESSIONS)
        routes.append(route)
    return Routes.read(json.dumps({"routes": routes, "otherwise": draw(_directions())}))


@given(_documents(), _RESULTS)
def test_whatever_a_result_contains_it_is_delivered_and_by_no_route_twice(
    routes: Routes, result: dict[str, Any]
) -> None:
    went = addressed(routes, result)

    names = [each.route for each in went]
    order = [*(route.name for route in routes.routes), "otherwise"]
    assert names
    assert all(order.index(one) < order.index(other) for one, other in pairwise(names))
    assert names == ["otherwise"] or "otherwise" not in names
    assert set(names) >= {route.name for route in routes.routes if route.when is None}
    assert went == addressed(routes, result)


@given(_documents(), _RESULTS)
def test_whatever_a_result_contains_its_groups_can_be_sent(
    routes: Routes, result: dict[str, Any]
) -> None:
    for each in addressed(routes, result):
        assert 1 <= len(each.group) <= 128
        assert all("!" <= character <= "~" for character in each.group)


def _read(text: str) -> None:
    try:
        Routes.read(text)
    except RoutesError as error:
        assert isinstance(error, PermanentError)
        assert error.problems
        str(error).encode()  # it can be logged and sent


@given(st.text(st.characters(codec=None)))
def test_whatever_is_read_only_a_routes_error_comes_of_it(text: str) -> None:
    _read(text)


_MEMBERS = st.sampled_from(["routes", "otherwise", "name", "when", "to", "group", "delay"]) | _TEXT
_ALMOST = st.dictionaries(
    _MEMBERS,
    st.recursive(
        _JSON | _TARGETS | _EXPRESSIONS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_MEMBERS, inner, max_size=5),
        max_leaves=12,
    ),
    max_size=3,
)


@given(_ALMOST)
def test_whatever_json_is_read_only_a_routes_error_comes_of_it(content: dict[str, Any]) -> None:
    _read(json.dumps(content))


@given(st.text(alphabet="data.outcme[]*?@&|!=<>(){},:`'\"\\ 019-_x\n", max_size=40))
def test_whatever_expression_is_read_only_a_routes_error_comes_of_it(expression: str) -> None:
    route = {"name": "r", "to": f"{SQS}a", "when": expression}
    _read(json.dumps({"routes": [route], "otherwise": {"to": f"{SQS}a"}}))
