"""Archives of a model's files."""

import io
import tarfile
from pathlib import Path

import pytest
from async_endpoint_emulator.testing.model_data import pack


def content(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        return {each.name: tar.extractfile(each).read() for each in tar}  # type: ignore[union-attr]


def test_a_directory_becomes_an_archive_of_what_it_contains(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "inference.py").write_bytes(b"pass")
    (tmp_path / "model.bin").write_bytes(b"weights")

    assert content(pack(tmp_path)) == {"code/inference.py": b"pass", "model.bin": b"weights"}


def test_a_file_becomes_an_archive_with_that_file(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"weights")

    assert content(pack(tmp_path / "model.bin")) == {"model.bin": b"weights"}


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.bin").write_bytes(b"weights")
    (tmp_path / "other" / "model.bin").touch()

    assert pack(tmp_path / "one") == pack(tmp_path / "other")


def test_an_archive_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "model.tar.gz").write_bytes(b"an archive")

    assert pack(tmp_path / "model.tar.gz") == b"an archive"


def test_a_path_without_a_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        pack(tmp_path / "nothing")
