"""What a person is asked about, so that the answer is about the same."""

import secrets
from collections import OrderedDict
from typing import Final, TypeVar

T = TypeVar("T")

_MOST: Final = 20


class Selections:
    """Keeps the subjects of questions until they are answered; the oldest are dropped."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, object] = OrderedDict()

    def keep(self, subject: object) -> str:
        """Return a key for the subject of a question."""
        key = secrets.token_urlsafe(8)
        self._kept[key] = subject
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return key

    def take(self, key: str, kind: type[T]) -> T | None:
        """Return the subject of a key, once. None if there is none of that kind."""
        found = self._kept.pop(key, None)
        return found if isinstance(found, kind) else None
