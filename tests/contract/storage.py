"""What every storage finds, in memory and on S3."""

from abc import ABC, abstractmethod
from typing import Protocol

import pytest
from relay.ports import Storage


class Shelf(Protocol):
    """A storage whose objects the test puts there."""

    @property
    def storage(self) -> Storage: ...

    def put(self, key: str) -> str:
        """The location of the object that is there now."""
        ...

    def location(self, key: str) -> str: ...


class StorageContract(ABC):
    """Inherit, and give the fixture `shelf` an empty one."""

    @pytest.fixture
    @abstractmethod
    def shelf(self) -> Shelf: ...

    @pytest.mark.parametrize("key", ["outputs/a.out", "outputs/größe 1+1/100%.out"])
    def test_an_object_is_found_where_it_lies(self, shelf: Shelf, key: str) -> None:
        location = shelf.put(key)

        assert shelf.storage.find(location)
        assert shelf.storage.find_prefix(shelf.location("outputs/")) == location

    def test_nothing_is_found_where_nothing_lies(self, shelf: Shelf) -> None:
        shelf.put("outputs/b.out")

        assert not shelf.storage.find(shelf.location("outputs/a.out"))
        assert shelf.storage.find_prefix(shelf.location("failures/a")) is None

    def test_an_object_whose_name_goes_on_is_another_one(self, shelf: Shelf) -> None:
        longer = shelf.put("outputs/a.out.manifest")

        assert not shelf.storage.find(shelf.location("outputs/a.out"))
        assert shelf.storage.find_prefix(shelf.location("outputs/a.out")) == longer

    def test_the_object_itself_comes_before_those_whose_names_go_on(self, shelf: Shelf) -> None:
        shelf.put("outputs/a.out.manifest")
        itself = shelf.put("outputs/a.out")

        assert shelf.storage.find(itself)
