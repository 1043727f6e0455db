"""Fetches a model's artifact with the execution role and unpacks it for an instance."""

import gzip
import tarfile
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path, PurePosixPath
from unicodedata import normalize

from botocore.exceptions import ClientError

from async_endpoint_emulator.aws import AWS_ERRORS, Aws, RoleSession, error_code
from async_endpoint_emulator.config import ArchiveLimits
from async_endpoint_emulator.errors import AwsError, DeploymentFailed, validation_exception
from async_endpoint_emulator.failures import reason
from async_endpoint_emulator.inference.s3_location import S3Location
from async_endpoint_emulator.resources import Container

_MISSING = ("404", "NoSuchKey", "NoSuchBucket", "NotFound")


async def check_artifact(aws: Aws, role_arn: str, container: Container) -> None:
    """CreateModel's own look at the artifact: it exists and the role may read it.

    Raises:
        AwsError: ValidationException, with AWS's words.
    """
    url = container.artifact_url
    if url is None:
        return
    location = S3Location.parse(url)
    s3 = (await aws.role(role_arn)).s3
    try:
        if container.is_prefix:
            found = await aws.call(
                s3.list_objects_v2, Bucket=location.bucket, Prefix=location.key, MaxKeys=1
            )
            if not found.get("KeyCount"):
                raise validation_exception(f"Could not find model data at {url}.")
        else:
            await aws.call(s3.head_object, Bucket=location.bucket, Key=location.key)
    except ClientError as exc:
        if error_code(exc) in _MISSING:
            raise validation_exception(f"Could not find model data at {url}.") from exc
        raise _no_access(url, role_arn, aws.region) from exc


def _no_access(url: str, role_arn: str, region: str) -> AwsError:
    return validation_exception(
        f"Could not access model data at {url}. Please ensure that the role "
        f'"{role_arn}" exists and that its trust relationship policy allows the action '
        '"sts:AssumeRole" for the service principal "sagemaker.amazonaws.com". Also ensure that '
        f'the role has "s3:GetObject" permissions and that the object is located in {region}.'
    )


async def install_artifact(
    aws: Aws, role_arn: str, container: Container, directory: Path, limits: ArchiveLimits
) -> None:
    """Puts the model's files into `directory`, which is created.

    Raises:
        DeploymentFailed: with AWS's words, or with what is wrong with the archive.
    """
    directory.mkdir(parents=True)
    url = container.artifact_url
    if url is None:
        return
    try:
        session = await aws.role(role_arn)
        location = S3Location.parse(url)
        if container.is_prefix:
            await aws.call(_download_prefix, session, location, directory)
        elif container.unpacked:
            target = str(directory / location.key.rsplit("/", 1)[-1])
            await aws.call(session.s3.download_file, location.bucket, location.key, target)
        else:
            await aws.call(_download_archive, session, location, directory, limits)
    except (*AWS_ERRORS, ValueError) as exc:
        words = reason("artifact", container=container.label, url=url)
        raise DeploymentFailed(words) from exc
    except _TooLarge as exc:
        raise DeploymentFailed(f"{reason('archive_size')} ({exc})") from exc
    except (tarfile.TarError, OSError, EOFError) as exc:
        words = reason("archive", container=container.label, url=url)
        raise DeploymentFailed(f"{words} ({exc})") from exc


class _TooLarge(Exception):
    """An archive exceeds a limit. The message says which."""


class _Unpacked(gzip.GzipFile):
    """A decompressed archive of at most so many bytes, its headers included."""

    def __init__(self, path: Path, limit: int) -> None:
        super().__init__(path)
        self._left = limit
        self._limit = limit

    def read(self, size: int | None = -1) -> bytes:
        most = self._left + 1
        content = super().read(most if size is None or size < 0 else min(size, most))
        self._left -= len(content)
        if self._left < 0:
            raise _TooLarge(f"more than {self._limit} bytes unpacked")
        return content


def _bounded(limits: ArchiveLimits) -> Callable[[tarfile.TarInfo, str], tarfile.TarInfo]:
    """The filter "data", which refuses absolute paths, "..", links that point outside, and devices;
    and counts, because a sparse file is larger on disk than in the archive.

    The filter alone takes a link for one that stays inside if its path is too long to resolve
    (CVE-2025-4517). So no member may lie behind a link, and a link may go up only at its beginning,
    from its own directory: then its text shows where it leads. A hard link to a link would be the
    same text in another directory.
    """
    members = unpacked = 0
    links: set[PurePosixPath] = set()

    def passes_link(place: PurePosixPath, *ends: PurePosixPath) -> bool:
        return not links.isdisjoint((*ends, *place.parents))

    def check(member: tarfile.TarInfo, path: str) -> tarfile.TarInfo:
        nonlocal members, unpacked
        members, unpacked = members + 1, unpacked + member.size
        if members > limits.members:
            raise _TooLarge(f"more than {limits.members} members")
        if unpacked > limits.unpacked_bytes:
            raise _TooLarge(f"more than {limits.unpacked_bytes} bytes unpacked")
        place, target = _place(member.name), _place(member.linkname)
        if (
            ".." in place.parts
            or passes_link(place)
            or (member.islnk() and passes_link(target, target))
            or _leads_out(member)
        ):
            raise tarfile.FilterError(f"{member.name!r} passes a link or leads out of the archive")
        if member.issym():
            links.add(place)
        return tarfile.data_filter(member, path)

    return check


def _place(name: str) -> PurePosixPath:
    """Where a member lies: the same for two names that a file system may not distinguish.

    The filter "data" unpacks `/a` as `a`. Some file systems distinguish neither the case nor the
    normal forms of Unicode.
    """
    return PurePosixPath(normalize("NFD", normalize("NFD", name).casefold()).lstrip("/"))


def _leads_out(member: tarfile.TarInfo) -> bool:
    """Whether a link goes up further than to the top, or after it went down."""
    target = PurePosixPath(member.linkname).parts
    ups = len(list(takewhile(lambda part: part == "..", target)))
    depth = len(_place(member.name).parent.parts) if member.issym() else 0
    return ups > depth or ".." in target[ups:]


def _download_archive(
    session: RoleSession, location: S3Location, directory: Path, limits: ArchiveLimits
) -> None:
    archive = directory.with_suffix(".tar.gz")
    session.s3.download_file(location.bucket, location.key, str(archive))
    try:
        with (
            _Unpacked(archive, limits.unpacked_bytes) as unpacked,
            tarfile.open(fileobj=unpacked, mode="r|") as tar,
        ):
            tar.extractall(directory, filter=_bounded(limits))  # noqa: S202 - that is the check
    finally:
        archive.unlink()


def _download_prefix(session: RoleSession, location: S3Location, directory: Path) -> None:
    pages = session.s3.get_paginator("list_objects_v2").paginate(
        Bucket=location.bucket, Prefix=location.key
    )
    found = False
    for page in pages:
        for item in page.get("Contents", ()):
            name = item["Key"][len(location.key) :].lstrip("/") or item["Key"].rsplit("/", 1)[-1]
            if not name:
                continue  # the folder's own marker
            if any(part in ("", ".", "..") or "\0" in part for part in name.split("/")):
                raise ValueError(f"the key {item['Key']!r} cannot become a file name")
            target = directory / name
            target.parent.mkdir(parents=True, exist_ok=True)
            session.s3.download_file(location.bucket, item["Key"], str(target))
            found = True
    if not found:
        raise ValueError(f"nothing under {location}")
