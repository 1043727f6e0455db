"""Every promise about security names tests that exist, or says that it was not tried."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from local.stack.settings import REPOSITORY
from tests.supply.pages import about_security, pages, rows

SECURITY = REPOSITORY / "docs/explanation/security.md"
CLAIMS = REPOSITORY / "docs/reference/security-claims.md"
_TEST = re.compile(r"`([\w/]+\.py)::(\w+(?:::\w+)?)`")

# Sentences with a word of security that promise nothing.
NO_CLAIMS = {
    # What AWS does, what people have to do, and headings.
    "docs/how-to/acceptance.md": ("Use a sandbox account",),
    "docs/how-to/adopt-an-endpoint.md": (
        "IAM is case-sensitive",
        "if you grant these permissions elsewhere",
    ),
    "docs/how-to/backfill.md": ("For a bucket with a customer managed key, give the role",),
    "docs/how-to/deploy.md": (
        "[encryption](customer-keys.md) has the key policy",
        "S3 writes the logs",
        "the grants of DynamoDB and Lambda on the key",
        "is encrypted with a key of its own, add a policy",
        "The policy of such a bucket must not deny these calls",
        "from a denial, as the value of",
        "if they are denied",
    ),
    "docs/how-to/customer-keys.md": (
        "encryption of CloudWatch Logs",
        "not encrypted: CloudFormation",
        "Write no secret into it",
        "because SageMaker needs grants for them",
        "use the key by grants",
        "The stack adds the permission to the role",
        "Add a statement to its policy",
    ),
    "docs/reference/endpoint-specification.md": (
        "[its permission to delete]",
        "A value of `ModelEnvironment` can be a reference",
        "For a secret that these callers must not see",
        "the whole text of the parameter or secret",
    ),
    "docs/reference/parked-messages.md": ("Remove the cause first",),
    "docs/how-to/remove.md": ("a bucket name with dots does not work with TLS",),
    "docs/reference/routes.md": (
        "A queue or a topic with a customer managed KMS key accepts",
        "because IAM never matches an alias",
        "A queue with SQS-managed encryption",
        "A subscriber of an encrypted topic",
    ),
    "docs/how-to/sam-local.md": ("`public.ecr.aws/lambda/python`",),
    "docs/explanation/scaling.md": ("Provision has the permission for it.",),
    "examples/consumer/README.md": ("Permit the relay to send to the queue",),
    # Whom a permission trusts, which security.md has under "Not promised".
    "docs/explanation/endpoint.md": (
        "The endpoint's role needs permission to read it.",
        "on provision permits every roll-out",
        "It also permits requests in the form of CloudFormation's",
        "Grant this permission to operators only.",
        "A `ResponseURL` permits one response",
    ),
    "docs/reference/submission.md": (
        "Permissions of IAM do:",
        "Do not grant it to other principals",
        "**Attributes are what the caller says.**",
    ),
    # Names, settings, and what is not verified.
    "emulator/README.md": (
        "S3, SNS, SQS, IAM, STS, CloudWatch",
        "the running sandbox",
        "`async-endpoint-sandbox` keeps an endpoint",
        "member of the sandbox",
        "needed: `s3`, `sns` and",
        "override it to name the access key",
        "For an emulator that you start yourself",
        "port to listen on, without TLS",
        "ask IAM's policy simulator about every call",
        "URL at which the stand-in returns",
        "certificate of a stand-in with TLS",
        "its secret",
        "not a secret from callers who know the names",
        "signatures with the key are not verified",
        "of an IAM user, without `--credentials`",
        "With `none` no signature is verified",
        "curl 7.75 and newer signs",
    ),
    "docs/reference/relayctl.md": (
        "each command names the actions of IAM that it needs",
        "Permissions: `cloudformation:DescribeStacks`",
    ),
    "local/README.md": (
        "IAM (enforced, [with gaps]",
        "use of a KMS key",
        "uploads to S3 in chunks without signatures",
        "anonymous reads of public objects",
        "`iam:PassRole`",
        "`signatures.py` verifies the signature of each request",
        "under names that IAM does not have",
    ),
}


def promises() -> Iterator[tuple[str, str]]:
    """Yield each promise of the two pages, with what shows it."""
    inside = False
    for line in SECURITY.read_text().splitlines():
        inside = inside and line.startswith("|")
        if line.startswith("| promise |"):
            inside = True
        elif inside and "| --- |" not in line:
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            yield cells[0], cells[-1]
    for _, claim, shown in _claims():
        yield claim, shown


def _claims() -> list[list[str]]:
    return list(rows(CLAIMS.read_text()))


@cache
def defined_in(path: Path) -> frozenset[str]:
    """Return the tests of a module, and those of its classes as `Class::test`."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {
                f"{node.name}::{each.name}"
                for each in node.body
                if isinstance(each, ast.FunctionDef)
            }
    return frozenset(name for name in found if re.search(r"(^|::)test_\w+$", name))


def test_the_pages_have_promises() -> None:
    assert len(list(promises())) > 60


@pytest.mark.parametrize(("promise", "shown"), tuple(promises()))
def test_a_promise_names_tests_or_says_why_it_was_not_tried(promise: str, shown: str) -> None:
    if not shown.startswith("not tried: "):
        assert _TEST.sub("", shown).replace("<br>", "") == "", f"no test shows: {promise}"
        assert _TEST.search(shown)


@pytest.mark.parametrize(
    ("path", "name"),
    sorted(set(_TEST.findall(SECURITY.read_text() + CLAIMS.read_text()))),
)
def test_a_named_test_exists(path: str, name: str) -> None:
    module = REPOSITORY / "tests" / path

    assert module.exists()
    assert name in defined_in(module)


@pytest.mark.parametrize("page", sorted({page for page, _, _ in _claims()}))
def test_every_claim_is_on_its_page(page: str) -> None:
    text = " ".join((REPOSITORY / page).read_text().split())

    assert [claim for of, claim, _ in _claims() if of == page and claim not in text] == []


@pytest.mark.parametrize("page", pages())
def test_every_sentence_about_security_is_a_known_claim_or_known_to_be_none(page: str) -> None:
    known = [claim for of, claim, _ in _claims() if of == page]
    known += NO_CLAIMS.get(page, ())

    sentences = about_security((REPOSITORY / page).read_text())
    unknown = [each for each in sentences if not any(text in each for text in known)]
    assert unknown == [], "add them to docs/reference/security-claims.md with a test"


@pytest.mark.parametrize("page", NO_CLAIMS)
def test_what_is_no_claim_is_still_there(page: str) -> None:
    sentences = about_security((REPOSITORY / page).read_text())

    for text in NO_CLAIMS[page]:
        assert any(text in each for each in sentences), text


def test_a_reader_of_the_readme_finds_both_pages() -> None:
    readme = (REPOSITORY / "README.md").read_text()

    assert "](SECURITY.md)" in readme
    assert "](docs/explanation/security.md)" in readme
