"""Between how many instances the endpoint scales: read, registered, kept, and taken away."""

from dataclasses import replace

import pytest
from relay.aws.dynamodb.json_codec import from_json, to_json
from relay.errors import AccessDenied, ConfigurationError, PermanentError
from relay.provision.endpoint import EndpointStatus
from relay.provision.specification.scaling import Scaling
from relay.provision.specification.schedule import ScheduledAction
from relay.provision.specification.specification import Specification

from tests.support.provisioning.properties import ENDPOINT, SCALED, SCHEDULED, specification
from tests.support.provisioning.requests import create, delete, deploy, rollback, update
from tests.support.provisioning.world import World

WANTED = Scaling(0, 4, 5, 300, 120)


@pytest.fixture
def world() -> World:
    return World()


def test_the_instance_count_is_fixed_unless_a_maximum_is_given() -> None:
    assert specification().scaling is None
    assert specification(MaxInstanceCount="0", MinInstanceCount="0").scaling is None


def test_scaling_is_read_from_the_properties_with_defaults() -> None:
    assert specification(**SCALED).scaling == WANTED
    assert specification(MaxInstanceCount="2").scaling == Scaling(0, 2, 5, 300, 300)


def test_the_target_need_not_be_a_whole_number() -> None:
    """Application Auto Scaling's TargetValue is a double."""
    scaled = {"MaxInstanceCount": "2", "TargetBacklogPerInstance": "1.5"}
    stored = from_json(Specification, to_json(specification(**scaled)))

    assert stored.scaling == Scaling(0, 2, 1.5, 300, 300)


NIGHT = ScheduledAction("cron(0 20 ? * * *)", "Europe/Berlin", 0, 0)
MORNING = ScheduledAction("cron(30 7 ? * * *)", "Europe/Berlin", 1, 4)


def test_a_schedule_is_read_stored_and_part_of_the_scaling() -> None:
    stored = from_json(Specification, to_json(specification(**SCHEDULED)))

    assert stored.scaling == replace(WANTED, schedule=(NIGHT, MORNING))


def test_a_schedule_is_in_utc_unless_it_names_a_time_zone() -> None:
    action = '{"Schedule": "cron(0 1 * * ? *)", "MinCapacity": 0, "MaxCapacity": 2}'

    scaling = specification(**SCALED | {"ScalingSchedule": f"[{action}]"}).scaling

    assert scaling and scaling.schedule == (ScheduledAction("cron(0 1 * * ? *)", "UTC", 0, 2),)


@pytest.mark.parametrize(
    ("bounds", "scheduled", "sleeps"),
    [
        ((0, 4), [], True),
        ((1, 4), [], False),
        ((1, 4), [(0, 0)], False),  # no request scales it out
        ((1, 4), [(0, 4)], True),
        ((1, 4), [(0, 0), (0, 4)], True),
        ((0, 4), [(1, 4)], True),
    ],
)
def test_a_request_wakes_an_endpoint_where_any_bounds_let_it_sleep(
    bounds: tuple[int, int], scheduled: list[tuple[int, int]], sleeps: bool
) -> None:
    actions = tuple(ScheduledAction("cron(0 20 ? * * *)", "UTC", *each) for each in scheduled)

    assert Scaling(*bounds, 5, 300, 300, actions).sleeps is sleeps


ACTION = '"Schedule": "cron(0 20 ? * * *)", "MinCapacity": 0, "MaxCapacity": 0'


@pytest.mark.parametrize(
    ("schedule", "complaint"),
    [
        ("nightly", "ScalingSchedule must be a JSON list of objects"),
        ("{}", "ScalingSchedule must be a JSON list of objects"),
        ("[1]", r"ScalingSchedule\[0\] must be a JSON object, not a number"),
        ("[{}]", r"ScalingSchedule\[0\].Schedule is missing"),
        ("[{}]", r"ScalingSchedule\[0\].MinCapacity is missing"),
        ("[{}]", r"ScalingSchedule\[0\].MaxCapacity is missing"),
        (
            f"[{', '.join([f'{{{ACTION}}}'] * 51)}]",
            "ScalingSchedule has 51 actions, and may have 50",
        ),
        (f'[{{{ACTION}, "Max": 1}}]', r"ScalingSchedule\[0\].Max is not known"),
        (f'[{{{ACTION}, "Timezone": "a b"}}]', "Timezone must be the name of a time zone"),
        (f"[{{{ACTION.replace('cron(0 20 ? * * *)', 'rate(1 day)')}}}]", "a cron expression with"),
        (f"[{{{ACTION.replace('cron(0 20 ? * * *)', 'cron(0 20 * *)')}}}]", "with six fields"),
        (f"[{{{ACTION.replace('0, ', '-1, ')}}}]", r"MinCapacity must be from 0 to"),
        (f"[{{{ACTION.replace('0, ', '1, ')}}}]", r"MinCapacity \(1\) is more than MaxCapacity"),
        (f"[{{{ACTION.replace('0, ', 'true, ')}}}]", "MinCapacity must be a whole number"),
    ],
)
def test_a_schedule_that_cannot_be_followed_is_refused_by_its_member(
    schedule: str, complaint: str
) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        specification(**SCALED | {"ScalingSchedule": schedule})


def test_a_schedule_without_a_maximum_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="ScalingSchedule has actions, but MaxInstance"):
        specification(ScalingSchedule=f"[{{{ACTION}}}]")


def test_scaling_changes_no_name() -> None:
    assert specification(**SCALED).generation == specification().generation


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"MinInstanceCount": "1"}, "MaxInstanceCount is 0, which disables scaling"),
        (
            {"MinInstanceCount": "3", "MaxInstanceCount": "2"},
            r"MinInstanceCount \(3\) is more than MaxInstanceCount \(2\)",
        ),
        (
            {"InstanceCount": "3", "MaxInstanceCount": "2"},
            r"InstanceCount \(3\), the initial count, is more",
        ),
        ({"MaxInstanceCount": "many"}, "MaxInstanceCount must be a whole number"),
        ({"MinInstanceCount": "-1", "MaxInstanceCount": "2"}, "MinInstanceCount must be a whole"),
        ({"MaxInstanceCount": "2", "TargetBacklogPerInstance": "0"}, "TargetBacklogPerInstance"),
        ({"MaxInstanceCount": "2", "TargetBacklogPerInstance": "0.9"}, "must be a number of at"),
        ({"MaxInstanceCount": "2", "TargetBacklogPerInstance": "nan"}, "must be a number of at"),
        ({"MaxInstanceCount": "2147483648"}, "MaxInstanceCount must be a whole number"),
        ({"MaxInstanceCount": "2", "ScaleInCooldownSeconds": "x"}, "ScaleInCooldownSeconds must"),
        ({"MaxInstanceCount": "2", "ScaleOutCooldownSeconds": "21601"}, "ScaleOutCooldownSeconds"),
    ],
)
def test_what_contradicts_itself_is_refused_by_name(
    changes: dict[str, str], complaint: str
) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        specification(**changes)


def test_an_endpoint_is_registered_once_it_is_in_service_and_before_the_answer(
    world: World,
) -> None:
    world.wake(create(**SCALED))
    assert world.autoscaler.calls == []
    world.sagemaker.settle()
    world.responder.on_delivery = lambda: registered.update(world.autoscaler.registered)
    registered: dict[str, Scaling] = {}

    world.sweep()

    assert registered == {ENDPOINT: WANTED}
    assert [answer.reason for answer in world.answers] == [""]


def test_without_scaling_application_auto_scaling_is_not_called_before_the_end(
    world: World,
) -> None:
    world.run(create(), update(ModelDataUrl="s3://models/2.tar.gz"))

    assert world.autoscaler.calls == []


def test_a_change_of_the_scaling_alone_touches_no_endpoint(world: World) -> None:
    world.run(create(**SCALED))
    world.sagemaker.calls.clear()

    world.run(update(old=SCALED, **{**SCALED, "MinInstanceCount": "1"}))

    assert set(world.sagemaker.calls) == {"describe"}
    assert world.autoscaler.registered[ENDPOINT].minimum == 1
    assert len(world.answers) == 2


def test_scaling_that_is_turned_off_leaves_nothing(world: World) -> None:
    world.run(create(**SCALED), update(old=SCALED))

    assert world.autoscaler.registered == {}
    assert [answer.reason for answer in world.answers] == ["", ""]
    assert world.describe()["scaling"] is None


def test_an_endpoint_at_zero_instances_scales_out_when_its_scaling_is_turned_off(
    world: World,
) -> None:
    world.run(create(**SCALED, InstanceCount="2"))
    world.sagemaker.scaled_to(0)

    world.run(update(old={**SCALED, "InstanceCount": "2"}, InstanceCount="2"))

    assert world.sagemaker.instance_counts == {ENDPOINT: 2}
    assert world.answers[-1].reason == ""


def test_a_new_model_keeps_capacity_and_scaling(world: World) -> None:
    world.run(create(**SCALED))
    world.autoscaler.calls.clear()

    world.run(deploy("s3://models/2.tar.gz"), rollback())

    assert world.sagemaker.retained == [True, True]
    assert world.autoscaler.calls == []
    assert world.autoscaler.registered == {ENDPOINT: WANTED}


def test_another_instance_type_is_rolled_out_between_deregistering_and_registering(
    world: World,
) -> None:
    world.run(create(**SCALED))
    world.autoscaler.calls.clear()

    world.run(update(old=SCALED, InstanceType="ml.c5.large", **SCALED))

    assert world.autoscaler.calls == ["deregister", "register"]
    assert world.autoscaler.registered == {ENDPOINT: WANTED}
    assert [answer.reason for answer in world.answers] == ["", ""]


def test_an_update_that_failed_leaves_the_scaling_as_it_was(world: World) -> None:
    world.run(create(**SCALED))
    world.sagemaker.broken = {"s3://models/2.tar.gz"}
    changed = {**SCALED, "MaxInstanceCount": "9"}

    world.run(
        update(
            old=SCALED, InstanceType="ml.c5.large", ModelDataUrl="s3://models/2.tar.gz", **changed
        )
    )

    assert world.autoscaler.registered == {ENDPOINT: WANTED}
    assert "could not be updated" in world.answers[-1].reason


def test_an_update_waits_for_the_autoscaler_to_finish(world: World) -> None:
    world.run(create(**SCALED))
    world.sagemaker.becomes(EndpointStatus.UPDATING)

    world.wake(update(old=SCALED, ModelDataUrl="s3://models/2.tar.gz", **SCALED))

    assert "update_endpoint" not in world.sagemaker.calls
    world.settle()
    assert [answer.reason for answer in world.answers] == ["", ""]


def test_a_creation_that_may_not_be_scaled_is_rolled_back_with_the_reason(world: World) -> None:
    world.autoscaler.errors["register"] = AccessDenied("iam:CreateServiceLinkedRole is missing")
    world.wake(create(**SCALED))
    world.sagemaker.settle()
    with pytest.raises(AccessDenied):
        world.sweep()

    world.clock.pass_minutes(4)
    world.settle()

    assert "iam:CreateServiceLinkedRole is missing" in world.answers[-1].reason
    assert world.sagemaker.endpoints == {}
    assert world.sagemaker.models == {}


def test_scaling_that_is_refused_fails_the_update_and_goes_back_with_the_stack(
    world: World,
) -> None:
    world.run(create(**SCALED))
    world.autoscaler.errors["register"] = PermanentError("a quota")
    changed = {**SCALED, "MaxInstanceCount": "9"}
    world.wake(update("u2", old=SCALED, **changed))
    assert "a quota" in world.answers[-1].reason

    world.autoscaler.errors.clear()
    world.run(update("u3", old=changed, **SCALED))

    assert world.answers[-1].reason == ""
    assert world.autoscaler.registered == {ENDPOINT: WANTED}


def test_a_deleted_endpoint_leaves_no_target_even_where_the_record_is_lost(world: World) -> None:
    world.run(create(**SCALED))
    world.store.records.clear()

    world.run(delete(**SCALED))

    assert world.autoscaler.registered == {}
    assert world.sagemaker.endpoints == {}


def test_the_scalable_target_of_a_deleted_endpoint_is_deregistered_with_the_stack(
    world: World,
) -> None:
    world.run(create(**SCALED))
    del world.sagemaker.endpoints[ENDPOINT]

    world.run(delete(**SCALED))

    assert world.autoscaler.registered == {}


def test_the_scaling_of_an_endpoint_that_is_not_ours_is_left_alone(world: World) -> None:
    world.run(create())
    world.sagemaker.exists("another-owners")
    world.autoscaler.registered[ENDPOINT] = WANTED

    world.run(delete())

    assert world.autoscaler.registered == {ENDPOINT: WANTED}


def test_describe_shows_the_scaling(world: World) -> None:
    world.run(create(**SCALED))

    assert world.describe()["scaling"] == {
        "minimum": 0,
        "maximum": 4,
        "target_backlog": 5,
        "scale_in_cooldown_seconds": 300,
        "scale_out_cooldown_seconds": 120,
        "schedule": (),
        "sure": True,
    }
