"""What a run of `python -m tests.acceptance` hands to its tests, and gets back."""

import pytest

from tests.acceptance.findings.observations import Observations
from tests.acceptance.targets.target import Target

TARGET = pytest.StashKey[Target]()
OBSERVATIONS = pytest.StashKey[Observations]()
