"""What a step writes into the log."""

import pytest
from relay.delivery.report import Count, Level, Note
from relay.provision.lifecycle.ports import Context
from relay.provision.lifecycle.record import Record

from tests.support.provisioning.properties import ENDPOINT, specification
from tests.support.provisioning.world import World


@pytest.mark.parametrize("metric", [None, Count.REFUSED])
def test_a_note_names_the_metric_that_counts_it(metric: Count | None) -> None:
    world, notes = World(), list[Note]()
    context = Context(
        world.sagemaker,
        world.autoscaler,
        world.responder,
        world.clock,
        notes.append,
        lambda _: specification(),
    )

    context.note("refused", Record(ENDPOINT), error=True, metric=metric)

    fields = (("endpoint", ENDPOINT), ("status", ""))
    assert notes == [Note(Level.ERROR, "refused", fields, metric)]
