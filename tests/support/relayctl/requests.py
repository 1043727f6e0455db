"""Commands that submit, over the real submit function and buckets in memory."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.utils import format_datetime
from io import BytesIO
from typing import Any

from botocore.exceptions import ClientError
from relay.delivery.responses import respond
from relay.events.envelopes import read_submissions
from relay.ids import request_id_of_upload
from relay.model import Attempt, AttemptState, Closing
from relay.s3uri import S3Uri
from relay.submit.submit import Submit

from tests.support import samples
from tests.support.fakes.ports import FakeEndpoint
from tests.support.fakes.queues import FakeInbox
from tests.support.relayctl.commands import FakeDeployment
from tests.support.relayctl.mappings import FakeMappings
from tests.support.samples import BUCKET, NOON, OUTPUTS


def refusal(code: str, operation: str = "PutObject") -> ClientError:
    """Return what botocore raises for an error of S3."""
    status = 404 if code == "404" else 403
    error = {
        "Error": {"Code": code, "Message": code},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(error, operation)  # type: ignore[arg-type]


class FakeBuckets:
    """Objects by bucket and key. `arrived` hears of each upload.

    `refused` are errors by key. The uploads of `endless` keys go on until they are broken off.
    """

    def __init__(self, arrived: Callable[[S3Uri, str], None], date: Callable[[], str]) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}
        self.content_types: dict[str, str] = {}
        self.refused: dict[str, BaseException] = {}
        self.endless: set[str] = set()
        self.modified_at: dict[str, datetime] = {}
        self._arrived = arrived
        self._date = date

    def put_object(
        self, *, Bucket: str, Key: str, Body: Any, ContentLength: int, ContentType: str
    ) -> Mapping[str, Any]:
        if Key in self.refused:
            raise self.refused[Key]
        while Key in self.endless:
            Body.read()
            Body.seek(0)
        content = b"".join(iter(lambda: Body.read(7), b""))
        assert len(content) == ContentLength
        self.objects[Bucket, Key] = content
        self.content_types[Key] = ContentType
        etag = hashlib.sha256(content).hexdigest()[:32]
        self._arrived(S3Uri(Bucket, Key), etag)
        headers = {"HTTPHeaders": {"date": self._date()}}
        return {"ETag": f'"{etag}"', "ResponseMetadata": headers}

    def get_object(self, *, Bucket: str, Key: str) -> Mapping[str, Any]:
        if (Bucket, Key) not in self.objects:
            raise refusal("NoSuchKey", "GetObject")
        content = self.objects[Bucket, Key]
        return {"ContentLength": len(content), "Body": BytesIO(content)}

    def head_object(self, *, Bucket: str, Key: str) -> Mapping[str, Any]:
        if Key in self.refused:
            raise self.refused[Key]
        if (Bucket, Key) not in self.objects:
            raise refusal("404", "HeadObject")
        return {"LastModified": self.modified_at.get(Key, NOON)}


class SubmittingDeployment(FakeDeployment):
    """A deployment whose uploads are claimed as submit does, and whose submit function is real.

    `delayed` uploads wait in the queue until `submit_delayed`. `answers` are contents of outputs by
    the name of the input, and `failures` are reasons; an input with neither stays open.
    """

    def __init__(self) -> None:
        super().__init__()
        self.buckets = FakeBuckets(self.upload, lambda: format_datetime(self.search.clock.now()))
        self.delayed: list[Attempt] | None = None
        self.mappings = FakeMappings()
        self.__dict__["s3"] = self.buckets
        self.__dict__["functions"] = self.mappings
        self.__dict__["outputs"]["SubmitFunctionName"] = "relay-submit"
        self.__dict__["parameters"] = {
            "InputPrefixes": "inputs/",
            "DefaultContentType": "text/csv",
            "InputDefaults": '{"inputs/json/": {"content_type": "application/json"}}',
        }
        self.endpoint = FakeEndpoint(self.search.faults)
        self.calls = 0
        self.functions_answer["SubmitFunctionName"] = self._submit

    def _submit(self, request: Mapping[str, object]) -> dict[str, Any]:
        self.calls += 1
        self.search.begin()
        search = self.search
        submit = Submit(
            samples.submit_settings(),
            self.endpoint,
            search.ledger,
            search.queues,
            FakeInbox(search.queues, samples.SUBMIT_QUEUE),
            search.clock,
            search.budget,
        )
        incoming = read_submissions(request, f"invocation-{self.calls}")
        return respond(incoming, submit(incoming))

    def upload(self, location: S3Uri, etag: str) -> None:
        """Submit an upload, as S3's event does."""
        now = self.search.clock.now()
        number = len(self.search.ledger.table)
        request_id = request_id_of_upload(BUCKET, location.key, "", f"{number:04}")
        attempt = samples.attempt(
            request_id,
            request_id=request_id,
            submitted_at=now,
            requested_at=now,
            due_at=now + timedelta(hours=7),
            location=location,
            version_id=None,
            etag=etag,
            output_location=f"{OUTPUTS}{request_id}.out",
        )
        if self.delayed is None:
            self.search.ledger.claim([attempt])
        else:
            self.delayed.append(attempt)

    def submit_delayed(self) -> None:
        """Claim the uploads that wait."""
        self.search.ledger.claim(self.delayed or ())
        self.delayed = None

    def attempts_of(self, name: str) -> list[Attempt]:
        """Return the attempts of inputs whose keys end so."""
        items = self.search.ledger.items
        found = [items[each] for each in self.search.ledger.table]
        return [each for each in found if each.location and each.location.key.endswith(name)]

    def complete(self, name: str, content: bytes) -> None:
        """End the open requests of an input with an output."""
        for attempt in self.attempts_of(name):
            self.end(attempt, AttemptState.COMPLETED, content=content)

    def fail(self, name: str, reason: str) -> None:
        """End the open requests of an input with a failure."""
        for attempt in self.attempts_of(name):
            self.end(attempt, AttemptState.FAILED, reason)

    def end(
        self, attempt: Attempt, state: AttemptState, reason: str | None = None, content: bytes = b""
    ) -> None:
        """End an open attempt."""
        if attempt.state is not AttemptState.OPEN:
            return
        if attempt.output_location and state is AttemptState.COMPLETED:
            place = S3Uri.parse(attempt.output_location)
            self.buckets.objects[place.bucket, place.key] = content
        closing = Closing(
            attempt, state, self.search.clock.now(), delivered=("otherwise",), reason=reason
        )
        self.search.ledger.close([closing])
