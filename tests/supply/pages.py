"""Pages for users, and what they say about security."""

import re
from collections.abc import Iterator
from pathlib import Path

from local.site.markdown import BLOCK
from local.stack.settings import REPOSITORY

# Generated from what other tests check; facts about AWS, each with its own evidence; the pages that
# name the tests themselves.
_OTHER = {
    "docs/explanation/security.md",
    "docs/reference/aws-assumptions.md",
    "docs/reference/endings.md",
    "docs/reference/licenses.md",
    "docs/reference/metrics.md",
    "docs/reference/parameters.md",
    "docs/reference/permissions.md",
    "docs/reference/security-claims.md",
    "docs/reference/time-budget.md",
}
_WORDS = re.compile(
    r"\b(archive (?:can|with)|artifact runs|cookie|den(?:y|ies|ied)|encrypt(?:ed|ion)|forged"
    r"|grants?|IAM|logs never|no payload|on 127\.0\.0\.1 alone|sends nothing to a port"
    r"|permission (?:for|to)|permits?|public|sandbox|secrets?|signatures?|TLS|trusts?|untrusted)\b",
    re.I,
)
# A new paragraph, item, row or heading.
_BLOCK = re.compile(r"\n\s*\n|\n(?= *(?:[-*|#]|\d+\.) ?)")
_SENTENCE = re.compile(r"(?<=[.;]) (?=[A-Z`*\[])| \| ")


def pages(root: Path = REPOSITORY) -> list[str]:
    """Return the paths of README and of the pages for users.

    Decisions give reasons of their time, so they are not among them. Translations say what their
    sources say.
    """
    found = [root / "README.md", *root.glob("*/README.md"), *root.glob("examples/*/README.md")]
    found += [each for each in root.glob("docs/**/*.md") if not {"decisions", "zh"} & {*each.parts}]
    return sorted({str(each.relative_to(root)) for each in found} - _OTHER)


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences outside of code blocks, without line breaks."""
    for block in _BLOCK.split(BLOCK.sub("\n", text)):
        if not block.lstrip().startswith("#"):
            yield from (one.strip(" |") for one in _SENTENCE.split(" ".join(block.split())))


def about_security(text: str) -> list[str]:
    """Return the sentences with a word of security in them."""
    return [each for each in sentences(text) if _WORDS.search(re.sub(r"\]\([^)]*\)", "]", each))]


def rows(text: str) -> Iterator[list[str]]:
    """Yield the cells of each row of the tables, without their headings."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if line.startswith("| ") and "---" not in line and not following.startswith("| ---"):
            yield [cell.strip() for cell in line.strip("| ").split(" | ")]
