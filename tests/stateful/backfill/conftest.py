import pytest

from tests.stateful.backfill.world import BackfillWorld


@pytest.fixture
def world() -> BackfillWorld:
    return BackfillWorld()
