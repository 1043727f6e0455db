"""A commit that is not a release says so, with everything that is to be changed."""

import subprocess
from pathlib import Path

import pytest

from local.stack.settings import REPOSITORY
from release.checks import changes, emulator_version, problems, version

EMULATOR = "emulator/src/async_endpoint_emulator/__init__.py"
CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-11-30\n\n### Added\n\n- A line.\n"


def git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)  # noqa: S607


def commit(root: Path, **files: str) -> None:
    names = {"project": "pyproject.toml", "emulator": EMULATOR, "changelog": "CHANGELOG.md"}
    for name, text in files.items():
        path = root / names[name]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(root, "add", "--all")
    git(root, "commit", "--message", "change")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    commit(
        tmp_path,
        project='[project]\nversion = "1.2.3"\n',
        emulator='__version__ = "1.2.3"\n',
        changelog=CHANGELOG,
    )
    return tmp_path


def test_a_release_has_no_problem(root: Path) -> None:
    assert problems(root) == []
    assert changes(root, "1.2.3") == "### Added\n\n- A line."


def test_a_commit_that_has_the_tag_of_its_version_is_built_again(root: Path) -> None:
    git(root, "tag", "v1.2.3")

    assert problems(root) == []


def test_the_versions_have_to_agree(root: Path) -> None:
    commit(root, emulator='__version__ = "1.2.4"\n')

    assert problems(root) == [
        "the version in pyproject.toml is 1.2.3, and that of the emulator is 1.2.4: set both to "
        "the same"
    ]


def test_the_version_has_three_numbers(root: Path) -> None:
    for text in ("1.2", "1.02.3", "1.2.3rc1"):
        commit(root, project=f'[project]\nversion = "{text}"\n')
        assert f"the version {text} in pyproject.toml is not of the form 1.2.3" in problems(root)


@pytest.mark.parametrize(
    ("changelog", "problem"),
    [
        (
            CHANGELOG.replace("1.2.3", "1.2.2"),
            "the first release in CHANGELOG.md is not [1.2.3]: add its section",
        ),
        (
            "# Changelog\n\n## [Unreleased]\n",
            "the first release in CHANGELOG.md is not [1.2.3]: add its section",
        ),
        (
            CHANGELOG.replace(" - 2026-11-30", ""),
            "[1.2.3] in CHANGELOG.md has no date: write `## [1.2.3] - YYYY-MM-DD`",
        ),
        (
            CHANGELOG.replace("2026-11-30", "2026-11-31"),
            "[1.2.3] in CHANGELOG.md has no date: write `## [1.2.3] - YYYY-MM-DD`",
        ),
        (
            CHANGELOG.replace("## [Unreleased]\n", "## [Unreleased]\n\n- Another line.\n"),
            "CHANGELOG.md has changes under [Unreleased]: move them under [1.2.3]",
        ),
    ],
)
def test_the_changelog_begins_with_the_release(root: Path, changelog: str, problem: str) -> None:
    commit(root, changelog=changelog)

    assert problems(root) == [problem]


def test_a_version_is_released_once(root: Path) -> None:
    git(root, "tag", "v1.2.3")
    git(root, "commit", "--allow-empty", "--message", "later")

    assert problems(root) == ["v1.2.3 is the tag of another commit: raise the version"]


def test_a_tag_names_the_version_of_its_commit(root: Path) -> None:
    git(root, "tag", "v1.3.0")
    git(root, "tag", "verified")

    assert problems(root) == ["the commit has the tag v1.3.0, and its version is 1.2.3"]


@pytest.mark.parametrize("name", ["CHANGELOG.md", "new.py"])
def test_everything_is_committed(root: Path, name: str) -> None:
    with (root / name).open("a") as file:
        file.write("\n")

    assert problems(root) == [f"files are not committed: {name}"]


def test_all_problems_are_named_at_once(root: Path) -> None:
    commit(root, emulator='__version__ = "2.0.0"\n', changelog="# Changelog\n")
    (root / "new.py").touch()

    assert len(problems(root)) == 3


def test_the_versions_of_this_repository_agree() -> None:
    assert version(REPOSITORY) == emulator_version(REPOSITORY)
