"""Holds results against uploads while they come: lost, doubled, unexpected."""

from collections import Counter
from collections.abc import Collection

from local.load.results import Result


class Tally:
    """Takes every result message once, in whatever order. `first` has each upload's first one."""

    def __init__(self, uploads: Collection[str]) -> None:
        """`uploads` are S3 URIs."""
        self._uploads = frozenset(uploads)
        self._ids: dict[str, str] = {}
        self.first: dict[str, Result] = {}
        self.doubled: list[Result] = []
        self.unexpected: list[Result] = []

    def take(self, result: Result) -> None:
        if result.subject not in self._uploads:
            self.unexpected.append(result)
        elif result.id in self._ids or result.subject in self.first:
            self.doubled.append(result)
        else:
            self.first[result.subject] = result
        self._ids.setdefault(result.id, result.subject)

    @property
    def missing(self) -> int:
        return len(self._uploads) - len(self.first)

    @property
    def lost(self) -> list[str]:
        """The uploads without any result, in the order of their names."""
        return sorted(self._uploads - self.first.keys())

    @property
    def outcomes(self) -> Counter[str]:
        return Counter(result.outcome for result in self.first.values())

    def problems(self) -> list[str]:
        """Everything that must not be, one sentence each."""
        return [
            *(f"no result came for {uri}" for uri in self.lost),
            *(
                f"another result came for {result.subject}: id {result.id}, {result.outcome}"
                for result in self.doubled
            ),
            *(
                f"a result came for {result.subject!r}, which was never uploaded"
                for result in self.unexpected
            ),
        ]
