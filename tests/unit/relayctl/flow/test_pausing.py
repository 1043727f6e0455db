"""`relayctl pause` and `relayctl resume`, and what other commands say meanwhile."""

import pytest

from tests.support.relayctl.commands import Commands, FakeDeployment
from tests.support.relayctl.mappings import FUNCTIONS, FakeMappings

PAUSED = "submit is paused: messages wait in SubmitQueue. relayctl resume submit ends this"


@pytest.fixture
def mappings(deployment: FakeDeployment, monkeypatch: pytest.MonkeyPatch) -> FakeMappings:
    mappings = FakeMappings()
    deployment.__dict__["functions"] = mappings
    deployment.__dict__["outputs"] = {**deployment.outputs, **FUNCTIONS}
    now = [0.0]
    monkeypatch.setattr("relayctl.flow.pausing.monotonic", lambda: now[0])
    monkeypatch.setattr(
        "relayctl.flow.pausing.sleep", lambda seconds: now.__setitem__(0, now[0] + seconds)
    )
    return mappings


class TestPause:
    def test_disables_the_mapping_and_waits(
        self, mappings: FakeMappings, relayctl: Commands
    ) -> None:
        mappings.slowness = 20

        ended = relayctl("pause", "submit")

        assert ended.exit == 0
        assert mappings.updates == [("relay-submit", False)]
        assert mappings.states == {"relay-submit": "Disabled", "relay-route": "Enabled"}
        assert "until relayctl resume submit" in " ".join(ended.out.split())

    def test_pauses_both(self, mappings: FakeMappings, relayctl: Commands) -> None:
        ended = relayctl("pause", "submit", "route", "--json")

        assert ended.document == {"paused": ["submit", "route"]}
        assert set(mappings.states.values()) == {"Disabled"}

    def test_is_repeated_without_effect(self, mappings: FakeMappings, relayctl: Commands) -> None:
        relayctl("pause", "submit")

        assert relayctl("pause", "submit").exit == 0
        assert len(mappings.updates) == 1

    @pytest.mark.parametrize("state", ["Enabling", "Updating", "Creating"])
    def test_waits_for_a_change_that_is_in_progress(
        self, mappings: FakeMappings, relayctl: Commands, state: str
    ) -> None:
        mappings.changing("relay-submit", state, listings=3)

        assert relayctl("pause", "submit").exit == 0
        assert mappings.updates == [("relay-submit", False)]

    @pytest.mark.parametrize("code", ["ResourceInUseException", "ResourceConflictException"])
    def test_tries_again_while_another_call_changes_the_mapping(
        self, mappings: FakeMappings, relayctl: Commands, code: str
    ) -> None:
        mappings.errors["UpdateEventSourceMapping"] = [code, code]

        assert relayctl("pause", "route").exit == 0
        assert mappings.states["relay-route"] == "Disabled"

    def test_gives_up_with_words(self, mappings: FakeMappings, relayctl: Commands) -> None:
        mappings.slowness = 100_000

        ended = relayctl("pause", "submit")

        assert ended.exit == 3
        text = " ".join(ended.err.split())
        assert "is Disabling and not Disabled after 5 minutes: repeat the command" in text

    def test_names_a_missing_permission(self, mappings: FakeMappings, relayctl: Commands) -> None:
        mappings.errors["UpdateEventSourceMapping"] = ["AccessDeniedException"]

        ended = relayctl("pause", "submit")

        assert ended.exit == 3
        assert "--help lists the permissions" in " ".join(ended.err.split())

    def test_says_that_the_mapping_is_gone(
        self, mappings: FakeMappings, relayctl: Commands
    ) -> None:
        del mappings.states["relay-submit"]

        ended = relayctl("pause", "submit")

        assert ended.exit == 3
        assert "relay-submit has no event source mapping" in " ".join(ended.err.split())

    def test_refuses_what_cannot_be_paused(self, relayctl: Commands) -> None:
        assert relayctl("pause", "reconcile").exit == 2


class TestResume:
    def test_enables_the_mapping(self, mappings: FakeMappings, relayctl: Commands) -> None:
        mappings.states["relay-submit"] = "Disabled"

        ended = relayctl("resume", "submit")

        assert ended.exit == 0
        assert mappings.updates == [("relay-submit", True)]
        assert ended.out.strip() == "submit is enabled: what waits in SubmitQueue is processed"


class TestOtherCommands:
    def test_say_what_is_paused(self, mappings: FakeMappings, relayctl: Commands) -> None:
        mappings.states["relay-submit"] = "Disabling"

        ended = relayctl("count", "--json")

        assert ended.exit == 0
        assert ended.document["total"] == 0
        assert " ".join(ended.err.split()) == PAUSED

    def test_say_nothing_while_nothing_is_paused(
        self, mappings: FakeMappings, relayctl: Commands
    ) -> None:
        assert relayctl("count").err == ""

    def test_work_without_the_permission_to_look(
        self, mappings: FakeMappings, relayctl: Commands
    ) -> None:
        mappings.errors["ListEventSourceMappings"] = ["AccessDeniedException"]

        ended = relayctl("count")

        assert (ended.exit, ended.err) == (0, "")

    def test_say_that_they_could_not_look(self, mappings: FakeMappings, relayctl: Commands) -> None:
        mappings.errors["ListEventSourceMappings"] = ["ServiceException"]

        ended = relayctl("count")

        assert ended.exit == 0
        assert "could not look whether submit or route is paused" in " ".join(ended.err.split())
