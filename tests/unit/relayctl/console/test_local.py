"""On the local stack alone: samples to upload, and the emulator's faults."""

import threading
from collections.abc import Iterator

import pytest
from async_endpoint_emulator.faults import Faults

from relayctl.console.sources.emulator import SWITCHES, Emulator
from tests.support.console.page import Browser, ConsoleDeployment, EmulatorStandIn, denied


@pytest.fixture
def stand_in() -> Iterator[EmulatorStandIn]:
    with EmulatorStandIn() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def browser(deployment: ConsoleDeployment, stand_in: EmulatorStandIn) -> Iterator[Browser]:
    environment = {"AWS_ENDPOINT_URL_SAGEMAKER": stand_in.url}
    emulator = Emulator.of(deployment, environment)
    assert emulator is not None
    made = Browser(deployment, emulator)
    yield made
    made.close()


class TestAnEmulator:
    def test_is_found_on_this_machine_alone(
        self, deployment: ConsoleDeployment, stand_in: EmulatorStandIn
    ) -> None:
        elsewhere = ("", "https://sagemaker.us-east-1.amazonaws.com", "http://example.com:4567")

        for url in elsewhere:
            environment = {"AWS_ENDPOINT_URL_SAGEMAKER": url}
            assert Emulator.of(deployment, environment) is None
        assert Emulator.of(deployment, {}) is None

    def test_is_no_other_server(
        self, deployment: ConsoleDeployment, stand_in: EmulatorStandIn
    ) -> None:
        others: tuple[object, ...] = ([], {"endpoints": []})
        for other in others:
            stand_in.state = other
            environment = {"AWS_ENDPOINT_URL_SAGEMAKER": stand_in.url}
            assert Emulator.of(deployment, environment) is None

    def test_has_the_faults_of_the_switches(self) -> None:
        assert {*SWITCHES} <= {*Faults.__dataclass_fields__}


def test_the_overview_has_the_numbers_of_this_moment(browser: Browser) -> None:
    assert "InService, 2 at work, 4 in backlog" in browser.get("/").text


def test_a_sample_is_uploaded_under_the_prefix_of_the_inputs(
    browser: Browser, deployment: ConsoleDeployment
) -> None:
    text = browser.post("/local/upload", {"sample": "bad", "number": "3"}).text

    assert "3 uploads are at s3://" in text
    assert [each["Body"] for each in deployment.objects.uploads] == [b"1,2,3\n"] * 3
    assert all(each["Key"].startswith("inputs/console/") for each in deployment.objects.uploads)
    assert len({each["Key"] for each in deployment.objects.uploads}) == 3


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"sample": "good", "number": "0"}, "Upload from 1 to 200"),
        ({"sample": "good", "number": "201"}, "Upload from 1 to 200"),
        ({"sample": "good", "number": "x"}, "Upload from 1 to 200"),
        ({"sample": "unknown"}, "Choose a sample or a file."),
    ],
)
def test_an_upload_that_cannot_be_made_says_why(
    browser: Browser, deployment: ConsoleDeployment, form: dict[str, str], why: str
) -> None:
    assert why in browser.post("/local/upload", form).text
    assert deployment.objects.uploads == []


def test_an_upload_without_a_permission_names_it(
    browser: Browser, deployment: ConsoleDeployment
) -> None:
    deployment.objects.error = denied("PutObject")

    assert "s3:PutObject" in browser.post("/local/upload", {"sample": "good"}).text


def test_a_switch_sets_its_fault_and_leaves_the_others(
    browser: Browser, stand_in: EmulatorStandIn
) -> None:
    text = browser.post("/local/fault", {"fault": "throttle", "strength": "0.5"}).text

    assert stand_in.faults == {"throttle": 0.5, "seed": 7, "fail_next_creation": "Other"}
    assert 'value="0.5" aria-pressed="true"' in text
    assert "<code>fail_next_creation = Other</code>" in text


def test_all_faults_are_ended(browser: Browser, stand_in: EmulatorStandIn) -> None:
    browser.post("/local/fault", {"fault": "all"})

    assert stand_in.faults == {}


@pytest.mark.parametrize(
    "form", [{"fault": "burn", "strength": "1.0"}, {"fault": "throttle", "strength": "7"}]
)
def test_no_other_fault_is_known(
    browser: Browser, stand_in: EmulatorStandIn, form: dict[str, str]
) -> None:
    assert browser.post("/local/fault", form).status == 400


def test_what_the_emulator_refuses_is_said(browser: Browser, stand_in: EmulatorStandIn) -> None:
    stand_in.refuses = 400

    assert "not now" in browser.post("/local/fault", {"fault": "all"}).text


def test_an_emulator_that_has_gone_is_said(browser: Browser, stand_in: EmulatorStandIn) -> None:
    stand_in.server_close()

    text = browser.get("/local").text

    assert "does not answer" in text
    assert "Upload" in text


def test_on_aws_the_page_is_not_there(deployment: ConsoleDeployment) -> None:
    made = Browser(deployment)
    try:
        assert made.get("/local").status == 404
        assert made.post("/local/upload", {"sample": "good"}).status == 404
        assert "/local" not in made.get("/").text
    finally:
        made.close()
