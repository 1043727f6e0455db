"""The status of an input: its requests, or why it has none, and what to do."""

from datetime import timedelta
from typing import Any

import pytest
from relay.errors import AccessDenied
from relay.ids import attempt_id
from relay.model import Attempt, AttemptState, Closing, Held, Holding, Outcome
from relay.reconcile.listing import LIST_SECONDS, Position
from relay.reconcile.status_of_input import InputQuestion
from relay.s3uri import S3Uri

from tests.support import samples
from tests.support.pipeline.reconciling import Search
from tests.support.samples import BUCKET, NOON, Json

KEY = "inputs/größe 1+1.csv"
LOCATION = S3Uri(BUCKET, KEY)
FIRST, SECOND, THIRD = (f"{number:032x}" for number in (1, 2, 3))
HOUR = timedelta(hours=1)


class Inputs(Search):
    """Reconcile at noon, and an object that was uploaded so many minutes before."""

    def upload(self, minutes: float, location: S3Uri = LOCATION) -> None:
        self.storage.locations.add(str(location))
        self.storage.modified[str(location)] = self.clock.now() - timedelta(minutes=minutes)

    def submit(self, inference_id: str, minutes: float, **changes: Any) -> Attempt:
        at = self.clock.now() - timedelta(minutes=minutes)
        members = {"submitted_at": at, "due_at": at + 7 * HOUR, "location": LOCATION, **changes}
        attempt = samples.attempt(inference_id, **members)
        self.ledger.claim([attempt])
        return attempt

    def close(self, attempt: Attempt, state: AttemptState, **changes: Any) -> None:
        self.ledger.close([Closing(attempt, state, self.clock.now(), **changes)])

    def ask(self, seconds: float = 40, **members: Any) -> Json:
        self.begin(seconds)
        answer: Json = self.questions(InputQuestion(**{"location": LOCATION, **members}))
        return answer


@pytest.fixture
def inputs() -> Inputs:
    return Inputs()


def ids(answer: Json) -> list[str]:
    return [each["request_id"] for each in answer["requests"]]


class TestARequest:
    def test_is_found_by_its_input_with_the_state_and_what_to_do(self, inputs: Inputs) -> None:
        inputs.upload(minutes=3)
        inputs.submit(FIRST, minutes=2)

        answer = inputs.ask()

        assert {**answer, "requests": ids(answer)} == {
            "input_location": f"s3://{BUCKET}/{KEY}",
            "state": "submitted",
            "next_step": (
                "wait: SageMaker or reconcile ends the attempt by 2026-11-20 18:58 UTC; meanwhile "
                'check whether the endpoint has an instance ({"action": "describe"} of provision)'
            ),
            "uploaded_at": "2026-11-20T11:57:00+00:00",
            "requests": [FIRST],
        }

    def test_that_failed_has_its_reason_at_the_top(self, inputs: Inputs) -> None:
        inputs.upload(minutes=3)
        attempt = inputs.submit(FIRST, minutes=2)
        inputs.close(attempt, AttemptState.FAILED, reason="row 1 has 3 values")

        answer = inputs.ask()

        assert (answer["state"], answer["reason"]) == ("failed", "row 1 has 3 values")
        assert answer["next_step"].startswith("correct what the reason names")

    def test_that_completed_at_the_second_attempt_has_no_reason_at_the_top(
        self, inputs: Inputs
    ) -> None:
        attempt = inputs.submit(FIRST, minutes=20)
        inputs.close(attempt, AttemptState.RETRIED, reason="server error")
        again = inputs.submit(attempt_id(FIRST, 2), minutes=10, request_id=FIRST, number=2)
        inputs.close(again, AttemptState.COMPLETED, delivered=("completed",))

        answer = inputs.ask()

        assert answer["state"] == "completed"
        assert "reason" not in answer
        assert answer["next_step"] == f"read the output at {again.output_location}"
        assert [each.get("reason") for each in answer["requests"][0]["attempts"]] == [
            "server error",
            None,
        ]

    def test_that_is_held_names_the_routes_to_check(self, inputs: Inputs) -> None:
        attempt = inputs.submit(FIRST, minutes=20)
        held = Held(Outcome.COMPLETED, delivered=("archive",), missing=("team", "ops"))
        inputs.ledger.hold([Holding(attempt, held)])

        answer = inputs.ask()

        assert answer["state"] == "held"
        assert "the routes team, ops;" in answer["next_step"]

    def test_of_another_input_is_not_found(self, inputs: Inputs) -> None:
        """Also one whose key begins with this key."""
        inputs.submit(FIRST, minutes=2, location=S3Uri(BUCKET, f"{KEY}.bak"))

        assert ids(inputs.ask()) == []

    def test_is_found_where_its_object_is_deleted(self, inputs: Inputs) -> None:
        inputs.submit(FIRST, minutes=60)

        answer = inputs.ask()

        assert ids(answer) == [FIRST]
        assert "uploaded_at" not in answer

    def test_of_a_call_for_an_object_outside_of_the_inputs_is_found(self, inputs: Inputs) -> None:
        elsewhere = S3Uri(BUCKET, "elsewhere/a.csv")
        attempt = inputs.submit(FIRST, minutes=1, location=elsewhere)
        inputs.close(attempt, AttemptState.REJECTED, reason="input location is not under …")

        answer = inputs.ask(location=elsewhere)

        assert (answer["state"], ids(answer)) == ("rejected", [FIRST])


class TestSeveralRequests:
    def test_of_a_day_are_answered_the_newest_first(self, inputs: Inputs) -> None:
        inputs.upload(minutes=5)
        for request_id, minutes in ((FIRST, 23 * 60), (THIRD, 4), (SECOND, 60)):
            inputs.submit(request_id, minutes)

        assert ids(inputs.ask()) == [THIRD, SECOND, FIRST]

    def test_of_an_old_upload_are_found_from_the_upload_on(self, inputs: Inputs) -> None:
        inputs.upload(minutes=20 * 24 * 60)
        inputs.submit(FIRST, minutes=25 * 24 * 60)  # an earlier upload
        # The clock of submit is a minute behind.
        inputs.submit(SECOND, minutes=20 * 24 * 60 + 1)
        inputs.submit(THIRD, minutes=60)

        assert ids(inputs.ask()) == [THIRD, SECOND]
        since = NOON - timedelta(days=26)
        assert ids(inputs.ask(since=since)) == [THIRD, SECOND, FIRST]

    def test_are_answered_in_parts_where_time_runs_out(self, inputs: Inputs) -> None:
        inputs.upload(minutes=5)
        inputs.submit(FIRST, minutes=23 * 60)
        inputs.submit(SECOND, minutes=60)
        found: list[str] = []
        start: Position | None = None
        parts = 0

        while parts == 0 or start is not None:
            answer = inputs.ask(seconds=LIST_SECONDS, start=start)
            found += ids(answer)
            start = Position.parse(answer["next"]) if "next" in answer else None
            parts += 1

        assert found == [FIRST, SECOND]
        assert parts > 2

    def test_that_are_not_found_yet_are_unknown(self, inputs: Inputs) -> None:
        inputs.upload(minutes=5)

        answer = inputs.ask(seconds=LIST_SECONDS)

        assert answer["state"] == "unknown"
        assert answer["next_step"].startswith("repeat the call with next")
        assert "next" in answer


class TestAnInputWithoutARequest:
    @pytest.mark.parametrize(
        ("minutes", "reason", "step"),
        [
            (1, "object was uploaded at 2026-11-20 11:59:00 UTC, and no", "ask again in some"),
            (
                60,
                "object was uploaded at 2026-11-20 11:00:00 UTC, and no request of it was "
                "submitted since 2026-11-19 12:00 UTC",
                "look for its message in SubmitDeadLetterQueue",
            ),
            (
                3 * 24 * 60,
                "object was uploaded at 2026-11-17 12:00:00 UTC, and no request of it was "
                "submitted since 2026-11-17 11:55 UTC",
                "look for its message in SubmitDeadLetterQueue",
            ),
        ],
    )
    def test_exists(self, inputs: Inputs, minutes: float, reason: str, step: str) -> None:
        inputs.upload(minutes)

        answer = inputs.ask()

        assert (answer["state"], answer["requests"]) == ("not_submitted", [])
        assert answer["reason"].startswith(reason)
        assert answer["next_step"].startswith(step)

    def test_is_the_marker_of_a_folder(self, inputs: Inputs) -> None:
        folder = S3Uri(BUCKET, "inputs/orders/")
        inputs.upload(60, folder)
        inputs.storage.sizes[str(folder)] = 0

        answer = inputs.ask(location=folder)

        assert answer["state"] == "not_submitted"
        assert "the marker of a folder" in answer["reason"]

    def test_does_not_exist(self, inputs: Inputs) -> None:
        answer = inputs.ask()

        assert answer["state"] == "no_object"
        assert answer["reason"] == (
            "object does not exist, and no request of it was submitted since 2026-11-19 12:00 UTC"
        )
        assert "letter case counts" in answer["next_step"]

    def test_does_not_exist_but_one_does_whose_key_begins_so(self, inputs: Inputs) -> None:
        inputs.upload(60, S3Uri(BUCKET, f"{KEY}.gz"))

        answer = inputs.ask()

        assert answer["state"] == "no_object"
        assert f"the first key that begins so is {KEY}.gz;" in answer["next_step"]
        assert "uploaded_at" not in answer

    @pytest.mark.parametrize(
        "location", [S3Uri("another-bucket", KEY), S3Uri(BUCKET, "input/a.csv")]
    )
    def test_is_not_under_the_inputs_where_the_role_may_not_look(
        self, inputs: Inputs, location: S3Uri
    ) -> None:
        inputs.storage.trouble = AccessDenied("list")

        answer = inputs.ask(location=location)

        assert answer["state"] == "not_an_input"
        assert answer["reason"].startswith(f"input location is not under s3://{BUCKET}/inputs/")

    def test_is_not_said_to_be_absent_where_the_bucket_cannot_be_listed(
        self, inputs: Inputs
    ) -> None:
        inputs.storage.trouble = AccessDenied("not authorized to list")

        with pytest.raises(AccessDenied, match="not authorized to list"):
            inputs.ask()
