"""Clients of the emulator's own interface: state, time, faults and reset."""

from async_endpoint_emulator.client.asynchronous import AsyncClient
from async_endpoint_emulator.client.calls import EmulatorError
from async_endpoint_emulator.client.state import EndpointState, State
from async_endpoint_emulator.client.synchronous import Client
from async_endpoint_emulator.faults import Faults

__all__ = ["AsyncClient", "Client", "EmulatorError", "EndpointState", "Faults", "State"]
