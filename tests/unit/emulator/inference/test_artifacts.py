"""Model artifacts, unpacked without harm."""

import asyncio
import io
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from async_endpoint_emulator.aws import Aws
from async_endpoint_emulator.config import ArchiveLimits
from async_endpoint_emulator.errors import DeploymentFailed
from async_endpoint_emulator.inference.artifacts import install_artifact
from async_endpoint_emulator.resources import Container
from botocore.exceptions import ClientError

from tests.support.emulator.direct_aws import DirectAws

USUAL = ArchiveLimits()
MEGABYTE = ArchiveLimits(unpacked_bytes=1_000_000)


def archive(*members: tuple[str, str], hard_link: tuple[str, str] | None = None) -> bytes:
    """A tar.gz of (name, target): a target makes a symbolic link, none a file.

    `hard_link` is its last member but one, with a file behind it that is called `escaped`.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:

        def add(name: str, kind: bytes, target: str = "") -> None:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            tar.addfile(member)

        for name, target in members:
            add(name, tarfile.SYMTYPE if target else tarfile.REGTYPE, target)
        if hard_link is not None:
            name, target = hard_link
            add(name, tarfile.LNKTYPE, target)
            add(f"{name}/escaped", tarfile.REGTYPE)
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


def install(directory: Path, content: bytes | None, limits: ArchiveLimits = USUAL) -> None:
    objects = {} if content is None else {"model.tar.gz": content}
    fetch(directory, objects, {"ModelDataUrl": "s3://b/model.tar.gz"}, limits)


def fetch(
    directory: Path,
    objects: Mapping[str, bytes],
    source: Mapping[str, Any],
    limits: ArchiveLimits = USUAL,
) -> None:
    container = Container({"Image": "i", **source}, "container_1")
    aws = cast(Aws, FakeAws(objects))
    asyncio.run(install_artifact(aws, "arn:role", container, directory, limits))


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


def beyond_the_longest_path() -> bytes:
    """An archive whose links a resolver follows only up to the longest path of the system.

    Directories with long names have short links to them. The path of the last link, by short names,
    is longer than any path allowed once it is resolved, so that what follows it is not resolved:
    https://nvd.nist.gov/vuln/detail/CVE-2025-4517
    """
    long, short, path = "d" * 247, "abcdefghijklmnop", ""
    top = "/".join(short) + "/" + "l" * 254
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:

        def add(name: str, kind: bytes, target: str = "", content: bytes = b"") -> None:
            member = tarfile.TarInfo(name)
            member.type, member.linkname, member.size = kind, target, len(content)
            tar.addfile(member, io.BytesIO(content))

        for letter in short:
            add(path + long, tarfile.DIRTYPE)
            add(path + letter, tarfile.SYMTYPE, long)
            path += f"{long}/"
        add(top, tarfile.SYMTYPE, "../" * len(short))
        add("outside", tarfile.SYMTYPE, f"{top}/../")
        add("outside/escaped", tarfile.REGTYPE, content=b"here")
    return buffer.getvalue()


def test_links_that_are_too_long_to_resolve_lead_nowhere(tmp_path: Path) -> None:
    with pytest.raises(DeploymentFailed, match="Failed to extract model data archive"):
        install(tmp_path / "model", beyond_the_longest_path())

    assert not (tmp_path / "escaped").exists()


def a_link_in_another_place(slash: str) -> bytes:
    """An archive with a link that leads to the top, and to above it from where it is a hard link.

    The path of the hard link is too long to resolve, as in `beyond_the_longest_path`.
    """
    long, short = "d" * 247, "abcdefghijklmnop"
    links = [(f"{slash}{f'{long}/' * depth}{letter}", long) for depth, letter in enumerate(short)]
    files = [(f"{f'{long}/' * len(short)}file", "")]
    below = "/".join(short)
    link = (f"{below}/sub/{'l' * 200}", "../" * (len(short) + 1))
    return archive(*files, *links, link, hard_link=(f"{below}/{'m' * 200}", link[0]))


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_link_leads_nowhere_else_under_another_name(tmp_path: Path, slash: str) -> None:
    with pytest.raises(DeploymentFailed, match="Failed to extract model data archive"):
        install(tmp_path / "model", a_link_in_another_place(slash))

    assert not (tmp_path / "escaped").exists()


@pytest.mark.parametrize("target", ["sub/link", "./sub//LINK", "latest/link"])
def test_a_hard_link_to_a_link_is_refused(tmp_path: Path, target: str) -> None:
    members = (("sub/file", ""), ("sub/link", "../file"), ("latest", "sub"))

    with pytest.raises(DeploymentFailed, match="passes a link"):
        install(tmp_path / "model", archive(*members, hard_link=("moved", target)))


@pytest.mark.parametrize(
    "members",
    [
        (("sub", "."), ("sub/file", "")),
        (("/sub", "."), ("sub/file", "")),
        (("sub", "."), ("/sub/file", "")),
        (("/link", "../escaped"),),
        (("a\u0308", "b"), ("\u00c4/file", "")),
        (("sub/link", "../../escaped"),),
        (("a", "b"), ("A/file", "")),
        (("a/../file", ""),),
        (("link", "sub/../../escaped"),),
    ],
    ids=str,
)
def test_a_member_that_passes_a_link_or_goes_up_is_refused(
    tmp_path: Path, members: tuple[tuple[str, str], ...]
) -> None:
    with pytest.raises(DeploymentFailed, match="Failed to extract model data archive"):
        install(tmp_path / "model", archive(*members))


def test_links_within_the_archive_are_kept(tmp_path: Path) -> None:
    members = archive(("./code/a.py", ""), ("latest", "code"), ("./deep/er/link", "../../code"))

    install(tmp_path / "model", members)

    assert (tmp_path / "model/latest/a.py").read_bytes() == b""
    assert (tmp_path / "model/deep/er/link/a.py").read_bytes() == b""


TOO_LARGE = (
    "The model data archive is too large. Please reduce the size of the model data archive or move "
    "to an instance type with more memory."
)


def large(*sizes: int, name: str = "part") -> bytes:
    """An archive of files full of zeros, of which little is left when it is compressed."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for number, size in enumerate(sizes):
            member = tarfile.TarInfo(f"{name}{number}")
            member.size = size
            tar.addfile(member, io.BytesIO(bytes(size)))
    return buffer.getvalue()


def sparse(directory: Path, size: int) -> bytes:
    """An archive with a file of that size, in which only the last byte is stored."""
    path = directory / "holes"
    with path.open("wb") as file:
        file.seek(size - 1)
        file.write(b"1")
    made = directory / "sparse.tar.gz"
    subprocess.run(
        ["tar", "--sparse", "-czf", made, "-C", directory, "holes"],  # noqa: S607
        check=True,
    )
    path.unlink()
    return made.read_bytes()


@pytest.mark.parametrize(
    ("content", "limits", "said"),
    [
        (large(2_000_000), MEGABYTE, "1000000 bytes unpacked"),
        (large(*[300_000] * 4), MEGABYTE, "1000000 bytes unpacked"),
        (large(*[0] * 4), ArchiveLimits(members=3), "3 members"),
        # What is no file, but is kept in memory while the archive is read.
        (
            large(0, name="n" * 2_000_000),
            MEGABYTE,
            "1000000 bytes unpacked",
        ),
    ],
    ids=["one large file", "several files", "many files", "a long name"],
)
def test_an_archive_that_unpacks_to_too_much_is_refused_in_the_words_of_aws(
    tmp_path: Path, content: bytes, limits: ArchiveLimits, said: str
) -> None:
    with pytest.raises(DeploymentFailed) as failure:
        install(tmp_path / "model", content, limits)

    assert str(failure.value) == f"{TOO_LARGE} (more than {said})"
    written = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert written <= limits.unpacked_bytes


def test_a_sparse_file_counts_with_the_size_that_it_has_on_disk(tmp_path: Path) -> None:
    content = sparse(tmp_path, 50_000_000)
    assert len(content) < 10_000

    with pytest.raises(DeploymentFailed, match="too large"):
        install(tmp_path / "model", content, MEGABYTE)


def test_an_archive_within_the_limits_is_unpacked_whole(tmp_path: Path) -> None:
    install(tmp_path / "model", large(300_000, 0, 600_000), ArchiveLimits(1_000_000, 3))

    assert files(tmp_path / "model") == {
        "part0": bytes(300_000),
        "part1": b"",
        "part2": bytes(600_000),
    }


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
