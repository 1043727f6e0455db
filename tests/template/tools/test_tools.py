"""Independent tools over the templates: what they find is changed, or accepted for a reason.

Each run has a bad template among the good ones, because a tool that finds nothing in that one
would find nothing in the others either. One run for both, since the tools start slowly.
"""

import json
from pathlib import Path
from typing import Any

from tests.template.aws_rules.rules import PATHS
from tests.template.tools.findings import Finding, complaints
from tests.template.tools.plain import write_plain_templates
from tests.template.tools.run import cfn_lint, checkov

# A property of the wrong type, whose rule the template itself switches off; a service that is not
# in China; a policy in which everything is allowed, and a rule that the resource itself skips.
BAD: dict[str, Any] = {
    "Metadata": {"cfn-lint": {"config": {"ignore_checks": ["E3012"]}}},
    "Resources": {
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "Metadata": {"checkov": {"skip": [{"id": "CKV_AWS_27", "comment": "quietly"}]}},
            "Properties": {"VisibilityTimeout": "long"},
        },
        "Connection": {"Type": "AWS::AppRunner::AutoScalingConfiguration"},
        "Policy": {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "PolicyName": "everything",
                "Roles": ["someone"],
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
                },
            },
        },
    },
}


def bad_template(directory: Path) -> Path:
    file = directory / "bad.json"
    file.write_text(json.dumps(BAD))
    return file


def split(findings: list[Finding]) -> tuple[set[tuple[str, str]], list[Finding]]:
    """Rules and resources that were found in the bad template, and the findings in the others."""
    bad = {(each.rule, each.resource) for each in findings if each.template.endswith("bad.json")}
    return bad, [each for each in findings if not each.template.endswith("bad.json")]


def test_cfn_lint_finds_nothing_in_any_partition_that_is_not_accepted(tmp_path: Path) -> None:
    bad, others = split(cfn_lint((*PATHS, bad_template(tmp_path)), home=tmp_path))

    assert {("E3012", "Queue"), ("E3006", "Connection")} <= bad
    said = complaints("cfn-lint", others)
    assert not said, "\n".join(said)


def test_checkov_finds_nothing_that_is_not_accepted(tmp_path: Path) -> None:
    templates = {**write_plain_templates(tmp_path), bad_template(tmp_path): "bad.json"}

    bad, others = split(checkov(templates, home=tmp_path))

    assert {("CKV_AWS_63", "Policy"), ("CKV_AWS_27", "Queue")} <= bad
    said = complaints("checkov", others)
    assert not said, "\n".join(said)
