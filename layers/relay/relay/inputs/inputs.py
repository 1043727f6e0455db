"""The folders from which requests come, each with its defaults."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from relay.inputs.defaults import RequestDefaults
from relay.model import InferenceRequest
from relay.reading import Reader
from relay.s3uri import S3Uri


@dataclass(frozen=True, slots=True)
class Inputs:
    """`folders` are in one bucket, at least one, and none contains another.

    `defaults` are by the prefix of a key; the longest prefix comes first. `further_buckets` are
    those whose objects only a backfill submits.
    """

    folders: tuple[S3Uri, ...]
    defaults: Mapping[str, RequestDefaults] = field(default_factory=dict)
    further_buckets: frozenset[str] = frozenset()

    @property
    def bucket(self) -> str:
        return self.folders[0].bucket

    def contains(self, location: S3Uri) -> bool:
        """Whether the object is under one of the folders."""
        return any(folder.contains(location) for folder in self.folders)

    def admits(self, request: InferenceRequest) -> bool:
        """Whether the location of a request is one of those that the endpoint may read for it.

        Objects of further buckets come in the relay's own messages alone.
        """
        location = request.location
        if location is None or self.contains(location):
            return True
        further = location.bucket in self.further_buckets and request.from_relay
        return further and S3Uri(location.bucket, "").contains(location)

    def with_defaults(self, request: InferenceRequest) -> InferenceRequest:
        """Return the request with the defaults of the longest prefix of its input.

        What the request states itself is left as it is, and so is a request that comes back to the
        queue, which has them already. An inline body has no prefix.
        """
        location = request.location
        if location is None or request.from_relay or not self.contains(location):
            return request
        for prefix, defaults in self.defaults.items():
            if location.key.startswith(prefix):
                return defaults.applied_to(request)
        return request

    def subfolder(self, location: S3Uri) -> str:
        """Return the folder of an input below the only folder of inputs, without slashes around it.

        Of several folders it is the whole one, so that their subfolders stay apart.
        """
        top = self.folders[0].key if len(self.folders) == 1 else ""
        return location.key.removeprefix(top).rpartition("/")[0].strip("/")

    def __str__(self) -> str:
        return " or ".join(map(str, self.folders))


class NamedFolder(NamedTuple):
    """A folder, and the setting or parameter that names it."""

    name: str
    folder: S3Uri


def overlaps(folders: Iterable[NamedFolder]) -> Iterator[tuple[NamedFolder, NamedFolder]]:
    """Yield each two folders of which one contains the other, or that are the same."""
    before: list[NamedFolder] = []
    for each in folders:
        for other in before:
            if each.folder.contains(other.folder) or other.folder.contains(each.folder):
                yield other, each
        before.append(each)


def refuse_overlaps(reader: Reader, folders: Sequence[NamedFolder]) -> None:
    """Refuse folders that overlap: outputs would be inferred again.

    Where a folder is refused already, what stands in for it may overlap with others.
    """
    if any(reader.has_refused(each.name) for each in folders):
        return
    for one, other in overlaps(folders):
        reader.refuse(one.name, f"and {other.name} overlap: {one.folder} and {other.folder}")
