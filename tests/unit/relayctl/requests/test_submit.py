"""`relayctl submit`."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from relay.ids import request_id_of_caller
from relay.model import AttemptState
from relay.submit.limits import MAX_OBJECT_BYTES

from tests.support.relayctl.commands import Commands, words
from tests.support.relayctl.requests import SubmittingDeployment, refusal
from tests.support.samples import BUCKET
from tests.unit.relayctl.requests.conftest import Waits


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.csv", "b.json", "deep/c.csv", ".hidden", "deep/.d.csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"content of {name}")
    return tmp_path


def keys(deployment: SubmittingDeployment) -> set[str]:
    return {key.removeprefix("inputs/") for _, key in deployment.buckets.objects}


class TestFiles:
    def test_are_uploaded_under_the_first_prefix(
        self, deployment: SubmittingDeployment, relayctl: Commands, folder: Path
    ) -> None:
        ended = relayctl("submit", str(folder / "a.csv"), str(folder / "b.json"), "--json")

        assert ended.exit == 0
        assert keys(deployment) == {"a.csv", "b.json"}
        assert deployment.buckets.objects[BUCKET, "inputs/a.csv"] == b"content of a.csv"
        locations = {each["input_location"] for each in ended.document["uploaded"]}
        assert locations == {f"s3://{BUCKET}/inputs/a.csv", f"s3://{BUCKET}/inputs/b.json"}
        assert deployment.buckets.content_types["inputs/b.json"] == "application/json"

    def test_of_a_directory_keep_their_paths_and_hidden_ones_stay(
        self, deployment: SubmittingDeployment, relayctl: Commands, folder: Path
    ) -> None:
        relayctl("submit", str(folder), "--prefix", "inputs/team")

        assert keys(deployment) == {"team/a.csv", "team/b.json", "team/deep/c.csv"}

    def test_are_uploaded_under_a_prefix_that_stands_behind_a_comma_and_a_space(
        self, deployment: SubmittingDeployment, relayctl: Commands, folder: Path
    ) -> None:
        deployment.__dict__["parameters"]["InputPrefixes"] = "inputs/ , orders/"

        relayctl("submit", str(folder / "a.csv"), "--prefix", "orders/")

        assert keys(deployment) == {"orders/a.csv"}

    def test_may_be_a_pattern_that_no_shell_has_expanded(
        self, deployment: SubmittingDeployment, relayctl: Commands, folder: Path
    ) -> None:
        relayctl("submit", str(folder / "**/*.csv"))

        assert keys(deployment) == {"a.csv", "c.csv"}

    def test_that_are_named_twice_are_uploaded_once(
        self, deployment: SubmittingDeployment, relayctl: Commands, folder: Path
    ) -> None:
        ended = relayctl("submit", str(folder), str(folder / "a.csv"), "--json")

        assert len(ended.document["uploaded"]) == 3

    def test_that_s3_does_not_take_stop_no_other(
        self, deployment: SubmittingDeployment, relayctl: Commands, folder: Path
    ) -> None:
        deployment.buckets.refused["inputs/b.json"] = refusal("AccessDenied")

        ended = relayctl("submit", str(folder))

        assert ended.exit == 1
        assert keys(deployment) == {"a.csv", "deep/c.csv"}
        assert "b.json was not uploaded: An error occurred (AccessDenied)" in words(ended.err)

    def test_of_which_s3_takes_none_end_in_its_error(
        self, deployment: SubmittingDeployment, relayctl: Commands, folder: Path
    ) -> None:
        deployment.buckets.refused["inputs/a.csv"] = refusal("AccessDenied")

        ended = relayctl("submit", str(folder / "a.csv"))

        assert ended.exit == 3
        assert "--help lists the permissions" in words(ended.err)

    def test_that_are_interrupted_say_how_many_are_requests(
        self, deployment: SubmittingDeployment, relayctl: Commands, folder: Path
    ) -> None:
        deployment.buckets.refused["inputs/a.csv"] = KeyboardInterrupt()
        deployment.buckets.endless = {"inputs/b.json"}

        ended = relayctl("submit", str(folder / "a.csv"), str(folder / "b.json"))

        assert ended.exit == 130
        assert "0 of 2 files were uploaded" in ended.err
        assert deployment.buckets.objects == {}

    def test_that_are_interrupted_while_they_begin_are_broken_off(
        self,
        deployment: SubmittingDeployment,
        relayctl: Commands,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        deployment.buckets.endless = {"inputs/a.csv"}
        submit = ThreadPoolExecutor.submit
        begun: list[object] = []

        def interrupted(self: ThreadPoolExecutor, *work: Any) -> Any:
            if begun:
                raise KeyboardInterrupt
            begun.append(work)
            return submit(self, *work)

        monkeypatch.setattr(ThreadPoolExecutor, "submit", interrupted)
        # The test ends also where the upload is not broken off.
        timer = Timer(20, deployment.buckets.endless.clear)
        timer.start()
        ended = relayctl("submit", str(folder / "a.csv"), str(folder / "b.json"))
        timer.cancel()

        assert ended.exit == 130
        assert "0 of 2 files were uploaded" in words(ended.err)
        assert deployment.buckets.objects == {}

    def test_of_a_prefix_with_another_content_type_are_noted(
        self, relayctl: Commands, folder: Path
    ) -> None:
        options = ("--prefix", "inputs/json/", "--content-type", "text/plain")

        ended = relayctl("submit", str(folder / "a.csv"), *options)

        assert "the model gets application/json" in words(ended.err)

    def test_that_are_very_many_are_asked_about(
        self, relayctl: Commands, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("relayctl.requests.submit._MANY", 2)

        ended = relayctl("submit", str(folder))

        assert ended.exit == 2
        assert "Upload 3 files" in ended.err
        assert relayctl("submit", str(folder), "--yes").exit == 0


class TestWhatIsNoInput:
    @pytest.mark.parametrize(
        ("arguments", "problem"),
        [
            ((), "no input: name files or directories, or set --body"),
            (("absent.csv",), "absent.csv does not exist"),
            (("absent*.csv",), "absent*.csv matches no file"),
            (("empty.csv",), "empty.csv: file is empty: there is nothing to infer; nothing was"),
            (("nothing",), "nothing has no file"),
            (("a.csv", "deep/a.csv"), "a.csv and deep/a.csv both become inputs/a.csv"),
            (("a.csv", "--prefix", "outputs/"), "--prefix outputs/ is not under s3://"),
            (("huge.csv",), "huge.csv: input has 1,073,741,825 bytes and SageMaker accepts at"),
            (("a.csv", "--accept", "text/csv"), "--accept, --custom-attributes and --request-id"),
            (("a.csv", "--body", "1"), "leave out files and --prefix"),
            (("a.csv", "--wait", "--timeout", "soon"), "--timeout is 'soon'"),
            (("--body", ""), "--body is empty"),
            (("--body", "1", "--content-type", "text/ü"), "content_type contains characters"),
            (("--body", "1" * 128_001), "body has 128,001 bytes and SageMaker accepts at most"),
        ],
    )
    def test_is_refused_in_words_before_anything_is_sent(
        self,
        deployment: SubmittingDeployment,
        relayctl: Commands,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        arguments: tuple[str, ...],
        problem: str,
    ) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "deep").mkdir()
        (tmp_path / "nothing").mkdir()
        for name in ("a.csv", "deep/a.csv"):
            (tmp_path / name).write_text("1")
        (tmp_path / "empty.csv").touch()
        with (tmp_path / "huge.csv").open("wb") as huge:
            huge.truncate(MAX_OBJECT_BYTES + 1)

        ended = relayctl("submit", *arguments)

        assert ended.exit == 2
        assert problem in words(ended.err)
        assert deployment.buckets.objects == {}
        assert deployment.calls == 0


class TestWaiting:
    def test_prints_each_output_and_ends_with_0_if_all_completed(
        self, deployment: SubmittingDeployment, relayctl: Commands, folder: Path, waits: Waits
    ) -> None:
        waits.then(
            partial(deployment.complete, "a.csv", b"[0.25]\n"),
            partial(deployment.complete, "b.json", b"\xff"),
        )

        ended = relayctl("submit", str(folder / "a.csv"), str(folder / "b.json"), "--wait")

        assert ended.exit == 0
        lines = [line for line in ended.out.splitlines() if line.strip()]
        assert words(lines[0]).startswith("inputs/a.csv completed s3://")
        assert lines[1] == "[0.25]"
        assert lines[2].startswith("inputs/b.json")
        assert "1 bytes are not text" in lines[3]

    @pytest.mark.parametrize("many", [False, True])
    def test_ends_with_1_if_one_failed(
        self,
        deployment: SubmittingDeployment,
        relayctl: Commands,
        folder: Path,
        waits: Waits,
        monkeypatch: pytest.MonkeyPatch,
        many: bool,
    ) -> None:
        monkeypatch.setattr("relayctl.requests.wait._FEW", 0 if many else 5)
        deployment.delayed = []
        waits.then(
            deployment.submit_delayed,
            partial(deployment.complete, "a.csv", b"1"),
            partial(deployment.fail, "c.csv", "ClientError: [bold] no"),
        )

        ended = relayctl("submit", str(folder / "a.csv"), str(folder / "deep"), "--wait", "--json")

        assert ended.exit == 1
        found = {each["name"]: each for each in ended.document["ended"]}
        assert found["inputs/a.csv"]["output"] == "1"
        assert found["inputs/c.csv"]["outcome"] == "failed"
        assert found["inputs/c.csv"]["reason"] == "ClientError: [bold] no"

    @pytest.mark.parametrize("many", [False, True])
    def test_is_for_this_upload_and_no_earlier_one_of_the_same_file(
        self,
        deployment: SubmittingDeployment,
        relayctl: Commands,
        folder: Path,
        waits: Waits,
        monkeypatch: pytest.MonkeyPatch,
        many: bool,
    ) -> None:
        monkeypatch.setattr("relayctl.requests.wait._FEW", 0 if many else 5)
        relayctl("submit", str(folder / "a.csv"))
        deployment.fail("a.csv", "an earlier one")
        deployment.search.clock.advance(10)
        deployment.delayed = []
        waits.then(deployment.submit_delayed, partial(deployment.complete, "a.csv", b"1"))

        ended = relayctl("submit", str(folder / "a.csv"), "--wait", "--json")

        assert ended.exit == 0
        assert [each["outcome"] for each in ended.document["ended"]] == ["completed"]

    def test_says_first_that_submit_is_paused(
        self, deployment: SubmittingDeployment, relayctl: Commands, folder: Path, waits: Waits
    ) -> None:
        deployment.mappings.states["relay-submit"] = "Disabled"
        waits.then(partial(deployment.complete, "a.csv", b"1"))

        ended = relayctl("submit", str(folder / "a.csv"), "--wait")

        assert "submit is paused: messages wait in SubmitQueue" in words(ended.err)

    def test_gives_up_after_the_timeout(
        self, deployment: SubmittingDeployment, relayctl: Commands, folder: Path
    ) -> None:
        ended = relayctl("submit", str(folder / "a.csv"), "--wait", "--timeout", "1m")

        assert ended.exit == 1
        assert "inputs/a.csv submitted" in words(ended.out)
        assert "1 of 1 have not ended; they go on" in words(ended.err)

    def test_names_a_command_that_a_shell_takes_as_it_is(
        self, deployment: SubmittingDeployment, relayctl: Commands, folder: Path
    ) -> None:
        (folder / "a;id.csv").write_text("1")
        deployment.delayed = []

        ended = relayctl("submit", str(folder / "a;id.csv"), "--wait", "--timeout", "1m")

        assert "next relayctl status 'inputs/a;id.csv'" in words(ended.out)

    def test_that_is_interrupted_says_that_the_requests_go_on(
        self, relayctl: Commands, folder: Path, waits: Waits
    ) -> None:
        def interrupt() -> None:
            raise KeyboardInterrupt

        waits.then(interrupt)

        ended = relayctl("submit", str(folder / "a.csv"), str(folder / "b.json"), "--wait")

        assert ended.exit == 130
        said = words(ended.err)
        assert "2 requests have not ended; they go on" in said
        assert "2 of 2 files were uploaded" in said
        assert f"relayctl list --prefix s3://{BUCKET}/inputs/ shows them" in said

    def test_says_why_an_output_is_not_shown(
        self, deployment: SubmittingDeployment, relayctl: Commands, folder: Path, waits: Waits
    ) -> None:
        def complete() -> None:
            deployment.complete("a.csv", b"1")
            deployment.complete("b.json", b"1" * 70_000)
            lost = deployment.attempts_of("a.csv")[0].output_location or ""
            del deployment.buckets.objects[BUCKET, lost.removeprefix(f"s3://{BUCKET}/")]

        waits.then(complete)

        ended = relayctl("submit", str(folder / "a.csv"), str(folder / "b.json"), "--wait")

        assert ended.exit == 0
        assert "not read: An error occurred (NoSuchKey)" in ended.out
        assert "70,000 bytes are too many to print" in ended.out


class TestABody:
    def test_is_a_direct_call_with_an_id_that_is_submitted_once(
        self, deployment: SubmittingDeployment, relayctl: Commands
    ) -> None:
        options = ("--accept", "text/csv", "--custom-attributes", "team=fraud", "--json")

        first = relayctl("submit", "--body", "1,2", "--request-id", "order-17", *options)
        again = relayctl("submit", "--body", "1,2", "--request-id", "order-17", *options)

        (submission,) = deployment.endpoint.invocations
        assert submission.request.body == b"1,2"
        assert submission.request.accept == "text/csv"
        assert submission.request.custom_attributes == "team=fraud"
        assert first.document["request_id"] == request_id_of_caller("order-17")
        assert (first.document["status"], again.document["status"]) == ("submitted", "duplicate")
        assert "used before" not in words(first.err)
        assert "was used before: what is shown is about that request" in words(again.err)
        assert (first.exit, again.exit) == (0, 0)

    def test_comes_from_standard_input_and_is_waited_for(
        self, deployment: SubmittingDeployment, relayctl: Commands, waits: Waits
    ) -> None:
        def complete() -> None:
            (attempt,) = deployment.search.ledger.items.values()
            deployment.end(attempt, AttemptState.COMPLETED, content=b"[0.5]")

        waits.then(complete)

        ended = relayctl("submit", "--body", "-", "--wait", input="3,4")

        assert ended.exit == 0
        assert deployment.endpoint.invocations[0].request.body == b"3,4"
        assert ended.out.splitlines()[-1] == "[0.5]"
