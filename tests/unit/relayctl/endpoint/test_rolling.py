"""`relayctl deploy` and `relayctl rollback`."""

import json
from pathlib import Path

import pytest

from relayctl.errors import RelayctlError
from tests.support.provisioning.requests import create, deploy
from tests.support.provisioning.roll_outs import A, B, config, serving
from tests.support.provisioning.world import World
from tests.support.relayctl.commands import Commands, FakeDeployment


@pytest.fixture(autouse=True)
def served(world: World) -> None:
    world.run(create())


class TestDeploy:
    def test_waits_until_the_model_is_in_service(self, world: World, relayctl: Commands) -> None:
        ended = relayctl("deploy", A, "--yes")

        assert ended.exit == 0
        assert ended.out.strip() == "succeeded"
        assert serving(world) == config(ModelDataUrl=A)
        assert "Updating, 1 of 1 instances" in ended.err

    def test_ends_with_the_reason_of_a_failure(self, world: World, relayctl: Commands) -> None:
        world.sagemaker.broken.add(A)

        ended = relayctl("deploy", A, "--yes", "--json")

        assert ended.exit == 1
        assert ended.document["status"] == "failed"
        assert "endpoint relay could not be updated" in ended.document["reason"]
        assert "no ping" in ended.document["reason"]

    def test_says_why_it_is_refused(self, relayctl: Commands) -> None:
        ended = relayctl("deploy", A, "--strategy", "Canary", "--yes")

        assert ended.exit == 1
        assert "failed: DeploymentStrategy is Canary" in " ".join(ended.out.split())

    def test_waits_for_the_change_before_it(self, world: World, relayctl: Commands) -> None:
        world.wake(deploy(A))

        ended = relayctl("deploy", B, "--yes")

        assert ended.exit == 0
        assert "waits for s3://models/a.tar.gz (Updating)" in ended.err
        assert serving(world) == config(ModelDataUrl=B)

    def test_does_nothing_for_what_serves(self, world: World, relayctl: Commands) -> None:
        relayctl("deploy", A, "--yes")

        ended = relayctl("deploy", A, "--yes")

        assert ended.exit == 0
        assert ended.out.strip() == "unchanged: the endpoint already serves it"

    def test_does_not_wait_if_told_so(self, world: World, relayctl: Commands) -> None:
        ended = relayctl("deploy", A, "--no-wait", "--yes")

        assert ended.exit == 0
        assert ended.out.startswith("accepted")
        assert world.describe()["under_way"]

    def test_passes_every_option(
        self, deployment: FakeDeployment, relayctl: Commands, tmp_path: Path
    ) -> None:
        file = tmp_path / "environment.json"
        file.write_text('{"LEVEL": "1"}')
        requests = [
            each
            for each in _requests(
                deployment,
                relayctl,
                *("deploy", A, "--model-data-version", "2", "--image-uri", "image"),
                *("--environment", str(file), "--instance-type", "ml.c5.large"),
                *("--max-concurrent", "0", "--strategy", "Linear", "--step-percent", "10"),
                *("--wait-seconds", "0", "--termination-wait-seconds", "9"),
                *("--maximum-seconds", "600", "--no-alarms"),
                *("--asked-by", "on-call", "--request-id", "r-1"),
            )
            if each["action"] == "deploy"
        ]

        assert requests == [
            {
                "action": "deploy",
                "model_data_url": A,
                "model_data_version": "2",
                "image_uri": "image",
                "environment": {"LEVEL": "1"},
                "instance_type": "ml.c5.large",
                "max_concurrent_invocations_per_instance": 0,
                "asked_by": "on-call",
                "request_id": "r-1",
                "deployment": {
                    "strategy": "Linear",
                    "step_percent": 10,
                    "wait_seconds": 0,
                    "termination_wait_seconds": 9,
                    "maximum_seconds": 600,
                    "alarms": False,
                },
            }
        ]

    def test_is_repeated_with_the_same_id(self, world: World, relayctl: Commands) -> None:
        relayctl("deploy", A, "--request-id", "r-1", "--no-wait", "--yes")

        ended = relayctl("deploy", A, "--request-id", "r-1", "--yes")

        assert ended.exit == 0
        assert ended.out.strip() == "succeeded"
        assert len(world.roll_outs) == 1 + 1  # the creation, and one roll-out

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            ((), "give what changes"),
            (("model.tar.gz",), "upload the archive first"),
            ((A, "--environment", "absent.json"), "absent.json cannot be read"),
        ],
    )
    def test_refuses_what_cannot_be_rolled_out(
        self, relayctl: Commands, arguments: tuple[str, ...], says: str
    ) -> None:
        ended = relayctl("deploy", *arguments, "--yes")

        assert ended.exit == 2
        assert says in " ".join(ended.err.split())

    @pytest.mark.parametrize("content", ["{", "[]"])
    def test_refuses_an_environment_that_is_none(
        self, relayctl: Commands, tmp_path: Path, content: str
    ) -> None:
        file = tmp_path / "environment.json"
        file.write_text(content)

        ended = relayctl("deploy", "--environment", str(file), "--yes")

        assert ended.exit == 2
        assert "is not" in ended.err

    def test_asks_with_what_serves(self, world: World, relayctl: Commands) -> None:
        ended = relayctl("deploy", A)

        assert ended.exit == 2
        text = " ".join(ended.err.split())
        assert f"Roll {A} out on relay, which serves s3://models/churn/model.tar.gz?" in text
        assert not world.describe()["under_way"]

    def test_goes_on_when_it_is_not_followed(
        self, world: World, relayctl: Commands, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupted(_: float) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("relayctl.endpoint.waiting.sleep", interrupted)
        ended = relayctl("deploy", A, "--yes")

        assert ended.exit == 130
        assert "the roll-out goes on" in ended.err
        assert world.describe()["under_way"]

    def test_says_how_to_repeat_a_call_that_was_not_answered(
        self, deployment: FakeDeployment, relayctl: Commands
    ) -> None:
        answer = deployment.functions_answer["ProvisionFunctionName"]

        def unanswered(request):  # type: ignore[no-untyped-def]
            if request["action"] == "deploy":
                raise RelayctlError("relay-provision: timed out")
            return answer(request)

        deployment.functions_answer["ProvisionFunctionName"] = unanswered
        ended = relayctl("deploy", A, "--request-id", "r-1", "--yes")

        assert ended.exit == 3
        assert "to repeat it safely, add --request-id r-1" in " ".join(ended.err.split())


class TestRollback:
    def test_returns_to_what_served_before(self, world: World, relayctl: Commands) -> None:
        relayctl("deploy", A, "--yes")

        ended = relayctl("rollback", "--yes")

        assert ended.exit == 0
        assert ended.out.strip() == "succeeded"
        assert serving(world) == config()

    def test_asks_with_what_comes_back(self, world: World, relayctl: Commands) -> None:
        relayctl("deploy", A, "--yes")

        ended = relayctl("rollback")

        assert ended.exit == 2
        assert "Return relay to s3://models/churn/model.tar.gz?" in " ".join(ended.err.split())

    def test_without_a_generation_before_says_what_to_do(self, relayctl: Commands) -> None:
        ended = relayctl("rollback", "--yes")

        assert ended.exit == 1
        assert "refused: the endpoint has had no model" in " ".join(ended.out.split())


def _requests(
    deployment: FakeDeployment, relayctl: Commands, *arguments: str
) -> list[dict[str, object]]:
    """Return the requests of a command, of which provision does none."""
    requests: list[dict[str, object]] = []
    answer = deployment.functions_answer["ProvisionFunctionName"]

    def provision(request):  # type: ignore[no-untyped-def]
        requests.append(json.loads(json.dumps(request)))
        if request["action"] == "describe":
            return answer(request)
        return {"status": "refused", "reason": "in this test"}

    deployment.functions_answer["ProvisionFunctionName"] = provision
    assert relayctl(*arguments, "--yes").exit == 1
    return requests
