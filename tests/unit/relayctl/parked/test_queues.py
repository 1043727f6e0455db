"""The dead-letter queues that `relayctl parked` knows."""

from pathlib import Path

from samtranslator.yaml_helper import yaml_parse

from relayctl.parked.queues import USES
from tests.support.relayctl.commands import Commands, FakeDeployment
from tests.support.relayctl.dead_letters import QUEUES, FakeQueues, FakeStackResources

TEMPLATE = Path(__file__).parents[4] / "template.yaml"


def test_every_dead_letter_queue_of_the_template_is_known_with_its_source() -> None:
    resources = yaml_parse(TEMPLATE.read_text())["Resources"]
    queues = {name for name, each in resources.items() if each["Type"] == "AWS::SQS::Queue"}

    assert {name for name in queues if name.endswith("DeadLetterQueue")} == USES.keys()
    assert {each.source for each in USES.values() if each.source} <= queues


def test_a_queue_of_a_later_template_is_shown_and_not_redriven(
    queues: FakeQueues, relayctl: Commands, deployment: FakeDeployment
) -> None:
    class Later(FakeStackResources):
        queues = {**QUEUES, "LaterDeadLetterQueue": "submit-dlq"}

    deployment.__dict__["cloudformation"] = Later()
    queues.put("SubmitDeadLetterQueue", "{}")

    ended = relayctl("parked", "redrive", "--queue", "later", "--yes")

    assert ended.exit == 1
    assert "does not know LaterDeadLetterQueue" in " ".join(ended.err.split())


def test_a_stack_without_any_is_no_stack_of_the_relay(
    queues: FakeQueues, relayctl: Commands, deployment: FakeDeployment
) -> None:
    class Other(FakeStackResources):
        queues = {"Queue": "submit"}

    deployment.__dict__["cloudformation"] = Other()

    ended = relayctl("parked")

    assert ended.exit == 3
    assert "stack relay has no dead-letter queue" in " ".join(ended.err.split())
