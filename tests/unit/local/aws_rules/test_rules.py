"""Each rule refuses a template that breaks it, and takes one that does not."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from local.aws_rules import RULES, Enforced, Rule, Template, check
from tests.template.editing import edited_template

HEALTHY = Template.read(
    Path(__file__).with_name("healthy.yaml"),
    longest_stack_name=30,
    metrics={"Shop": frozenset({"Sold"})},
    capabilities=frozenset({"CAPABILITY_IAM"}),
)
BREAKS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("breaks.yaml").read_text())
NAMES = [f"{each['rule']}-{number}" for number, each in enumerate(BREAKS)]


def test_what_aws_takes_is_not_refused() -> None:
    assert [str(each) for each in check(HEALTHY)] == []


@pytest.mark.parametrize("broken", BREAKS, ids=NAMES)
def test_a_rule_refuses_what_breaks_it_and_says_what_to_change(broken: dict[str, Any]) -> None:
    (rule,) = (each for each in RULES if each.name == broken["rule"])

    found = check(edited_template(HEALTHY, broken.get("set", {}), broken.get("remove", ())), [rule])

    assert found, "it passes"
    assert any(broken["change"] in each.change for each in found), [str(each) for each in found]


def test_an_output_is_named_without_a_resource() -> None:
    (found,) = check(edited_template(HEALTHY, {}, ["Outputs/TopicArn/Condition"]))

    assert str(found).startswith("Outputs.TopicArn: CloudFormation refuses the template: ")


def test_what_aws_does_not_refuse_is_distinguished_from_what_it_does() -> None:
    wrong = edited_template(HEALTHY, {"Resources/QueueAlarm/Properties/Period": 10})

    (found,) = check(wrong)

    assert found.enforced is Enforced.NEVER


def test_every_rule_is_broken_here() -> None:
    assert {each.name for each in RULES} == {each["rule"] for each in BREAKS}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_names_its_source(rule: Rule) -> None:
    assert rule.source.startswith(("https://docs.aws.amazon.com/", "https://docs.powertools.aws"))
