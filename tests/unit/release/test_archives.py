"""Archives are the same bytes whenever they are written, and by whomever."""

import os
import tarfile
from pathlib import Path
from zipfile import ZipFile

from release.archives import settle_tar, write_zip

TIME = 1_750_000_000


def test_a_zip_file_depends_on_names_and_content_only(tmp_path: Path) -> None:
    files = [("b/app.py", b"pass\n"), ("a.txt", b"text\n")]

    write_zip(tmp_path / "one.zip", files, TIME)
    write_zip(tmp_path / "two.zip", reversed(files), TIME)

    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with ZipFile(tmp_path / "one.zip") as archive:
        assert [(each, archive.read(each)) for each in archive.namelist()] == sorted(files)
        # 2025-06-15 15:06:40 UTC
        assert {each.date_time for each in archive.infolist()} == {(2025, 6, 15, 15, 6, 40)}
        assert {each.external_attr >> 16 & 0o777 for each in archive.infolist()} == {0o644}


def packed(directory: Path, name: str, mode: int, time: int, order: list[str]) -> Path:
    archive = directory / name
    with tarfile.open(archive, "w:gz") as target:
        for each in order:
            file = directory / each
            file.write_text(each)
            file.chmod(mode)
            os.utime(file, (time, time))
            target.add(file, f"relay/{each}")
    return archive


def test_a_source_distribution_depends_on_names_and_content_only(tmp_path: Path) -> None:
    one = packed(tmp_path, "one.tar.gz", 0o600, 1_000_000_000, ["a", "b"])
    two = packed(tmp_path, "two.tar.gz", 0o664, 1_100_000_000, ["b", "a"])
    assert one.read_bytes() != two.read_bytes()

    settle_tar(one, TIME)
    settle_tar(two, TIME)

    assert one.read_bytes() == two.read_bytes()
    with tarfile.open(one) as archive:
        (first, second) = archive.getmembers()
        assert (first.name, second.name) == ("relay/a", "relay/b")
        assert (first.mtime, first.mode, first.uid, first.uname) == (TIME, 0o644, 0, "")
        content = archive.extractfile(second)
        assert content is not None
        assert content.read() == b"b"
