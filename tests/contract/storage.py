"""What every storage finds, in memory and on S3."""

from abc import ABC, abstractmethod
from typing import Protocol

import pytest
from relay.ports import Storage
from relay.s3uri import S3Uri


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
        folder = shelf.location("outputs/")

        assert shelf.storage.find([location, folder]) == {location: location, folder: location}

    def test_nothing_is_found_where_nothing_lies(self, shelf: Shelf) -> None:
        shelf.put("outputs/b.out")
        output, failure = shelf.location("outputs/a.out"), shelf.location("failures/a")

        assert shelf.storage.find([output, failure]) == {output: None, failure: None}

    def test_an_object_whose_name_goes_on_is_found_only_without_the_object(
        self, shelf: Shelf
    ) -> None:
        longer, prefix = shelf.put("outputs/a.out.manifest"), shelf.location("outputs/a.out")
        assert shelf.storage.find([prefix]) == {prefix: longer}

        itself = shelf.put("outputs/a.out")
        assert shelf.storage.find([prefix]) == {prefix: itself}

    def test_more_prefixes_than_are_listed_at_a_time_are_all_found(self, shelf: Shelf) -> None:
        locations = [shelf.put(f"outputs/{number:02}.out") for number in range(25)]

        assert shelf.storage.find(locations) == {each: each for each in locations}

    def test_the_first_object_has_the_time_of_its_upload(self, shelf: Shelf) -> None:
        location = S3Uri.parse(shelf.put("inputs/größe 1+1.csv"))

        found = shelf.storage.first(location)

        assert found is not None
        assert found.location == location
        assert found.modified_at.tzinfo is not None
        assert shelf.storage.first(S3Uri(location.bucket, "inputs/b")) is None
        shorter = shelf.storage.first(S3Uri(location.bucket, "inputs/gr"))
        assert shorter is not None
        assert shorter.location == location

    def test_nothing_to_look_for_is_nothing_found(self, shelf: Shelf) -> None:
        assert shelf.storage.find([]) == {}
