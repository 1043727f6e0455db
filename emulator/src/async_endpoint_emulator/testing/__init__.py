"""The emulator with a stand-in for the rest of AWS, for tests and for trying a model."""

from async_endpoint_emulator.testing.endpoint import AsyncEndpoint, Invocation
from async_endpoint_emulator.testing.sandbox import Sandbox, running_sandbox

__all__ = ["AsyncEndpoint", "Invocation", "Sandbox", "running_sandbox"]
