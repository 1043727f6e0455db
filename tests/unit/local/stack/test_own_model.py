"""A model of one's own on the local stack."""

import tarfile
from pathlib import Path

import pytest

from local import commands
from local.errors import LocalStackError
from local.stack import own_model
from local.stack.own_model import OwnModel
from local.stack.settings import StackSettings


@pytest.fixture
def settings(tmp_path: Path) -> StackSettings:
    return StackSettings(tmp_path / "stack", 5001, 5002)


def test_without_options_there_is_none() -> None:
    assert OwnModel.from_options("", "", "", "") is None


def test_a_server_has_an_image_of_its_own_at_each_deployment() -> None:
    first, second = (OwnModel(server="python serve.py").parameters["ImageUri"] for _ in "ab")

    assert first.startswith("own-model:")
    assert first != second


def test_a_model_without_a_server_keeps_the_image() -> None:
    assert OwnModel(model="s3://bucket/model.tar.gz").parameters == {}


def test_the_content_type_is_that_of_requests_without_one() -> None:
    own = OwnModel(model="s3://b/m.tar.gz", content_type="application/json")

    assert own.parameters == {"DefaultContentType": "application/json"}


def test_a_directory_becomes_an_archive(tmp_path: Path, settings: StackSettings) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "model.bin").write_bytes(b"weights")

    archive = OwnModel(str(tmp_path / "weights")).artifact(settings)

    with tarfile.open(archive) as tar:
        assert tar.getnames() == ["model.bin"]


@pytest.mark.parametrize("model", ["", "s3://bucket/model.tar.gz"])
def test_a_uri_stays_as_it_is(settings: StackSettings, model: str) -> None:
    assert OwnModel(model, "python serve.py").artifact(settings) == model


def test_the_emulator_runs_the_server_for_that_image_alone(
    tmp_path: Path, settings: StackSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    added: list[object] = []
    monkeypatch.setattr(own_model, "add_containers", lambda _, commands: added.append(commands))

    OwnModel("", "python serve.py", tmp_path, image="own-model:1").register(settings)
    OwnModel("s3://bucket/model.tar.gz").register(settings)

    module = "async_endpoint_emulator.serve_in"
    command = f"'{{python}}' -m {module} {tmp_path} '{{python}}' serve.py"
    assert added == [{"^own\\-model:1$": command}]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--model", "nowhere"), "MODEL=nowhere: no such file or directory"),
        (("--server", "python 'x"), "SERVER=python 'x: No closing quotation"),
        (("--server", " "), "SERVER= : the command of the model server is empty"),
        (("--server", "x", "--directory", "nowhere"), "DIRECTORY=nowhere: no such directory"),
        (("--content-type", "text/csv"), "give MODEL, SERVER or both"),
    ],
)
def test_options_that_cannot_be_used_are_refused(
    settings: StackSettings, options: tuple[str, ...], words: str
) -> None:
    command = commands._parse(["up", *options])

    with pytest.raises(LocalStackError, match=words):
        command(settings)


@pytest.mark.parametrize(
    ("own", "named"), [(OwnModel(server="python serve.py"), True), (OwnModel("s3://b/m"), False)]
)
def test_a_deployment_that_fails_names_the_log_of_the_server(
    own: OwnModel, named: bool, settings: StackSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise LocalStackError("the endpoint is Failed")

    monkeypatch.setattr(commands, "bring_up", fail)

    with pytest.raises(LocalStackError, match="the endpoint is Failed") as raised:
        commands.up(settings, own)

    assert (str(settings.logs / "sagemaker.log") in str(raised.value)) is named
