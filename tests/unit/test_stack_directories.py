"""Test runs at the same time have a stack each."""

from pathlib import Path

from tests.support.stack import own_directory


def test_runs_at_the_same_time_have_directories_of_their_own(tmp_path: Path) -> None:
    with own_directory(tmp_path) as first, own_directory(tmp_path) as second:
        assert first != second


def test_the_next_run_has_the_directory_of_the_last_one_with_its_files(tmp_path: Path) -> None:
    with own_directory(tmp_path) as first:
        (first / "cache").touch()

    with own_directory(tmp_path) as next_one:
        assert (next_one / "cache").exists()
