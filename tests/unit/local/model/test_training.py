"""The model that runs behind the emulator."""

import tarfile
from pathlib import Path

from local.containers.xgboost import load
from local.model.data import held_out_rows, training_rows
from local.model.training import accuracy, pack, train


def test_the_split_is_complete_and_disjoint() -> None:
    training, held_out = training_rows(), held_out_rows()

    assert (len(training), len(held_out)) == (300, 269)
    assert not set(training) & set(held_out)
    assert sum(row.malignant for row in training + held_out) == 212
    assert {len(row.features) for row in training + held_out} == {30}


def test_the_model_is_accurate_on_rows_that_it_has_not_seen() -> None:
    assert accuracy(train(training_rows()), held_out_rows()) > 0.93


def test_the_artifact_is_repeatable_and_loads_in_the_container(tmp_path: Path) -> None:
    first = pack(train(training_rows()), tmp_path / "1")
    second = pack(train(training_rows()), tmp_path / "2")

    assert first.read_bytes() == second.read_bytes()
    with tarfile.open(first) as archive:
        assert archive.getnames() == ["xgboost-model"]
        archive.extractall(tmp_path, filter="data")
    assert accuracy(load(tmp_path), held_out_rows()) == accuracy(
        train(training_rows()), held_out_rows()
    )
