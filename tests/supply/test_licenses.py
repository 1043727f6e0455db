"""What ships has licenses that permit it, and its own metadata says so."""

from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

from release import packages
from release.packages import Package, licenses, shipped

# They permit use and distribution without a duty to publish source. Their notices stay with the
# packages in the layer.
ALLOWED = {"Apache-2.0", "BSD-3-Clause", "MIT", "MIT-0", "PSF-2.0"}


@pytest.mark.parametrize("package", shipped(), ids=[each.name for each in shipped()])
def test_every_license_of_a_package_is_allowed(package: Package) -> None:
    assert package.licenses
    assert [each for each in package.licenses if each not in ALLOWED] == []


@pytest.mark.parametrize("package", shipped(), ids=[each.name for each in shipped()])
def test_a_package_brings_its_license_file(package: Package) -> None:
    assert [each for each in package.license_files if each.startswith("LICENSE")]


@pytest.mark.parametrize(
    ("metadata", "found"),
    [
        ("License-Expression: GPL-3.0-only", ["GPL-3.0-only"]),
        (
            "License-Expression: MIT\nClassifier: License :: OSI Approved :: BSD License",
            ["MIT"],
        ),
        (
            "License: free\nClassifier: License :: Other/Proprietary License",
            ["License :: Other/Proprietary License"],
        ),
        (
            "Classifier: License :: OSI Approved :: MIT License\n"
            "Classifier: License :: OSI Approved :: Apache Software License",
            ["Apache-2.0", "MIT"],
        ),
        ("License: Proprietary", ["Proprietary"]),
        ("Summary: nothing", ["unknown"]),
    ],
)
def test_licenses_come_from_the_clearest_part_of_the_metadata(
    tmp_path: Path, metadata: str, found: list[str]
) -> None:
    (tmp_path / "METADATA").write_text(f"Metadata-Version: 2.4\nName: some\n{metadata}\n")

    assert list(licenses(PathDistribution(tmp_path))) == found


def test_metadata_of_another_version_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(f"six==1.0 \\\n    --hash=sha256:{'0' * 64}\n")
    monkeypatch.setattr(packages, "REQUIREMENTS", file)

    with pytest.raises(ValueError, match=r"six is pinned to 1\.0, and \S+ is installed"):
        shipped.__wrapped__()
