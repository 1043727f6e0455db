"""The model's answer: JSON where every reader accepts it, otherwise text, otherwise base64."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relay.route.response_body import to_body

JSON = "application/json"


@pytest.mark.parametrize(
    "content_type",
    [JSON, "application/json; charset=utf-8", "Application/JSON", "application/a+json"],
)
def test_json_is_embedded_as_json(content_type: str) -> None:
    body = to_body('{"größe": [1, 0.5, null]}'.encode(), content_type)

    assert body == {"encoding": "json", "content": {"größe": [1, 0.5, None]}}


@pytest.mark.parametrize("content", ["0.81", '"yes"', "null", "[]", "true", r'"\ud83d\ude00"'])
def test_any_value_is_json(content: str) -> None:
    assert to_body(content.encode(), JSON) == {"encoding": "json", "content": json.loads(content)}


@pytest.mark.parametrize("content_type", [None, "text/csv", "text/plain; application/json", "json"])
def test_what_does_not_call_itself_json_is_text(content_type: str | None) -> None:
    assert to_body(b"0.81,0.7", content_type) == {"encoding": "text", "content": "0.81,0.7"}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "NaN",
        "[Infinity]",
        "1e400",
        "-1e400",
        "1" * 5_000,
        "1" * 400,
        f"[-{'9' * 400}]",
        f"[{'9007199254740993,' * 200}{'1' * 400}]",
        f"{'1' * 400}.5",
        r'"\ud83d"',
        r'{"\udc00": 1}',
        "[" * 51 + "]" * 51,
        '{"a":' * 51 + "1" + "}" * 51,
        "[" * 100_000 + "]" * 100_000,
        "\ufeff{}",
    ],
    ids=lambda text: text[:12],
)
def test_what_is_not_json_for_every_reader_is_text(content: str) -> None:
    assert to_body(content.encode(), JSON) == {"encoding": "text", "content": content}


INTEGERS = [
    ("9007199254740993", [""]),
    ("-9007199254740993", [""]),
    ('{"id": 9007199254740993, "score": 1}', ["/id"]),
    ('[{"a/b~c": [0, 12345678901234567890]}]', ["/0/a~1b~0c/1"]),
    ('{"größe": 123456789012345678901234567890}', ["/größe"]),
    (f"[{', '.join(['9007199254740993'] * 200)}]", [f"/{index}" for index in range(100)]),
]
DECIMALS = [
    ("0.12345678901234567890123", [""]),
    ('{"a/b": [1.5, -1234567890123456.78901]}', ["/a~1b/1"]),
    ("[9007199254740993.0, 9007199254740993e0]", ["/0", "/1"]),
    ("[1e-400, 0.1]", ["/0"]),
    (f"[1e-{'9' * 30}]", ["/0"]),
    ("[1.23456789e-320]", ["/0"]),
    (f"[{', '.join(['0.12345678901234567890123'] * 200)}]", [f"/{n}" for n in range(100)]),
]


@pytest.mark.parametrize(
    ("member", "content", "pointers"),
    [
        *(("inexact_integers", *case) for case in INTEGERS),
        *(("inexact_decimals", *case) for case in DECIMALS),
    ],
)
def test_numbers_that_a_double_does_not_hold_are_pointed_at(
    member: str, content: str, pointers: list[str]
) -> None:
    body = to_body(content.encode(), JSON)

    assert body == {"encoding": "json", "content": json.loads(content), member: pointers}


def test_integers_and_decimals_are_pointed_at_apart() -> None:
    body = to_body(b'{"a": 9007199254740993, "b": 0.12345678901234567890123}', JSON)

    assert (body["inexact_integers"], body["inexact_decimals"]) == (["/a"], ["/b"])


@pytest.mark.parametrize(
    "content",
    [
        "9007199254740992",
        "-9007199254740992",
        "1" + "0" * 20,
        '"9007199254740993"',
        "0.12345678901234566",
        "0.10000000000000001",
        "0.1" + "0" * 30,
        "0." + "0" * 30 + "1",
        "0.1000000000000000055511151231257827021181583404541015625",
        "9007199254740992.0",
        "0.33333334326744079590",
        "[0e-999, -0.0000000000000000000]",
        "5e-324",
        "1.5e-300",
        '"0.12345678901234567890123 and 1e-400"',
        "1" * 15,
    ],
)
def test_what_a_double_holds_is_not(content: str) -> None:
    assert to_body(content.encode(), JSON) == {"encoding": "json", "content": json.loads(content)}


def test_what_is_nested_as_answers_are_is_json() -> None:
    assert to_body(b"[" * 50 + b"]" * 50, JSON)["encoding"] == "json"


@pytest.mark.parametrize("content", [b"\xff\x00", b"\x89PNG\r\n"])
def test_what_is_no_text_is_base64(content: bytes) -> None:
    body = to_body(content, "image/png")

    assert body == {"encoding": "base64", "content": base64.b64encode(content).decode()}


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON_VALUES)
def test_no_value_is_changed_on_its_way(value: object) -> None:
    body = to_body(json.dumps(value).encode(), JSON)

    content = body["content"]
    assert content == value if body["encoding"] == "json" else json.loads(str(content)) == value
    assert _rounded(value) == (body["encoding"] == "text" or "inexact_integers" in body)
    assert json.loads(json.dumps(body, allow_nan=False)) == body


def _rounded(value: object) -> bool:
    """Whether a parser that reads every number as a double changes the value, or refuses it."""
    try:
        return bool(json.loads(json.dumps(value), parse_int=float) != value)
    except OverflowError:
        return True


@given(st.binary(), st.sampled_from([JSON, "text/csv", None]))
def test_every_answer_can_be_embedded(content: bytes, content_type: str | None) -> None:
    body = to_body(content, content_type)

    json.dumps(body, allow_nan=False).encode("ascii")
