"""`relayctl resubmit`."""

import pytest
from relay.ids import request_id_of_resubmission
from relay.model import Attempt, AttemptState
from relay.s3uri import S3Uri

from relayctl.errors import RelayctlError
from tests.support.relayctl.commands import Commands, Ended, words
from tests.support.relayctl.requests import SubmittingDeployment, refusal
from tests.support.samples import BUCKET, NOON

SINCE = ("--since", NOON.isoformat())
ALL = ("resubmit", *SINCE, "--yes", "--json")


@pytest.fixture(autouse=True)
def requests(deployment: SubmittingDeployment) -> None:
    """Three failures, an expired, a completed and an open request."""
    deployment.search.clock.advance(1)
    for name in ("a.csv", "b.csv", "c.csv", "late.csv", "good.csv", "open.csv"):
        deployment.buckets.objects[BUCKET, f"inputs/{name}"] = b"1"
        deployment.upload(S3Uri(BUCKET, f"inputs/{name}"), name)
    for name in ("a.csv", "b.csv", "c.csv"):
        deployment.fail(name, f"ClientError: {name[0]}")
    deployment.end(one(deployment, "late.csv"), AttemptState.EXPIRED, "no notification")
    deployment.complete("good.csv", b"1")
    deployment.search.clock.advance(60)


def one(deployment: SubmittingDeployment, name: str) -> Attempt:
    return next(each for each in deployment.attempts_of(name) if not each.resubmission_of)


def invoked(deployment: SubmittingDeployment) -> list[str]:
    """The names of the inputs that were submitted again, in order."""
    found = [each.request.location for each in deployment.endpoint.invocations]
    return sorted(each.key.removeprefix("inputs/") for each in found if each)


def left_out(ended: Ended) -> dict[str, str]:
    return {each["name"]: each["left_out"] for each in ended.document["left_out"]}


class TestASelection:
    def test_is_of_failed_requests_and_each_new_one_names_the_old_one(
        self, deployment: SubmittingDeployment, relayctl: Commands
    ) -> None:
        ended = relayctl(*ALL)

        assert ended.exit == 0
        assert invoked(deployment) == ["a.csv", "b.csv", "c.csv"]
        first = one(deployment, "a.csv").request_id
        again = request_id_of_resubmission(first)
        (found,) = (
            each for each in ended.document["resubmitted"] if each["resubmission_of"] == first
        )
        assert (found["request_id"], found["status"]) == (again, "submitted")
        assert deployment.search.ledger.items[again].resubmission_of == first

    def test_repeated_does_nothing_twice(
        self, deployment: SubmittingDeployment, relayctl: Commands
    ) -> None:
        relayctl(*ALL)
        ended = relayctl(*ALL)

        assert ended.exit == 0
        assert len(deployment.endpoint.invocations) == 3
        assert ended.document["resubmitted"] == []
        assert all("was resubmitted as" in text for text in left_out(ended).values())

    def test_says_which_inputs_were_uploaded_again(
        self, deployment: SubmittingDeployment, relayctl: Commands
    ) -> None:
        """A corrected upload is a request already, and its input would be inferred twice."""
        unchanged = relayctl("resubmit", *SINCE, "--reason", ": b", "--yes")
        deployment.buckets.modified_at["inputs/a.csv"] = deployment.search.clock.now()
        changed = relayctl("resubmit", *SINCE, "--reason", ": a", "--yes")

        assert "uploaded again" not in words(unchanged.err)
        assert "the inputs of 1 request were uploaded again since" in words(changed.err)
        assert invoked(deployment) == ["a.csv", "b.csv"]

    def test_counts_what_was_resubmitted_before(
        self, relayctl: Commands, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        relayctl(*ALL)
        few = relayctl("resubmit", *SINCE, "--yes")
        monkeypatch.setattr("relayctl.requests.resubmit._SHOWN", 2)
        many = relayctl("resubmit", *SINCE, "--yes")

        assert words(few.out).count("left out s3://") == 3
        assert "left out 3 requests: resubmitted before" in words(many.out)

    def test_takes_what_failed_again(
        self, deployment: SubmittingDeployment, relayctl: Commands
    ) -> None:
        relayctl(*ALL)
        deployment.fail("a.csv", "ClientError: still")
        deployment.search.clock.advance(60)

        ended = relayctl(*ALL)

        second = request_id_of_resubmission(one(deployment, "a.csv").request_id)
        assert [each["resubmission_of"] for each in ended.document["resubmitted"]] == [second]

    def test_is_narrowed_as_a_list_is(
        self, deployment: SubmittingDeployment, relayctl: Commands
    ) -> None:
        options = (
            "--state",
            "failed",
            "--state",
            "expired",
            "--reason",
            "notif",
            "--reason",
            ": b",
        )

        ended = relayctl(*ALL, *options)

        assert ended.exit == 0
        assert invoked(deployment) == ["b.csv", "late.csv"]

    def test_says_what_it_would_do_and_asks(
        self, deployment: SubmittingDeployment, relayctl: Commands
    ) -> None:
        ended = relayctl("resubmit", *SINCE)

        assert ended.exit == 2
        assert "Resubmit 3 requests?" in ended.err
        assert "ClientError: a" in ended.out
        assert deployment.endpoint.invocations == []

    def test_of_nothing_says_so(self, relayctl: Commands) -> None:
        ended = relayctl("resubmit", *SINCE, "--prefix", "inputs/other/")

        assert ended.exit == 0
        assert "no request to resubmit" in ended.err

    def test_of_other_states_needs_force(
        self, deployment: SubmittingDeployment, relayctl: Commands
    ) -> None:
        refused = relayctl(*ALL, "--state", "completed")
        forced = relayctl(*ALL, "--state", "completed", "--force")

        assert refused.exit == 2
        assert "--state completed needs --force" in words(refused.err)
        assert forced.exit == 0
        assert invoked(deployment) == ["good.csv"]

    def test_leaves_out_inputs_that_are_gone(
        self, deployment: SubmittingDeployment, relayctl: Commands
    ) -> None:
        del deployment.buckets.objects[BUCKET, "inputs/b.csv"]

        ended = relayctl(*ALL)

        assert ended.exit == 1
        assert invoked(deployment) == ["a.csv", "c.csv"]
        (text,) = left_out(ended).values()
        assert text.startswith("the input does not exist any more")

    def test_ends_if_s3_does_not_say_whether_an_input_exists(
        self, deployment: SubmittingDeployment, relayctl: Commands
    ) -> None:
        deployment.buckets.refused["inputs/b.csv"] = refusal("AccessDenied", "HeadObject")

        ended = relayctl(*ALL)

        assert ended.exit == 3
        assert deployment.endpoint.invocations == []


class TestNamedRequests:
    def test_are_ids_keys_or_locations(
        self, deployment: SubmittingDeployment, relayctl: Commands
    ) -> None:
        names = (one(deployment, "a.csv").request_id, f"s3://{BUCKET}/inputs/b.csv")

        ended = relayctl("resubmit", *names, "inputs/late.csv", "--yes", "--json")

        assert ended.exit == 0
        assert invoked(deployment) == ["a.csv", "b.csv", "late.csv"]

    def test_that_failed_again_are_followed_to_the_last(
        self, deployment: SubmittingDeployment, relayctl: Commands
    ) -> None:
        first = one(deployment, "a.csv").request_id
        again = ("resubmit", first, "--yes", "--json")
        relayctl(*again)
        waiting = relayctl(*again)
        deployment.fail("a.csv", "ClientError: still")

        ended = relayctl(*again)

        assert waiting.exit == 0
        assert "which is submitted" in left_out(waiting)[first]
        second = request_id_of_resubmission(first)
        assert ended.document["resubmitted"][0]["resubmission_of"] == second
        assert len(deployment.endpoint.invocations) == 2

    @pytest.mark.parametrize(
        ("name", "why"),
        [
            ("inputs/good.csv", "is completed: only requests that are failed, expired, rejected"),
            ("inputs/open.csv", "is submitted: only requests that are"),
            ("inputs/absent.csv", "object does not exist"),
            ("f" * 32, "no attempt has this id"),
        ],
    )
    def test_that_cannot_be_resubmitted_are_left_out_in_words(
        self, deployment: SubmittingDeployment, relayctl: Commands, name: str, why: str
    ) -> None:
        ended = relayctl("resubmit", name, "inputs/a.csv", "--yes", "--json")

        assert ended.exit == 1
        assert why in left_out(ended)[name]
        assert invoked(deployment) == ["a.csv"]

    def test_that_completed_are_resubmitted_by_force(
        self, deployment: SubmittingDeployment, relayctl: Commands
    ) -> None:
        assert relayctl("resubmit", "inputs/good.csv", "--yes", "--force").exit == 0
        assert invoked(deployment) == ["good.csv"]

    def test_with_a_content_type_are_sent_with_it(
        self, deployment: SubmittingDeployment, relayctl: Commands
    ) -> None:
        relayctl("resubmit", "inputs/a.csv", "--yes", "--content-type", "application/json")

        (submission,) = deployment.endpoint.invocations
        assert submission.request.content_type == "application/json"

    def test_and_options_contradict_each_other(self, relayctl: Commands) -> None:
        ended = relayctl("resubmit", "inputs/a.csv", "--state", "failed")

        assert ended.exit == 2
        assert "not both" in words(ended.err)


class TestAnInterruption:
    @pytest.fixture(autouse=True)
    def batches(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Every call of submit has one request."""
        monkeypatch.setattr("relayctl.requests.resubmit._BATCH", 1)

    def fails_once(self, deployment: SubmittingDeployment, error: BaseException, nth: int) -> None:
        """Let the n-th call of submit fail after it has had its effect."""
        submit = deployment.functions_answer["SubmitFunctionName"]

        def call(request: object) -> dict[str, object]:
            answer = submit(request)  # type: ignore[arg-type]
            if deployment.calls == nth:
                raise error
            return answer

        deployment.functions_answer["SubmitFunctionName"] = call

    @pytest.mark.parametrize(
        ("error", "exit"), [(KeyboardInterrupt(), 130), (RelayctlError("submit: failed"), 3)]
    )
    def test_says_what_was_done_and_the_repetition_does_the_rest(
        self,
        deployment: SubmittingDeployment,
        relayctl: Commands,
        error: BaseException,
        exit: int,
    ) -> None:
        self.fails_once(deployment, error, nth=2)

        broken_off = relayctl(*ALL)
        ended = relayctl(*ALL)

        assert broken_off.exit == exit
        assert len(broken_off.document["resubmitted"]) == 1
        assert "2 requests are left: run the command again" in words(broken_off.err)
        assert ended.exit == 0
        assert invoked(deployment) == ["a.csv", "b.csv", "c.csv"]

    def test_that_passes_is_waited_for(
        self, deployment: SubmittingDeployment, relayctl: Commands
    ) -> None:
        text = "relay-submit: 1 of 1 deliveries were not processed: timed out"
        self.fails_once(deployment, RelayctlError(text), nth=2)

        ended = relayctl(*ALL)

        assert ended.exit == 0
        assert invoked(deployment) == ["a.csv", "b.csv", "c.csv"]
        statuses = [each["status"] for each in ended.document["resubmitted"]]
        assert statuses == ["submitted", "duplicate", "submitted"]


def test_a_person_reads_which_request_is_which(
    deployment: SubmittingDeployment, relayctl: Commands
) -> None:
    ended = relayctl("resubmit", "inputs/a.csv", "inputs/good.csv", "--yes")

    first = one(deployment, "a.csv").request_id
    assert f"{first} {request_id_of_resubmission(first)} submitted s3://" in words(ended.out)
    assert "left out inputs/good.csv: is completed" in words(ended.out)
    assert "1 submitted; follow them with relayctl tail" in words(ended.out)
