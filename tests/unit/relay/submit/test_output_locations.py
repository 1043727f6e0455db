"""Where outputs go: predicted, learnt from the first answer, and never beyond the outputs."""

import pytest
from relay.delivery.report import Count, Level
from relay.model import AttemptState
from relay.s3uri import S3Uri
from relay.submit.output_locations import OutputLocations

from tests.support import samples
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.pipeline.submitting import logged, upload
from tests.support.sagemaker.output_names import OutputNames
from tests.support.samples import BUCKET, INPUT_FOLDERS, OUTPUTS

PATH = f"s3://{BUCKET}/outputs"
TEAM = f"{PATH}/team-a"
MIRROR = {"MIRROR_INPUT_FOLDERS": "true"}
KEYS = ("inputs/a.csv", "inputs/orders/b.csv", "inputs/orders/2026/c.csv", "inputs/x/d.csv")

# What SageMaker may make of the names that it is given.
NAMES = [
    OutputNames(),
    OutputNames(suffix=""),
    OutputNames(clean=True),
    OutputNames(joint=""),
    OutputNames(TEAM),
    OutputNames(TEAM, joint=""),
    OutputNames(f"{TEAM}/", joint=""),
    OutputNames(f"{TEAM}/", clean=True),
    OutputNames(ignores=frozenset({"S3OutputPathExtension"})),
    OutputNames(TEAM, ignores=frozenset({"S3OutputPathExtension"})),
]


def writes_of_locations(pipeline: FakePipeline) -> int:
    return pipeline.faults.steps.count("ledger.renew")


def submit_one_by_one(pipeline: FakePipeline, keys: tuple[str, ...]) -> list[str]:
    ids = upload(pipeline, *keys)
    for _ in keys:
        pipeline.deliver_to_submit(limit=1)
    return ids


@pytest.mark.parametrize("names", NAMES, ids=str)
def test_the_first_answer_shows_where_all_outputs_are_written(names: OutputNames) -> None:
    pipeline = FakePipeline()
    pipeline.endpoint.names = names

    ids = submit_one_by_one(pipeline, KEYS)

    assert writes_of_locations(pipeline) <= 1
    for submission, request_id in zip(pipeline.endpoint.invocations, ids, strict=True):
        assert submission.extension == ""
        assert pipeline.ledger.items[request_id].output_location == names.location(submission)


@pytest.mark.parametrize("names", NAMES, ids=str)
def test_folders_are_mirrored_below_the_outputs_however_sagemaker_appends_them(
    names: OutputNames,
) -> None:
    pipeline = FakePipeline(submit=MIRROR)
    pipeline.endpoint.names = names

    ids = submit_one_by_one(pipeline, KEYS + tuple(f"inputs/y/{n}.csv" for n in range(10)))

    # The suffix and the base, then how an extension is appended, then without a second slash.
    assert writes_of_locations(pipeline) <= 3
    for submission, request_id in zip(pipeline.endpoint.invocations, ids, strict=True):
        location = names.location(submission)
        assert OUTPUTS.contains(S3Uri.parse(location))
        assert pipeline.ledger.items[request_id].output_location == location
        assert names.ignores or submission.extension.strip("/") in location
    last = pipeline.ledger.items[ids[-1]].output_location or ""
    assert names.path.endswith("/") or "//" not in last.removeprefix("s3://")


def test_a_learnt_location_holds_for_the_next_claims_of_the_same_invocation() -> None:
    """25 claims are made before the first of them is answered."""
    pipeline = FakePipeline()
    pipeline.endpoint.names = OutputNames(TEAM)
    upload(pipeline, *(f"inputs/{number}.csv" for number in range(100)))

    pipeline.deliver_to_submit()

    assert writes_of_locations(pipeline) == 25


def test_an_endpoint_that_moves_its_outputs_is_followed() -> None:
    pipeline = FakePipeline()
    pipeline.endpoint.names = OutputNames(TEAM)
    submit_one_by_one(pipeline, KEYS)
    pipeline.endpoint.names = OutputNames(f"{PATH}/team-b", suffix="")

    ids = submit_one_by_one(pipeline, tuple(f"inputs/{number}.csv" for number in range(5)))

    assert writes_of_locations(pipeline) == 2
    assert pipeline.ledger.items[ids[-1]].output_location == f"{PATH}/team-b/{ids[-1]}"


class TestAFilenameThatIsIgnored:
    def test_costs_a_write_for_each_request_so_that_reconcile_finds_the_output(self) -> None:
        pipeline = FakePipeline()
        pipeline.endpoint.names = OutputNames(ignores=frozenset({"Filename"}))

        ids = submit_one_by_one(pipeline, KEYS)

        assert writes_of_locations(pipeline) == len(KEYS)
        for request_id in ids:
            location = pipeline.ledger.items[request_id].output_location or ""
            assert request_id not in location
            assert location.endswith(".out")

    def test_is_logged_once_in_an_execution_environment(self) -> None:
        pipeline = FakePipeline()
        pipeline.endpoint.names = OutputNames(ignores=frozenset({"Filename"}))
        upload(pipeline, *KEYS)

        reports = [pipeline.deliver_to_submit(limit=2) for _ in range(2)]

        texts = [logged(report, Level.INFO) for report in reports]
        assert [len(text) for text in texts] == [1, 0]
        assert "SageMaker ignores Filename" in texts[0][0]

    def test_keeps_what_was_learnt(self) -> None:
        locations = OutputLocations(OUTPUTS, INPUT_FOLDERS, mirror=False)
        locations.learn("a" * 32, "", f"{TEAM}/{'a' * 32}.out")

        assert not locations.learn("b" * 32, "", f"{TEAM}/0c6e5d2a-7b41.out")

        assert locations.predict("c" * 32, "") == f"{TEAM}/{'c' * 32}.out"


@pytest.mark.parametrize("member", ["Filename", "S3OutputPathExtension"])
def test_a_member_that_is_refused_is_counted_and_logged_once(member: str) -> None:
    pipeline = FakePipeline(submit=MIRROR)
    pipeline.endpoint.names = OutputNames()
    pipeline.endpoint.refuses = frozenset({member})
    upload(pipeline, *KEYS)

    reports = [pipeline.deliver_to_submit(limit=2) for _ in range(2)]

    assert [report.counts[Count.OPTION_REFUSED] for report in reports] == [1, 0]
    assert [len(logged(report, Level.WARNING)) for report in reports] == [1, 0]
    assert member in logged(reports[0], Level.WARNING)[0]
    asked = [submission.extension for submission in pipeline.endpoint.invocations]
    assert ("/x" in asked) is (member == "Filename")


class TestAnOutputBesideTheOutputs:
    """The endpoint's role has no permission to write there, and reconcile's none to list."""

    BESIDE = f"s3://{BUCKET}/outputs-of-others"

    def test_is_not_recorded(self) -> None:
        pipeline = FakePipeline()
        pipeline.endpoint.names = OutputNames(self.BESIDE)

        first, *_ = ids = submit_one_by_one(pipeline, KEYS)

        assert writes_of_locations(pipeline) == 0
        assert pipeline.ledger.items[first].output_location == f"{OUTPUTS}{first}"
        assert set(pipeline.ledger.states.values()) == {AttemptState.OPEN}
        assert pipeline.endpoint.invoked == ids

    def test_is_logged_once(self) -> None:
        pipeline = FakePipeline()
        pipeline.endpoint.names = OutputNames(self.BESIDE)
        upload(pipeline, *KEYS)

        reports = [pipeline.deliver_to_submit(limit=2) for _ in range(2)]

        errors = [logged(report, Level.ERROR) for report in reports]
        assert errors == [[f"output location {self.BESIDE}/ is not under {OUTPUTS}"], []]

    def test_ends_the_mirroring_that_may_have_led_there(self) -> None:
        """Such as an extension for which SageMaker leaves the slash out."""
        pipeline = FakePipeline(submit=MIRROR)
        pipeline.endpoint.names = OutputNames(self.BESIDE)
        submit_one_by_one(pipeline, ("inputs/orders/a.csv", "inputs/orders/b.csv"))

        asked = [submission.extension for submission in pipeline.endpoint.invocations]

        assert asked == ["/orders", ""]

    def test_of_another_bucket_or_by_a_way_around_is_none_of_ours(self) -> None:
        locations = OutputLocations(OUTPUTS, INPUT_FOLDERS, mirror=False)

        for location in ("s3://thief/outputs/a.out", f"{OUTPUTS}../inputs/a.out"):
            assert not locations.contains(location)


def test_a_folder_named_like_a_part_of_the_path_is_distinguished_in_the_end() -> None:
    """`team` is the end of `my-team`, into which SageMaker writes without looking at extensions."""
    pipeline = FakePipeline(submit=MIRROR)
    pipeline.endpoint.names = OutputNames(
        f"{PATH}/my-team", ignores=frozenset({"S3OutputPathExtension"})
    )

    keys = ("inputs/team/a.csv", "inputs/b/b.csv", "inputs/team/c.csv", "inputs/c/d.csv")
    submit_one_by_one(pipeline, keys)

    assert writes_of_locations(pipeline) == 2


def test_a_direct_call_is_answered_with_the_learnt_location() -> None:
    pipeline = FakePipeline()
    pipeline.endpoint.names = OutputNames(TEAM)
    call = {"input_location": f"s3://{BUCKET}/inputs/a.csv", "request_id": "order-17"}

    (answer,) = pipeline.call_submit(call).answers

    assert answer.output_location is not None
    assert answer.output_location.startswith(f"{TEAM}/")
    assert samples.OUTPUTS.contains(S3Uri.parse(answer.output_location))
