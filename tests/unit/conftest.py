"""How property tests run here, and how sessions of botocore read the models of services."""

import os
from collections.abc import Iterator
from functools import cache

import pytest
from botocore.loaders import create_loader
from hypothesis import settings

# No deadline: a machine that does other things as well is no bug of the relay's. In CI the same
# examples each time, so that a failure belongs to the change that it was seen with.
settings.register_profile("relay", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("relay")


@pytest.fixture(scope="session", autouse=True)
def models_of_services() -> Iterator[None]:
    """All sessions have one loader, which reads each model once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", cache(create_loader))
        yield
