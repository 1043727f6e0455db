"""Model artifacts, unpacked without harm."""

import asyncio
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from async_endpoint_emulator.aws import Aws
from async_endpoint_emulator.errors import DeploymentFailed
from async_endpoint_emulator.inference.artifacts import install_artifact
from async_endpoint_emulator.resources import Container
from botocore.exceptions import ClientError

from tests.support.emulator.direct_aws import DirectAws


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


class FakeAws(DirectAws):
    """Objects of one bucket by key."""

    def __init__(self, objects: Mapping[str, bytes]) -> None:
        self.objects = objects

    def download_file(self, bucket: str, key: str, path: str) -> None:
        if key not in self.objects:
            raise ClientError({"Error": {"Code": "404"}}, "HeadObject")
        Path(path).write_bytes(self.objects[key])

    def paginate(self, *, Bucket: str, Prefix: str) -> Any:
        yield {"Contents": [{"Key": key} for key in self.objects if key.startswith(Prefix)]}


def install(directory: Path, content: bytes | None) -> None:
    objects = {} if content is None else {"model.tar.gz": content}
    fetch(directory, objects, {"ModelDataUrl": "s3://b/model.tar.gz"})


def fetch(directory: Path, objects: Mapping[str, bytes], source: Mapping[str, Any]) -> None:
    container = Container({"Image": "i", **source}, "container_1")
    asyncio.run(install_artifact(cast(Aws, FakeAws(objects)), "arn:role", container, directory))


def data_source(uri: str, data_type: str, compression: str) -> dict[str, Any]:
    location = {"S3Uri": uri, "S3DataType": data_type, "CompressionType": compression}
    return {"ModelDataSource": {"S3DataSource": location}}


def files(directory: Path) -> dict[str, bytes]:
    found = (path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): path.read_bytes() for path in found}


def test_an_uncompressed_prefix_keeps_its_folders(tmp_path: Path) -> None:
    objects = {"m/": b"", "m/a.bin": b"1", "m/code/run.py": b"2", "other/x": b"3"}

    fetch(tmp_path / "model", objects, data_source("s3://b/m/", "S3Prefix", "None"))

    assert files(tmp_path / "model") == {"a.bin": b"1", "code/run.py": b"2"}


def test_an_uncompressed_object_keeps_its_name(tmp_path: Path) -> None:
    objects = {"m/a.bin": b"1", "m/a.bin.old": b"2"}

    fetch(tmp_path / "model", objects, data_source("s3://b/m/a.bin", "S3Object", "None"))

    assert files(tmp_path / "model") == {"a.bin": b"1"}


def test_a_compressed_object_is_unpacked_whichever_way_it_is_named(tmp_path: Path) -> None:
    objects = {"m.tar.gz": archive(("xgboost-model", ""))}

    fetch(tmp_path / "model", objects, data_source("s3://b/m.tar.gz", "S3Object", "Gzip"))

    assert files(tmp_path / "model") == {"xgboost-model": b""}


def test_an_empty_prefix_is_a_missing_artifact(tmp_path: Path) -> None:
    with pytest.raises(DeploymentFailed, match="Failed to download model data"):
        fetch(tmp_path / "model", {"n/x": b""}, data_source("s3://b/m/", "S3Prefix", "None"))


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
