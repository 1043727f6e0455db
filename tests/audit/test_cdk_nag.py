"""cdk-nag's AwsSolutions rules over the templates. Needs node: `make audit` installs the rules."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.template.tools.findings import Finding, complaints
from tests.template.tools.plain import write_plain_templates

MODULES = Path(sys.prefix) / "audit" / "node_modules"
BAD = {
    "Resources": {
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {"KeySchema": []}},
    }
}

pytestmark = pytest.mark.skipif(not MODULES.exists(), reason="make audit installs cdk-nag")


def cdk_nag(templates: Mapping[Path, str], home: Path) -> Iterator[Finding]:
    node = shutil.which("node")
    assert node, "cdk-nag needs node"
    done = subprocess.run(
        [node, Path(__file__).with_name("nag.cjs"), *templates],
        env={"PATH": os.environ["PATH"], "HOME": str(home), "NODE_PATH": str(MODULES)},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for found in json.loads(done.stdout):
        # "AwsSolutions-IAM5[Resource::*]": the rule, and which part of the resource it means.
        rule, _, detail = found["rule"].partition("[")
        yield Finding(
            tool="cdk-nag",
            rule=rule,
            template=templates[Path(found["template"])],
            resource=found["resource"],
            message=found["message"],
            detail=detail.removesuffix("]"),
        )


def test_cdk_nag_finds_nothing_that_is_not_accepted(tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps(BAD))

    found = list(cdk_nag({**write_plain_templates(tmp_path), bad: "bad.json"}, home=tmp_path))

    assert {("AwsSolutions-S1", "Bucket"), ("AwsSolutions-DDB3", "Table")} <= {
        (each.rule, each.resource) for each in found if each.template == "bad.json"
    }
    said = complaints("cdk-nag", [each for each in found if each.template != "bad.json"])
    assert not said, "\n".join(said)
