"""Model artifacts, unpacked without harm."""

import asyncio
import io
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from local.sagemaker.artifacts import install_artifact
from local.sagemaker.aws import Aws
from local.sagemaker.errors import DeploymentFailed
from local.sagemaker.resources import Model


def archive(*members: tuple[str, str]) -> bytes:
    """A tar.gz of (name, target): a target makes a symbolic link, none a file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, target in members:
            member = tarfile.TarInfo(name)
            if target:
                member.type, member.linkname = tarfile.SYMTYPE, target
            tar.addfile(member)
    return buffer.getvalue()


class FakeAws:
    """One object, or none."""

    def __init__(self, content: bytes | None) -> None:
        self.content = content

    async def role(self, role_arn: str) -> Any:
        return self

    @property
    def s3(self) -> Any:
        return self

    async def call(self, function: Any, /, *arguments: Any) -> Any:
        return function(*arguments)

    def download_file(self, bucket: str, key: str, path: str) -> None:
        if self.content is None:
            raise ClientError({"Error": {"Code": "404"}}, "HeadObject")
        Path(path).write_bytes(self.content)


def install(directory: Path, content: bytes | None) -> None:
    container = {"Image": "i", "ModelDataUrl": "s3://b/model.tar.gz"}
    document = {"PrimaryContainer": container, "ExecutionRoleArn": "arn:role"}
    model = Model("m", "arn", datetime.now(UTC), document)
    asyncio.run(install_artifact(cast(Aws, FakeAws(content)), model, directory))


def test_the_archive_is_unpacked_and_not_left_behind(tmp_path: Path) -> None:
    install(tmp_path / "model", archive(("xgboost-model", ""), ("code/inference.py", "")))

    found = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*"))
    assert found == ["model", "model/code", "model/code/inference.py", "model/xgboost-model"]


@pytest.mark.parametrize(
    "member", [("../escaped", ""), ("link", "/etc/passwd"), ("link", "../../x")]
)
def test_members_that_leave_the_directory_are_refused(
    tmp_path: Path, member: tuple[str, str]
) -> None:
    with pytest.raises(DeploymentFailed, match="Failed to extract model data archive"):
        install(tmp_path / "model", archive(member))

    assert not (tmp_path / "escaped").exists()


def test_something_else_than_an_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeploymentFailed, match="valid tar.gz"):
        install(tmp_path / "model", b"not an archive")


def test_a_missing_artifact_is_reported_in_the_words_of_aws(tmp_path: Path) -> None:
    with pytest.raises(DeploymentFailed) as failure:
        install(tmp_path / "model", None)

    assert str(failure.value) == (
        'Failed to download model data for container "container_1" from URL: '
        '"s3://b/model.tar.gz". '
        "Please ensure that there is an object located at the URL and that the role passed to "
        "CreateModel has permissions to download the object."
    )
