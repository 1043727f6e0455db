"""What a run on an account says beforehand."""

from dataclasses import replace

from tests.acceptance.targets.plan import Plan

PLAN = Plan("relay-acceptance-abc123", "account 1, region r", "ml.m5.large", 0.25, scaling=True)


def test_the_cost_covers_every_instance_for_as_long_as_the_run_may_take() -> None:
    hours = PLAN.limit_minutes / 60

    assert sum(PLAN.costs.values()) >= hours * PLAN.instances * PLAN.instance_price


def test_a_dearer_instance_costs_more() -> None:
    dearer = replace(PLAN, instance_price=2.5)

    assert sum(dearer.costs.values()) > 5 * sum(PLAN.costs.values())


def test_without_scaling_a_run_is_shorter_and_has_fewer_instances() -> None:
    shorter = replace(PLAN, scaling=False)

    assert shorter.minutes < PLAN.minutes
    assert shorter.limit_minutes < PLAN.limit_minutes
    assert shorter.instances < PLAN.instances


def test_no_part_may_take_less_than_it_does_usually() -> None:
    assert all(part.usually <= part.at_most for part in PLAN.parts)


def test_the_plan_names_resources_account_region_and_cost() -> None:
    text = PLAN.text()

    assert "account 1, region r" in text
    assert "the stack relay-acceptance-abc123, " in text
    assert "relay-acceptance-abc123-second" in text
    assert "ml.m5.large" in text
    assert f"{PLAN.minutes} min" in text
    assert f"{sum(PLAN.costs.values()):.2f}" in text
    assert max(map(len, text.splitlines())) <= 100
