"""The application is complete, and what the AWS Serverless Application Repository accepts."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

import boto3
import pytest
import yaml
from botocore.stub import ANY, Stubber
from moto.server import ThreadedMotoServer
from samcli.vendor.serverlessrepo import publish_application

from local.stack.settings import REPOSITORY
from release import metadata
from tests.release.conftest import SOURCE_URL, VERSION
from tests.support.emulator.stack import free_port
from tests.template.template import source

pytestmark = pytest.mark.timeout(600)
_REGION = "us-east-1"
_BUCKET = "release"


@pytest.fixture(scope="module")
def folder(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a user unpacks the application."""
    directory = tmp_path_factory.mktemp("application")
    (archive,) = dist.glob("*-sam.zip")
    with ZipFile(archive) as content:
        content.extractall(directory)
    return directory


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", free_port(), verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def sam(folder: Path, *arguments: str, endpoint: str = "") -> str:
    with TemporaryDirectory() as temporary:  # the SAM CLI leaves empty folders in it
        done = subprocess.run(
            [Path(sys.executable).with_name("sam"), *arguments, "--region", _REGION],
            cwd=folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(folder),
                "TMPDIR": temporary,
                "SAM_CLI_TELEMETRY": "0",
                "AWS_ACCESS_KEY_ID": "testing",
                "AWS_SECRET_ACCESS_KEY": "testing",
                "AWS_ENDPOINT_URL": endpoint,
            },
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def template(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text())
    return document


def code(document: dict[str, Any]) -> dict[str, str]:
    """Return where the code of each function and of the layer lies."""
    places = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}
    return {
        name: each["Properties"][places[each["Type"]]]
        for name, each in document["Resources"].items()
        if each["Type"] in places
    }


def test_everything_that_the_template_names_lies_beside_it(folder: Path) -> None:
    found = code(template(folder / "template.yaml"))

    names = [each.parent.name for each in (REPOSITORY / "functions").glob("*/app.py")]
    assert len(found) == len(names) + 1
    assert {each.name for each in folder.iterdir() if each.is_dir()} == set(found.values())
    layer = found.pop("RelayLayer")
    assert (folder / layer / "python/relay/model.py").is_file()
    assert (folder / layer / "python/botocore/data/endpoints.json").is_file()
    assert [each for each in found.values() if not (folder / each / "app.py").is_file()] == []


def test_the_application_describes_itself(folder: Path) -> None:
    document = template(folder / "template.yaml")
    described = document["Metadata"][metadata.KEY]

    assert metadata.problems(described) == []
    assert (described["SemanticVersion"], described["HomePageUrl"]) == (VERSION, SOURCE_URL)
    assert (folder / described["LicenseUrl"]).read_text() == (REPOSITORY / "LICENSE").read_text()
    readme = (folder / described["ReadmeUrl"]).read_text()
    assert f"]({SOURCE_URL}/blob/v{VERSION}/CHANGELOG.md)" in readme
    assert max(each.stat().st_size for each in folder.iterdir() if each.is_file()) < 5 * 2**20


def test_the_template_is_the_repositorys_besides_code_and_metadata(folder: Path) -> None:
    """An intrinsic function that the build changes or loses would be a difference."""
    document = template(folder / "template.yaml")
    original = json.loads(json.dumps(source()))
    for name, each in document["Resources"].items():
        expected = original["Resources"][name]
        if each["Type"].startswith("AWS::Serverless::"):
            for place in ("CodeUri", "ContentUri"):
                each["Properties"].pop(place, None)
                expected["Properties"].pop(place, None)
        each.pop("Metadata", None)
        expected.pop("Metadata", None)

    assert document["Parameters"] == original["Parameters"]
    assert document["Resources"] == original["Resources"]
    assert document["Outputs"] == original["Outputs"]


def test_the_sam_cli_finds_nothing_wrong_in_the_template(folder: Path) -> None:
    assert "is a valid SAM Template" in sam(
        folder, "validate", "--lint", "--template-file", "template.yaml"
    )


def test_it_is_packaged_and_published_as_it_lies_there(folder: Path, s3: str) -> None:
    """Against S3 of moto, and the model of the repository's API, which checks the request."""
    session = boto3.Session("testing", "testing", region_name=_REGION)
    session.client("s3", endpoint_url=s3).create_bucket(Bucket=_BUCKET)
    files = ("--template-file", "template.yaml", "--output-template-file", "packaged.yaml")
    sam(folder, "package", *files, "--s3-bucket", _BUCKET, endpoint=s3)

    packaged = template(folder / "packaged.yaml")
    described = packaged["Metadata"][metadata.KEY]
    uploaded = [*code(packaged).values(), described["LicenseUrl"], described["ReadmeUrl"]]
    assert [each for each in uploaded if not each.startswith(f"s3://{_BUCKET}/")] == []

    client = session.client("serverlessrepo")
    expected = {
        **{name: described[name] for name in ("Author", "Description", "Labels", "Name")},
        **{name: described[name] for name in ("HomePageUrl", "SourceCodeUrl", "SpdxLicenseId")},
        "LicenseUrl": described["LicenseUrl"],
        "ReadmeUrl": described["ReadmeUrl"],
        "SemanticVersion": VERSION,
        "TemplateBody": ANY,
    }
    with Stubber(client) as stub:
        stub.add_response("create_application", {"ApplicationId": "arn:application"}, expected)
        published = publish_application((folder / "packaged.yaml").read_text(), client)

    assert published["actions"] == ["CREATE_APPLICATION"]
