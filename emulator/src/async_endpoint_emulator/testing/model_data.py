"""Model artifacts of local files."""

import gzip
import hashlib
import io
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def pack(path: Path) -> bytes:
    """Return a model.tar.gz of a file, or of what a directory contains. Archives stay as they are.

    The same files give the same bytes.

    Raises:
        FileNotFoundError: there is nothing at the path.
    """
    if path.name.endswith((".tar.gz", ".tgz")):
        return path.read_bytes()
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as archive,
    ):
        for file in files:
            name = file.relative_to(path) if path.is_dir() else Path(file.name)
            content = file.read_bytes()
            member = tarfile.TarInfo(name.as_posix())
            member.size, member.mode = len(content), 0o644
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def upload(s3: "S3Client", bucket: str, model: Path | str) -> str:
    """Upload an archive of local files, and return its URI. An S3 URI stays as it is."""
    if str(model).startswith("s3://"):
        return str(model)
    content = pack(Path(model))
    key = f"models/{hashlib.sha256(content).hexdigest()[:16]}/model.tar.gz"
    s3.put_object(Bucket=bucket, Key=key, Body=content)
    return f"s3://{bucket}/{key}"
