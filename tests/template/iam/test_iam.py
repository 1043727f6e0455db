"""Every statement against AWS's list of actions, resources and condition keys."""

import pytest

from tests.template.aws_rules.rules import PATHS, template
from tests.template.iam.check import problems
from tests.template.iam.statements import Statement, statements

ALL = [each for path in PATHS for each in statements(template(path).transformed)]


@pytest.mark.parametrize("statement", ALL, ids=str)
def test_a_statement_says_what_iam_understands(statement: Statement) -> None:
    said = problems(statement)

    assert not said, "\n".join(said)


def test_statements_of_every_kind_are_found() -> None:
    assert {each.kind.value for each in ALL} == {"identity", "resource", "trust"}
    assert {"SubmitRole", "EndpointDataPolicy", "DataBucketPolicy", "ConsumerRole"} <= {
        each.owner for each in ALL
    }


def test_statements_in_either_branch_of_a_condition_are_found() -> None:
    sids = {each.sid for each in ALL}

    assert {"EncryptOutputs", "SendToFurtherTargets", "DenyEndpointChanges"} <= sids
