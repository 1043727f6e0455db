"""Expressions of DynamoDB, as the fake evaluates them."""

import pytest

from tests.support.aws_fake.errors import Refused
from tests.support.aws_fake.expressions import Expression, Item

ITEM: Item = {"id": {"S": "a"}, "version": {"N": "9"}, "lease": {"S": "i-1"}, "until": {"N": "50"}}
VALUES = {
    ":nine": {"N": "9.0"},
    ":ten": {"N": "10"},
    ":me": {"S": "i-1"},
    ":other": {"S": "i-2"},
}
NAMES = {"#u": "until"}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("attribute_exists(lease)", True),
        ("attribute_not_exists(lease)", False),
        ("attribute_not_exists(id) OR version = :nine", True),
        ("version = :ten", False),
        ("version < :ten", True),  # as numbers, not as text
        ("version <> :me", True),
        ("missing = :me", False),
        ("missing <> :me", True),
        ("lease = :me AND version = :ten", False),
        ("lease = :other OR #u > :ten", True),
        ("(lease = :other OR lease = :me) AND NOT version = :ten", True),
        ("NOT (lease = :me AND version = :nine)", False),
        ("version BETWEEN :nine AND :ten", True),
        ("lease IN (:other, :me)", True),
        ("if_not_exists(missing, :nine) = :nine", True),
    ],
)
def test_a_condition_is_evaluated(condition: str, holds: bool) -> None:
    assert Expression(condition, ITEM, NAMES, VALUES).holds() is holds


@pytest.mark.parametrize(
    ("update", "changes"),
    [
        ("SET lease = :other", {"lease": {"S": "i-2"}}),
        ("SET version = version + :ten, lease = :other", {"version": {"N": "19"}}),
        ("SET fresh = if_not_exists(fresh, :ten)", {"fresh": {"N": "10"}}),
        ("SET #u = :ten REMOVE lease", {"until": {"N": "10"}, "lease": None}),
        ("REMOVE lease, #u", {"lease": None, "until": None}),
        ("ADD version :ten, fresh :ten", {"version": {"N": "19"}, "fresh": {"N": "10"}}),
    ],
)
def test_an_update_changes_attributes(update: str, changes: Item) -> None:
    updated = Expression(update, ITEM, NAMES, VALUES).updated()

    assert {name: updated.get(name) for name in changes} == changes
    assert updated["id"] == {"S": "a"}


@pytest.mark.parametrize("condition", ["lease = :unknown", "#x = :me", "lease =", "lease = :me )"])
def test_an_expression_that_cannot_be_evaluated_is_refused(condition: str) -> None:
    with pytest.raises(Refused, match="Invalid"):
        Expression(condition, ITEM, NAMES, VALUES).holds()
