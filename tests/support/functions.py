"""The deployed functions under Lambda's own runtime, for tests.

Tests use them through the fixture `functions` in `tests/conftest.py`.
"""

from contextlib import ExitStack

from local.functions.deployed import deployed_function
from local.functions.lambda_runtime import Invocation, LambdaRuntime
from local.stack.clients import Clients
from tests.support.stack import RunningStack


class Functions:
    """Invokes functions by name; each stays warm from its first invocation on."""

    def __init__(self, stack: RunningStack, exits: ExitStack) -> None:
        self._stack = stack
        self._exits = exits
        self._runtimes: dict[str, LambdaRuntime] = {}

    def invoke(self, name: str, event: object) -> Invocation:
        if name not in self._runtimes:
            settings = self._stack.settings
            function = deployed_function(name, settings, Clients(settings))
            self._runtimes[name] = self._exits.enter_context(LambdaRuntime(function))
        return self._runtimes[name].invoke(event)
