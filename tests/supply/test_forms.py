"""Workflows, issue forms and Dependabot's file have the form that GitHub documents.

The schemas are those of SchemaStore, which check-jsonschema brings. They know the names and types
of members, not what an expression says.
"""

import json
import re
from functools import cache
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from local.stack.settings import REPOSITORY
from release.sbom import TOOLS

FORMS = {
    "github-workflows": "workflows/*",
    "dependabot": "dependabot.yml",
    "github-issue-forms": "ISSUE_TEMPLATE/*",
}
BAD = {
    "github-workflows": "on: push\njobs:\n  bad:\n    runs_on: ubuntu\n    steps: []\n",
    "dependabot": "version: 2\nupdates:\n  - package-ecosystem: pypi\n    directory: /\n",
    "github-issue-forms": "name: bad\ndescription: bad\nbody:\n  - type: text\n",
}


@cache
def _validator(schema: str) -> Draft7Validator:
    (vendored,) = TOOLS.parent.glob(f"lib/*/site-packages/check_jsonschema/**/vendor/{schema}.json")
    return Draft7Validator(json.loads(vendored.read_text()))


def _problems(schema: str, file: Path) -> list[str]:
    # YAML 1.1 reads the key `on` as true.
    text = re.sub(r"^on:", '"on":', file.read_text(), flags=re.M)
    return [each.message for each in _validator(schema).iter_errors(yaml.safe_load(text))]


@pytest.mark.parametrize("schema", FORMS)
def test_every_file_has_the_form(schema: str) -> None:
    files = sorted((REPOSITORY / ".github").glob(FORMS[schema]))

    assert files
    assert {each.name: problems for each in files if (problems := _problems(schema, each))} == {}


@pytest.mark.parametrize("schema", FORMS)
def test_a_wrong_member_is_found(schema: str, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yml"
    bad.write_text(BAD[schema])

    assert _problems(schema, bad)


def test_every_file_of_github_has_a_schema_or_is_a_page() -> None:
    covered = {each for form in FORMS.values() for each in (REPOSITORY / ".github").glob(form)}
    files = {each for each in (REPOSITORY / ".github").rglob("*") if each.is_file()}

    assert {each.name for each in files - covered} == {"pull_request_template.md"}
