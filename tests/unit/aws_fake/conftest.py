"""An account with one invocation under way."""

from collections.abc import Callable, Mapping

import pytest

from tests.support.aws_fake.account import Account
from tests.support.aws_fake.faults import Kind

Open = Callable[[Mapping[int, Kind]], Account]


@pytest.fixture
def opened() -> Open:
    """An account with these faults."""

    def open_account(plan: Mapping[int, Kind]) -> Account:
        account = Account(plan)
        account.role.cover("relay")
        account.calls.begin("test")
        return account

    return open_account


@pytest.fixture
def account(opened: Open) -> Account:
    return opened({})
