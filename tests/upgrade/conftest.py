"""The last released version."""

import pytest

from tests.upgrade.released import NoHistory, Tree, released_tree


@pytest.fixture(scope="session")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    try:
        return released_tree(tmp_path_factory.mktemp("released"))
    except NoHistory as reason:
        pytest.skip(str(reason))
