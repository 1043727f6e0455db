"""Archives that are unpacked once."""

import shutil
import tempfile
import zipfile
from pathlib import Path

import pytest

from local.ministack.shared_archive import SharedArchive


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    path = tmp_path / "layer.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("python/relay/__init__.py", "")
        file.writestr("python/relay/model.py", "x = 1\n")
        file.writestr("LICENSE", "yours\n")
    return path


def test_an_extraction_looks_like_any_other(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "opt").mkdir()

    with SharedArchive(archive) as file:
        file.extractall(tmp_path / "opt")

    assert (tmp_path / "opt/python/relay/model.py").read_text() == "x = 1\n"
    assert (tmp_path / "opt/LICENSE").read_text() == "yours\n"


def test_two_extractions_share_their_files(archive: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        with SharedArchive(archive) as file:
            file.extractall(tmp_path / name)

    first, second = (tmp_path / name / "python/relay/model.py" for name in ("first", "second"))
    assert first.samefile(second)


def test_removing_one_extraction_leaves_the_other(archive: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        with SharedArchive(archive) as file:
            file.extractall(tmp_path / name)

    shutil.rmtree(tmp_path / "first")

    assert (tmp_path / "second/python/relay/model.py").read_text() == "x = 1\n"


def test_other_content_of_the_same_name_is_unpacked_again(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    with SharedArchive(archive) as file:
        file.extractall(tmp_path / "old")
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("python/relay/model.py", "x = 2\n")

    with SharedArchive(archive) as file:
        file.extractall(tmp_path / "new")

    assert (tmp_path / "old/python/relay/model.py").read_text() == "x = 1\n"
    assert (tmp_path / "new/python/relay/model.py").read_text() == "x = 2\n"
