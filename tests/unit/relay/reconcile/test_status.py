"""Which request a question about an id is answered for."""

import pytest
from relay.ids import attempt_id, request_id_of_caller, request_id_of_resubmission
from relay.model import AttemptState, RequestState
from relay.reconcile.status import status

from tests.support.pipeline.notifying import submitted
from tests.support.pipeline.pipelines import FakePipeline

THEIRS = request_id_of_caller("order-17")


@pytest.mark.parametrize("asked", ["order-17", THEIRS])
def test_a_request_is_found_by_the_callers_id_and_by_the_relays(
    pipeline: FakePipeline, asked: str
) -> None:
    submitted(pipeline, THEIRS)

    found = status(asked, pipeline.ledger)

    assert (found.request_id, found.state) == (THEIRS, RequestState.SUBMITTED)


def test_an_own_id_that_looks_like_one_of_the_relay_finds_the_callers_request(
    pipeline: FakePipeline,
) -> None:
    own_id = "0123456789abcdef" * 2
    submitted(pipeline, attempt_id(request_id_of_caller(own_id), 1))

    found = status(own_id, pipeline.ledger)

    assert (found.request_id, found.state) == (request_id_of_caller(own_id), RequestState.SUBMITTED)


def test_an_unknown_id_is_unknown(pipeline: FakePipeline) -> None:
    assert status(THEIRS, pipeline.ledger).state is RequestState.UNKNOWN


def test_a_request_and_its_resubmission_name_each_other(pipeline: FakePipeline) -> None:
    again = request_id_of_resubmission(THEIRS)
    submitted(pipeline, THEIRS, state=AttemptState.COMPLETED)
    submitted(pipeline, again, resubmission_of=THEIRS)

    asked = status(THEIRS, pipeline.ledger).to_json()
    repeated = status(again, pipeline.ledger).to_json()

    assert asked["resubmitted_as"] == again
    assert asked["next_step"] == f"ask for the status of {again}, which repeats this request"
    assert repeated["resubmission_of"] == THEIRS
    assert not {"resubmission_of"} & asked.keys()
    assert not {"resubmitted_as"} & repeated.keys()
