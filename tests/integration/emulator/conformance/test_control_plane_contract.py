"""The emulator keeps the contract of the control plane."""

import pytest

from tests.contract.control_plane import ControlPlane, ControlPlaneContract
from tests.support.emulator.stack import Stack


class TestTheEmulator(ControlPlaneContract):
    @pytest.fixture
    def plane(self, stack: Stack) -> ControlPlane:
        return stack
