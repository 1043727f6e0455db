"""What a step writes into the log."""

from relay.delivery.report import Level, Note
from relay.provision.lifecycle.ports import Context
from relay.provision.lifecycle.record import Record

from tests.support.provisioning.properties import ENDPOINT, specification
from tests.support.provisioning.world import World


def test_a_note_names_the_endpoint_and_its_status() -> None:
    world, notes = World(), list[Note]()
    context = Context(
        world.sagemaker,
        world.autoscaler,
        world.responder,
        world.clock,
        notes.append,
        lambda _: specification(),
    )

    context.note("refused", Record(ENDPOINT), error=True)

    fields = (("endpoint", ENDPOINT), ("status", ""))
    assert notes == [Note(Level.ERROR, "refused", fields)]
