"""A folder for the key that MiniStack writes when it is imported; otherwise it is in /tmp."""

import os
from tempfile import TemporaryDirectory

_STATE = TemporaryDirectory(prefix="ministack-")
os.environ["STATE_DIR"] = _STATE.name


def pytest_unconfigure() -> None:
    _STATE.cleanup()
