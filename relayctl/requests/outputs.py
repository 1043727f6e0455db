"""What a request ended in, as `--wait` prints it: the output itself, or the failure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from relay.model import RequestState
from relay.s3uri import S3Uri

from relayctl.deployment import Deployment
from relayctl.output import plain

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# The rest of a longer output is left in S3.
_MOST_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Ending:
    """How a request ended. `content` is an output that is text; `unread` is why it is not there."""

    name: str
    request_id: str
    outcome: str
    reason: str | None = None
    output_location: str | None = None
    content: str | None = None
    unread: str | None = None

    @classmethod
    def of(cls, name: str, status: Mapping[str, Any], deployment: Deployment) -> "Ending":
        """Return the ending of a status, with the output if it is short and text."""
        last = status["attempts"][-1]
        outcome = last["held"]["outcome"] if "held" in last else status["state"]
        if outcome != RequestState.COMPLETED:
            return cls(name, status["request_id"], outcome, reason=status.get("reason"))
        location = last.get("output_location")
        content, unread = (None, "") if location is None else _read(location, deployment.s3)
        return cls(
            name,
            status["request_id"],
            outcome,
            output_location=location,
            content=content,
            unread=unread or None,
        )

    @property
    def completed(self) -> bool:
        return self.outcome == RequestState.COMPLETED

    def to_json(self) -> dict[str, object]:
        members = {
            "name": self.name,
            "request_id": self.request_id,
            "outcome": self.outcome,
            "reason": self.reason,
            "output_location": self.output_location,
            "output": self.content,
            "output_left_out": self.unread,
        }
        return {name: value for name, value in members.items() if value is not None}

    def lines(self) -> Iterator[str]:
        """Yield the lines for a person."""
        color = "green" if self.completed else "red"
        place = plain(self.output_location)
        yield f"[bold]{plain(self.name)}[/]  [{color}]{self.outcome}[/]  {place}".rstrip()
        if not self.completed:
            yield f"  reason  {plain(self.reason)}"
            yield f"  next    relayctl status {self.request_id}"
        if self.content is not None:
            yield from map(plain, self.content.rstrip("\n").split("\n"))
        if self.unread:
            yield f"  output  {plain(self.unread)}"


def _read(location: str, s3: "S3Client") -> tuple[str | None, str]:
    """Return the content of an output, and why it is left out otherwise."""
    place = S3Uri.parse(location)
    try:
        answer = s3.get_object(Bucket=place.bucket, Key=place.key)
        if answer["ContentLength"] > _MOST_BYTES:
            answer["Body"].close()
            return None, f"{answer['ContentLength']:,} bytes are too many to print; download it"
        content = answer["Body"].read()
        return content.decode(), ""
    except UnicodeDecodeError:
        return None, f"{len(content):,} bytes are not text; download it"
    except (ClientError, BotoCoreError) as error:
        return None, f"not read: {error}"
