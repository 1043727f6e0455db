"""`relayctl routes show` and `relayctl routes set`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from relayctl.routes.deployed import DeployedRoutes
from tests.support.relayctl.commands import Commands, FakeDeployment
from tests.support.relayctl.dead_letters import refusal
from tests.unit.relayctl.routes.conftest import (
    ACCOUNT,
    OWN,
    PARAMETER,
    SESSION,
    SQS,
    routes_with,
)

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

pytestmark = pytest.mark.usefixtures("stack")
TEAM = {"name": "team", "to": f"{SQS}team"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "routes.json"


class TestShow:
    def test_prints_the_document_and_where_results_go(self, relayctl: Commands) -> None:
        ended = relayctl("routes", "show")

        assert ended.exit == 0
        assert ended.out.startswith(f"{PARAMETER}  version 1 of ")
        assert '      "name": "done",' in ended.out.splitlines()
        assert "relay-completed.fifo, a FIFO queue" in ended.out

    def test_names_the_version_in_force_when_the_latest_cannot_be_used(
        self, relayctl: Commands, ssm: "SSMClient"
    ) -> None:
        for text in (routes_with(TEAM), '{"routes": 1}'):
            ssm.put_parameter(Name=PARAMETER, Value=text, Type="String", Overwrite=True)

        ended = relayctl("routes", "show")

        assert ended.exit == 1
        assert "version 3 cannot be used:" in ended.err
        assert "otherwise" in ended.err
        assert "version 2 is in force" in ended.err
        assert "team, a standard queue" in ended.out
        assert relayctl("routes", "show", "--json").document["in_force"] == 2

    def test_says_that_no_version_can_be_used(self, relayctl: Commands, ssm: "SSMClient") -> None:
        ssm.delete_parameter(Name=PARAMETER)
        ssm.put_parameter(Name=PARAMETER, Value="{", Type="String")

        ended = relayctl("routes", "show")

        assert ended.exit == 1
        assert "results wait in NotificationQueue until one can" in " ".join(ended.err.split())

    def test_says_that_the_parameter_was_deleted(
        self, relayctl: Commands, ssm: "SSMClient"
    ) -> None:
        ssm.delete_parameter(Name=PARAMETER)

        ended = relayctl("routes", "show")

        assert ended.exit == 3
        assert f"the parameter {PARAMETER} was deleted" in " ".join(ended.err.split())


class TestSet:
    @pytest.fixture(autouse=True)
    def targets(self, ssm: "SSMClient") -> None:
        SESSION.client("sqs").create_queue(QueueName="team")
        SESSION.client("sns").create_topic(Name="likely")
        SESSION.client("events").create_event_bus(Name="ops")

    def deployed(self, ssm: "SSMClient") -> str:
        return ssm.get_parameter(Name=PARAMETER)["Parameter"]["Value"]

    def test_puts_a_document_into_force(
        self, relayctl: Commands, ssm: "SSMClient", file: Path
    ) -> None:
        text = routes_with(
            TEAM,
            {"name": "likely", "to": f"arn:aws:sns:us-east-1:{ACCOUNT}:likely"},
            {"name": "ops", "to": f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/ops"},
        )
        file.write_text(text)

        ended = relayctl("routes", "set", str(file), "--yes")

        assert ended.exit == 0, ended.err
        assert self.deployed(ssm) == text
        lines = ended.out.splitlines()
        assert '+      "name": "team",' in lines
        assert '-      "name": "done",' in lines
        assert "version 2 is in force within 5 seconds" in " ".join(ended.out.split())

    def test_asks_first(self, relayctl: Commands, ssm: "SSMClient", file: Path) -> None:
        file.write_text(routes_with(TEAM))

        ended = relayctl("routes", "set", str(file))

        assert ended.exit == 2
        assert "add --yes" in ended.err
        assert json.loads(self.deployed(ssm)) == OWN

    def test_refuses_a_document_that_cannot_be_used(
        self, relayctl: Commands, ssm: "SSMClient", file: Path
    ) -> None:
        file.write_text('{"routes": [], "otherwise": {"too": 1}}')

        ended = relayctl("routes", "set", str(file), "--yes")

        assert ended.exit == 1
        assert "otherwise.too is not known; did you mean to?" in ended.err
        assert json.loads(self.deployed(ssm)) == OWN

    def test_refuses_a_target_for_which_route_has_no_permission(
        self, relayctl: Commands, ssm: "SSMClient", file: Path
    ) -> None:
        SESSION.client("sqs").create_queue(QueueName="other")
        file.write_text(routes_with(otherwise="other"))

        ended = relayctl("routes", "set", str(file), "--yes", "--json")

        assert ended.exit == 1
        (problem,) = ended.document["problems"]
        assert f"otherwise.to: the route function may not send to {SQS}other" in problem
        assert "add it to the parameter RouteTargetArns" in problem
        assert json.loads(self.deployed(ssm)) == OWN

    @pytest.mark.parametrize(
        ("service", "target"),
        [
            ("sqs", f"{SQS}team"),
            ("sns", f"arn:aws:sns:us-east-1:{ACCOUNT}:likely"),
            ("events", f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/ops"),
        ],
    )
    def test_refuses_a_target_that_does_not_exist(
        self, relayctl: Commands, file: Path, service: str, target: str
    ) -> None:
        sqs = SESSION.client("sqs")
        sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="team")["QueueUrl"])
        SESSION.client("sns").delete_topic(TopicArn=f"arn:aws:sns:us-east-1:{ACCOUNT}:likely")
        SESSION.client("events").delete_event_bus(Name="ops")
        file.write_text(routes_with({"name": "a", "to": target}))

        ended = relayctl("routes", "set", str(file), "--yes", "--json")

        assert ended.exit == 1
        assert ended.document["problems"] == [f"{target} does not exist"]

    def test_says_that_a_target_of_before_does_not_exist(
        self, relayctl: Commands, ssm: "SSMClient", file: Path
    ) -> None:
        sqs = SESSION.client("sqs")
        sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="relay-failed.fifo")["QueueUrl"])
        file.write_text(routes_with(TEAM))

        ended = relayctl("routes", "set", str(file), "--yes")

        assert ended.exit == 0
        assert f"{SQS}relay-failed.fifo does not exist" in " ".join(ended.err.split())
        assert self.deployed(ssm) == file.read_text()

    def test_takes_what_is_in_force_for_before_when_the_latest_cannot_be_used(
        self, relayctl: Commands, ssm: "SSMClient", file: Path
    ) -> None:
        sqs = SESSION.client("sqs")
        sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="relay-failed.fifo")["QueueUrl"])
        ssm.put_parameter(Name=PARAMETER, Value="{}", Type="String", Overwrite=True)
        file.write_text(json.dumps(OWN))

        ended = relayctl("routes", "set", str(file), "--yes")

        assert ended.exit == 0, ended.err
        assert f"{SQS}relay-failed.fifo does not exist" in " ".join(ended.err.split())
        assert self.deployed(ssm) == file.read_text()

    def test_says_what_it_did_not_look_for(self, relayctl: Commands, file: Path) -> None:
        file.write_text(routes_with({"name": "far", "to": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:far"}))

        ended = relayctl("routes", "set", str(file), "--yes")

        assert ended.exit == 0
        assert "is in another region, and was not looked for" in " ".join(ended.err.split())

    def test_says_that_it_may_not_look(
        self, relayctl: Commands, deployment: FakeDeployment, file: Path
    ) -> None:
        client = deployment.client
        denied = mock.Mock()
        denied.get_queue_url.side_effect = refusal("AccessDenied", "GetQueueUrl")
        file.write_text(routes_with(TEAM))

        with mock.patch.object(
            deployment, "client", lambda service: denied if service == "sqs" else client(service)
        ):
            ended = relayctl("routes", "set", str(file), "--yes")

        assert ended.exit == 0
        text = " ".join(ended.err.split())
        assert f"{SQS}team may not exist: no permission to look for it" in text

    def test_does_nothing_for_the_same_document(
        self, relayctl: Commands, ssm: "SSMClient", file: Path
    ) -> None:
        file.write_text(json.dumps(OWN))

        ended = relayctl("routes", "set", str(file))

        assert ended.exit == 0
        assert "version 1 is this document" in ended.out
        assert ssm.get_parameter(Name=PARAMETER)["Parameter"]["Version"] == 1

    def test_says_that_only_the_form_changes(self, relayctl: Commands, file: Path) -> None:
        file.write_text(json.dumps(OWN, indent=1))

        assert "only the form of the text" in relayctl("routes", "set", str(file), "--yes").out

    def test_takes_the_tier_that_a_large_document_needs(
        self, relayctl: Commands, ssm: "SSMClient", file: Path
    ) -> None:
        file.write_text(routes_with(TEAM) + " " * 4_096)

        assert relayctl("routes", "set", str(file), "--yes").exit == 0
        (found,) = ssm.describe_parameters()["Parameters"]
        assert found["Tier"] in ("Advanced", "Intelligent-Tiering")

    def test_says_that_another_change_came_in_between(
        self,
        relayctl: Commands,
        ssm: "SSMClient",
        file: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        file.write_text(routes_with(TEAM))
        put = DeployedRoutes.put

        def late(deployed: DeployedRoutes, text: str) -> int:
            put(deployed, routes_with())
            return put(deployed, text)

        monkeypatch.setattr(DeployedRoutes, "put", late)
        ended = relayctl("routes", "set", str(file), "--yes")

        assert "version 2 is replaced, too" in " ".join(ended.err.split())
