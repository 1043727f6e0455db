"""Archives whose bytes depend on their content and the time of the commit only."""

import gzip
import io
import tarfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

# Files that Lambda runs are readable by every account: it runs them as one of its own.
_FILE_MODE = 0o100644


def write_zip(target: Path, files: Iterable[tuple[str, bytes]], time: int) -> None:
    """Write the files, in the order of their names, with `time` (seconds since 1970) as theirs."""
    moment = datetime.fromtimestamp(time, UTC).timetuple()[:6]
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for name, content in sorted(files):
            entry = ZipInfo(name, moment)
            entry.external_attr = _FILE_MODE << 16
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, content)


def settle_tar(archive: Path, time: int) -> None:
    """Write a .tar.gz again: in the order of its names, with `time`, and without an owner."""
    with tarfile.open(archive, "r:gz") as source:
        members = sorted(source.getmembers(), key=lambda each: each.name)
        content = {each.name: file.read() for each in members if (file := source.extractfile(each))}
    unpacked = io.BytesIO()
    with tarfile.open(fileobj=unpacked, mode="w", format=tarfile.PAX_FORMAT) as target:
        for member in members:
            settled = tarfile.TarInfo(member.name)
            settled.type, settled.linkname, settled.mtime = member.type, member.linkname, time
            settled.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            settled.size = len(content.get(member.name, b""))
            target.addfile(settled, io.BytesIO(content.get(member.name, b"")))
    archive.write_bytes(gzip.compress(unpacked.getvalue(), mtime=time))
