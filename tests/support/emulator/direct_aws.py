"""The emulator's `Aws` without threads and without AWS: tests stand in for its services."""

from typing import Any


class DirectAws:
    """Every client is the object itself, and calls are made at once. Subclasses have the calls."""

    region = "us-east-1"

    async def account(self) -> str:
        return "000000000000"

    async def role(self, role_arn: str) -> Any:
        return self

    async def call(self, function: Any, /, *arguments: Any, **members: Any) -> Any:
        return function(*arguments, **members)

    @property
    def functions(self) -> Any:
        return self

    events = iam = s3 = cloudwatch = functions

    def get_paginator(self, operation: str) -> Any:
        return self
