"""The rules that AWS documents for an application's metadata, each with a value that breaks it.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-template-publishing-applications-metadata-properties.html
"""

from typing import Any

import pytest

from release import metadata

SOURCE = "https://git.example.com/relay"


@pytest.mark.parametrize("source_url", [None, SOURCE])
def test_the_applications_own_metadata_is_accepted(source_url: str | None) -> None:
    described = metadata.of("1.2.3", metadata.AUTHOR, source_url)

    assert metadata.problems(described) == []
    assert described.get("HomePageUrl") == described.get("SourceCodeUrl") == source_url
    # Needed for an application that is shared with everyone.
    assert {"SemanticVersion", "LicenseUrl", "SpdxLicenseId"} <= set(described)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Name", ""),
        ("Name", "a" * 141),
        ("Name", "async inference relay"),
        ("Description", ""),
        ("Description", "a" * 257),
        ("Author", ""),
        ("Author", "a" * 128),
        ("Author", "An Author"),
        ("Author", "double--dash"),
        ("Author", "-dash"),
        ("Author", "dash-"),
        ("SemanticVersion", "v1.2.3"),
        ("HomePageUrl", "git.example.com"),
        ("SourceCodeUrl", "https://git.example.com/a b"),
        ("Labels", ["label"] * 11),
        ("Labels", ["a" * 128]),
        ("Labels", [""]),
        ("Labels", ["two words"]),
    ],
)
def test_what_the_repository_does_not_accept_is_named(name: str, value: Any) -> None:
    described = {**metadata.of("1.2.3", metadata.AUTHOR, SOURCE), name: value}

    problems = metadata.problems(described)

    assert problems
    assert all(name.removesuffix("s").lower() in each.lower() for each in problems)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Name", "a" * 140),
        ("Description", "a" * 256),
        ("Author", "a" * 127),
        ("Author", "team-7"),
        ("Labels", ["a" * 127] * 10),
        ("Labels", ["a+b-c_d:e/f@g9"]),
    ],
)
def test_the_longest_values_are_accepted(name: str, value: Any) -> None:
    described = {**metadata.of("1.2.3", metadata.AUTHOR, SOURCE), name: value}

    assert metadata.problems(described) == []
