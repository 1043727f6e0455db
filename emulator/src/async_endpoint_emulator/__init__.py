"""SageMaker asynchronous endpoints on one machine: `python -m async_endpoint_emulator`."""

__version__ = "0.1.0"
