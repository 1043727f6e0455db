"""The files that browsers load are part of the distribution, with their licenses."""

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

from local.stack.settings import REPOSITORY
from relayctl.console.rendering import TEMPLATES
from relayctl.console.server import STATIC

VENDORED = sorted(STATIC.glob("vendor/*.min.js"))
PACKAGE = REPOSITORY / "relayctl"


@pytest.mark.parametrize("file", VENDORED, ids=lambda file: file.name)
def test_a_file_of_others_has_its_license_and_is_named(file: Path) -> None:
    name, version = re.fullmatch(r"(\w+)-([\d.]+)\.min\.js", file.name).groups()  # type: ignore[union-attr]

    assert (file.parent / f"{name}-LICENSE.txt").read_text()
    for page in ("NOTICE", "docs/reference/licenses.md"):
        assert re.search(rf"{name}(\.org)? {re.escape(version)}", (REPOSITORY / page).read_text())


@pytest.mark.parametrize(
    "file", [each for each in TEMPLATES.parent.rglob("*") if each.suffix not in ("", ".py", ".pyc")]
)
def test_a_file_is_in_the_distribution(file: Path) -> None:
    declared = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    patterns = declared["tool"]["setuptools"]["package-data"]["relayctl"]

    assert [each for each in patterns if fnmatch(str(file.relative_to(PACKAGE)), each)]


@pytest.mark.parametrize("template", sorted(TEMPLATES.glob("*.html")), ids=lambda file: file.name)
def test_a_template_has_nothing_that_the_policy_of_the_page_forbids(template: Path) -> None:
    text = template.read_text()

    assert not re.search(r"\s(style|on\w+|hx-on\S*|hx-vals=.js:)=", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"(?:href|src|action)=\"(?:https?:)?//", text)
    assert "|safe" not in text
