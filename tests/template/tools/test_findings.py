"""The file of accepted findings: nothing gets in, or stays in, unnoticed."""

from pathlib import Path

import pytest

from tests.template.aws_rules.rules import PATHS
from tests.template.tools.findings import ACCEPTED, Accepted, Finding, accepted, complaints


def finding(resource: str = "SubmitQueue", rule: str = "R1", detail: str = "") -> Finding:
    return Finding("checkov", rule, "template.yaml", resource, "is not encrypted", detail)


def entry(*resources: str, details: tuple[str, ...] = ()) -> Accepted:
    return Accepted("checkov", "R1", "template.yaml", resources, details, "it is meant")


def test_a_new_finding_is_reported_in_the_tools_words() -> None:
    assert complaints("checkov", [finding()], []) == [
        "template.yaml, SubmitQueue: is not encrypted (checkov R1)"
    ]


@pytest.mark.parametrize("resource", ["SubmitQueue", "*Queue", "*"])
def test_an_accepted_finding_is_no_problem(resource: str) -> None:
    assert not complaints("checkov", [finding()], [entry(resource)])


@pytest.mark.parametrize(
    "found", [finding(rule="R2"), finding(resource="Queues"), finding(resource="SubmitQueue2")]
)
def test_what_an_entry_does_not_name_is_not_accepted(found: Finding) -> None:
    entries = [entry("*Queue")]

    assert str(found) in complaints("checkov", [finding(), found], entries)


def test_an_unused_entry_is_a_problem() -> None:
    assert complaints("checkov", [finding()], [entry("SubmitQueue", "Gone*")]) == [
        "checkov R1 in template.yaml is not found on Gone* any more; take it out"
    ]


def test_a_detail_is_taken_letter_by_letter() -> None:
    entries = [entry("*", details=("Resource::*",))]

    assert not complaints("checkov", [finding(detail="Resource::*")], entries)
    assert len(complaints("checkov", [finding(detail="Resource::queue")], entries)) == 3


def test_entries_of_other_tools_are_left_to_their_own_run() -> None:
    assert not complaints("cfn-lint", [], [entry("SubmitQueue")])


def test_every_entry_names_a_tool_and_a_template_that_is_checked() -> None:
    assert {each.tool for each in accepted()} == {"cfn-lint", "checkov", "cdk-nag"}
    assert {each.template for each in accepted()} <= set(PATHS)


@pytest.mark.parametrize(
    ("given", "instead"),
    [("reason: ", "because: "), ("resources: [DataBucket]", "resources: []")],
)
def test_an_entry_without_a_reason_or_a_resource_is_refused(
    given: str, instead: str, tmp_path: Path
) -> None:
    file = tmp_path / "accepted.yaml"
    text = ACCEPTED.read_text()
    assert given in text
    file.write_text(text.replace(given, instead, 1))

    with pytest.raises((TypeError, ValueError)):
        accepted(file)
