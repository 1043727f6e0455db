"""Formats of what outlives a deployment: items of the ledger table, and messages to own queues.

Submit, route, reconcile and provision of one deployment read what another one has written: the one
before, and after a rollback the one after. Each item and message therefore has the version of its
format; without one it has the first. `docs/reference/formats.md` lists all versions.

A new member that earlier code may ignore is no new version. A new version is one that earlier code
would misread. A release reads it before another release writes it, so that the release before can
come back. An item keeps the version with which it was inserted.
"""

import re
from dataclasses import dataclass
from typing import Final

from relay.errors import NewerFormat, UnreadableMessage

# MAJOR.MINOR, as in the events of S3: only another major version is not compatible.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
_EVENT_VERSION = re.compile(r"([1-9][0-9]{0,3})\.[0-9]{1,4}")


@dataclass(frozen=True, slots=True)
class Format:
    """The versions of one kind of item or message.

    `place` says where the version stands. `versions` says what is new in each version that this
    code reads, the first one first. `written` is the version that it writes.
    """

    name: str
    place: str
    versions: tuple[str, ...]
    written: int = 1

    @property
    def mark(self) -> int | None:
        """The version to write into an item; None for the first, which no item states."""
        return None if self.written == 1 else self.written

    def check(self, version: object) -> None:
        """Refuse a version that this code cannot read; None stands for the first.

        Raises:
            NewerFormat: later code has written it.
            ValueError: it is no version.
        """
        if version is None:
            return
        if type(version) is not int or version < 1:
            raise ValueError(f"the format of {self.name} is no whole number from 1")
        if version > len(self.versions):
            raise NewerFormat(
                f"{self.name} has format {version}, and this version of the relay reads up to "
                f"{len(self.versions)}; deploy the later version again"
            )

    @property
    def event_version(self) -> str:
        """The `eventVersion` to write into a message."""
        return f"{self.written}.0"

    def check_event(self, version: str | None) -> None:
        """Refuse a message with an `eventVersion` that this code cannot read.

        Raises:
            NewerFormat: later code has written it.
            UnreadableMessage: it is no version.
        """
        if version is None:
            return
        if not (match := _EVENT_VERSION.fullmatch(version)):
            raise UnreadableMessage(f"eventVersion is {version!r}, not a version such as '1.0'")
        self.check(int(match[1]))


ATTEMPT: Final = Format(
    "attempt",
    "item of the ledger, member `format` of the attribute `request`",
    ("`request`, `claim`, `held`, and the state with the time and the reason of its end",),
)
RECORD: Final = Format(
    "record of an endpoint",
    "item `provision#…` of the ledger, attribute `format`",
    ("the stored record, with the roll-out that waits and the request of CloudFormation",),
)
BACKFILL: Final = Format(
    "record of a backfill",
    "item `backfill#…` of the ledger, attribute `format`",
    ("the stored record: what is selected, and how far it is sent and ended",),
)
# A later format has another id, so that each code finds its own cursor again.
CURSOR: Final = Format(
    "cursor of reconcile",
    "item of the ledger, the id of the item",
    ("`reconcile#cursor`: the position",),
)
CALL: Final = Format(
    "call of the relay",
    "message on `SubmitQueue`, member `eventVersion`",
    ("requests, each with its id and the number of its attempt",),
)
NOTIFICATION: Final = Format(
    "notification of the relay",
    "message on `NotificationQueue`, member `eventVersion`",
    ("the members of SageMaker's notification, and the outcomes `expired` and `rejected`",),
)

FORMATS: Final = (ATTEMPT, RECORD, BACKFILL, CURSOR, CALL, NOTIFICATION)
