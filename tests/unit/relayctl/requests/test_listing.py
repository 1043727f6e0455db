"""`relayctl list` and `relayctl count`."""

import pytest
from relay.ids import request_id_of_resubmission
from relay.model import AttemptState

from tests.support import samples
from tests.support.relayctl.commands import Commands, FakeDeployment
from tests.support.samples import BUCKET, NOON

SINCE = ("--since", NOON.isoformat())


@pytest.fixture(autouse=True)
def requests(deployment: FakeDeployment) -> None:
    """Three failures for two reasons, one completed request, and one under way."""
    for number, (state, reason) in enumerate(
        (
            (AttemptState.FAILED, "ClientError: row 1 has 3 values"),
            (AttemptState.FAILED, "ClientError: row 1 has 3 values"),
            (AttemptState.FAILED, "InternalServerError: the model [bold]died"),
            (AttemptState.COMPLETED, None),
        )
    ):
        deployment.closed(deployment.submitted(number), state, reason)
    deployment.submitted(9, key="inputs/team/9.csv")
    deployment.search.clock.advance(3_600)


class TestCount:
    def test_counts_each_state(self, relayctl: Commands) -> None:
        ended = relayctl("count", *SINCE, "--json")

        assert ended.exit == 0
        counts = {"failed": 3, "completed": 1, "submitted": 1}
        assert ended.document == {"total": 5, "state": counts}

    def test_groups_failures_by_their_reason(self, relayctl: Commands) -> None:
        lines = relayctl("count", *SINCE, "--by", "reason").out.splitlines()

        assert [line.split()[-1] for line in lines] == ["requests", "2", "1", "3"]
        assert "ClientError: row 1 has 3 values" in lines[1]

    def test_selects_several_states_at_once(self, relayctl: Commands) -> None:
        ended = relayctl("count", *SINCE, "--state", "completed", "--state", "submitted", "--json")

        assert ended.document["total"] == 2


class TestList:
    def test_selects_by_reason_in_any_case(self, relayctl: Commands) -> None:
        ended = relayctl("list", *SINCE, "--reason", "clienterror", "--json")

        assert len(ended.document["requests"]) == 2

    def test_selects_by_any_of_several_reasons(self, relayctl: Commands) -> None:
        ended = relayctl("list", *SINCE, "--reason", "row 1", "--reason", "died", "--json")

        assert len(ended.document["requests"]) == 3

    def test_takes_a_prefix_for_one_of_the_input_bucket(self, relayctl: Commands) -> None:
        ended = relayctl("list", *SINCE, "--prefix", "inputs/team/", "--json")

        (request,) = ended.document["requests"]
        assert request["input_location"] == f"s3://{BUCKET}/inputs/team/9.csv"

    def test_shows_what_a_model_wrote_as_it_is(self, relayctl: Commands) -> None:
        assert "the model [bold]died" in relayctl("list", *SINCE).out

    def test_names_what_a_failure_was_resubmitted_as(
        self, deployment: FakeDeployment, relayctl: Commands
    ) -> None:
        again = request_id_of_resubmission(f"{0:032x}")
        repeated = samples.attempt(again, request_id=again, resubmission_of=f"{0:032x}")
        assert "resubmitted as" not in relayctl("list", *SINCE).out
        deployment.search.ledger.claim([repeated])

        counted = relayctl("count", *SINCE)
        assert "1 of these were resubmitted" in counted.err
        assert relayctl("count", *SINCE, "--json").document["resubmitted"] == 1
        header, line = relayctl(
            "list", *SINCE, "--reason", "row 1", "--limit", "1"
        ).out.splitlines()

        assert header.split()[-2:] == ["resubmitted", "as"]
        assert line.split()[-1] == again

    def test_says_that_there_are_more(self, relayctl: Commands) -> None:
        ended = relayctl("list", *SINCE, "--limit", "2")

        assert len(ended.out.splitlines()) == 3
        assert "more than 2" in ended.err

    def test_says_that_there_is_none(self, relayctl: Commands) -> None:
        ended = relayctl("list", *SINCE, "--state", "expired")

        assert ended.exit == 0
        assert "no request" in ended.err

    @pytest.mark.parametrize(
        ("options", "named"),
        [
            (("--since", "yesterday"), "--since is 'yesterday'; write an age such as 10m"),
            (("--since", "999999w"), "--since is '999999w'; write an age such as 10m"),
            (("--until", "9999-12-31T23:59-14:00"), "--until is '9999-12-31T23:59-14:00'"),
            (("--since", "1h", "--until", "2h"), "--since 1h is not before --until 2h"),
        ],
    )
    def test_refuses_times_that_select_nothing(
        self, relayctl: Commands, options: tuple[str, ...], named: str
    ) -> None:
        ended = relayctl("list", *options)

        assert ended.exit == 2
        assert named in " ".join(ended.err.split())


def test_a_state_that_is_none_is_refused_in_words(relayctl: Commands) -> None:
    ended = relayctl("list", "--state", "nope")

    assert ended.exit == 2
    assert "Value error" not in ended.err
    assert "Invalid value for '--state': 'nope' is not one of" in ended.err
