"""The document of defaults by prefix: each mistake has its path, and all are reported at once."""

import json

import pytest
from relay.inputs.defaults import RequestDefaults, read_defaults

PREFIXES = ("inputs/", "lake/in/")


def problems(document: object) -> list[str]:
    text = document if isinstance(document, str) else json.dumps(document)
    return [str(each) for each in read_defaults(text, PREFIXES)[1]]


def test_each_prefix_has_its_defaults_the_longest_first() -> None:
    document = {
        "inputs/": {"content_type": "text/csv"},
        "inputs/fraud/": {
            "content_type": "application/json",
            "accept": "application/json",
            "custom_attributes": "team=fraud",
            "ttl_seconds": 600,
            "timeout_seconds": 60,
        },
    }

    found, wrong = read_defaults(json.dumps(document), PREFIXES)

    assert wrong == ()
    assert list(found.items()) == [
        (
            "inputs/fraud/",
            RequestDefaults("application/json", "application/json", "team=fraud", 600, 60),
        ),
        ("inputs/", RequestDefaults("text/csv")),
    ]


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("{", "the document is not JSON: "),
        ("[]", "the document must be a JSON object, not a list"),
        (
            '{"inputs/": {}, "inputs/": {}}',
            "the document is not JSON: an object names a member twice: 'inputs/'",
        ),
        ({"": {}}, "the document has an empty prefix; inputs have inputs/, lake/in/"),
        ({"inputs": {}}, "inputs must end with a slash"),
        ({"outputs/": {}}, "outputs/ is not at or below a prefix of inputs: inputs/, lake/in/"),
        ({"lake/": {}}, "lake/ is not at or below a prefix of inputs"),
        ({"inputs/": "text/csv"}, "inputs/ must be a JSON object, not a string"),
        ({"inputs/": None}, "inputs/ must be a JSON object, not null"),
        ({"inputs/": {"accept": None}}, "inputs/.accept must be a string, not null"),
        (
            {"inputs/": {"contenttype": "a"}},
            "inputs/.contenttype is not known; a prefix has accept",
        ),
        ({"inputs/": {"ttl_seconds": "600"}}, "inputs/.ttl_seconds must be a whole number"),
        ({"inputs/": {"ttl_seconds": 59}}, "inputs/.ttl_seconds is 59; it must be from 60 to"),
        ({"inputs/": {"timeout_seconds": 0}}, "inputs/.timeout_seconds is 0; it must be from 1"),
        ({"inputs/": {"accept": "größe"}}, "inputs/.accept contains characters other than visible"),
        (
            {"inputs/": {"custom_attributes": "x" * 1025}},
            "inputs/.custom_attributes has 1,025 characters and SageMaker accepts at most 1,024",
        ),
    ],
)
def test_a_mistake_is_named_with_its_path(document: object, says: str) -> None:
    (problem,) = problems(document)

    assert problem.startswith(says)


def test_all_mistakes_are_reported_at_once() -> None:
    assert len(problems({"a": {"ttl_seconds": 1}, "inputs/": {"accept": 1}})) == 3


def test_nesting_beyond_all_bounds_is_no_crash() -> None:
    assert problems("[" * 100_000)[0].startswith("the document is not JSON")
