"""SageMaker asynchronous endpoints on one machine: `python -m async_endpoint_emulator`."""
