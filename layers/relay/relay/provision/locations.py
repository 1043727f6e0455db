"""The buckets and prefixes of inputs, outputs and failures, as a deployment asks for them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Self

from relay.inputs.defaults import read_defaults
from relay.inputs.inputs import NamedFolder, overlaps
from relay.reading import texts
from relay.s3uri import S3Uri

# As many as the policy of the endpoint's role has ARNs of inputs for.
_MOST_PREFIXES: Final = 5
# The prefixes are a part of submit's environment variables, which may have 4 KB, and of an event
# pattern, which may have 2,048 characters.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
_MOST_CHARACTERS: Final = 600
_MODELS: Final = "models/"
# S3 takes the prefix of a notification URL-encoded, and every other use of a prefix is not encoded.
# With another character as it is, a prefix matches no upload.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
# https://github.com/aws/aws-cdk/pull/28012 (a report about "=")
_ANNOUNCED: Final = re.compile(r"[A-Za-z0-9!_.'()/-]*")


@dataclass(frozen=True, slots=True)
class Locations:
    """An empty name of a bucket stands for the stack's own one, `own_bucket`.

    `access_logs` is the S3 URI under which S3 writes the access logs of `own_bucket`, or empty.
    """

    own_bucket: str
    input_bucket: str
    input_prefixes: tuple[str, ...]
    input_defaults: str
    output_bucket: str
    output_prefix: str
    failure_prefix: str
    access_logs: str

    @classmethod
    def of(cls, properties: Mapping[str, object]) -> Self:
        """Read the properties of `Custom::Locations`."""

        def text(name: str) -> str:
            return str(properties.get(name, ""))

        return cls(
            own_bucket=text("OwnBucketName"),
            input_bucket=text("InputBucketName"),
            input_prefixes=tuple(texts(properties.get("InputPrefixes"))),
            input_defaults=text("InputDefaults"),
            output_bucket=text("OutputBucketName"),
            output_prefix=text("OutputPrefix"),
            failure_prefix=text("FailurePrefix"),
            access_logs=text("AccessLogs"),
        )

    def problems(self) -> Iterator[str]:
        """Yield everything that is wrong with them, whatever the buckets are like."""
        if self.input_bucket and self.input_bucket == self.own_bucket:
            yield (
                f"InputBucketName is {self.own_bucket}, the stack's own bucket; leave it empty, so "
                "that the bucket announces uploads itself"
            )
        yield from self._problems_of_prefixes()
        folders = list(self._folders())
        if len(folders) == len(self._named()):
            yield from self._overlaps(folders)
        yield from self._logged()
        for problem in read_defaults(self.input_defaults, self.input_prefixes)[1]:
            yield f"InputDefaults: {problem}"

    def _problems_of_prefixes(self) -> Iterator[str]:
        number = len(self.input_prefixes)
        characters = sum(map(len, self.input_prefixes))
        if number > 1 and not self.input_bucket:
            yield (
                f"InputPrefixes has {number} prefixes, and the stack's own bucket announces "
                "uploads under one; use folders below it, or name a bucket in InputBucketName"
            )
        if number > _MOST_PREFIXES:
            yield f"InputPrefixes has {number} prefixes, and may have {_MOST_PREFIXES}"
        if characters > _MOST_CHARACTERS:
            yield f"InputPrefixes has {characters:,} characters, and may have {_MOST_CHARACTERS:,}"
        if not number:
            yield "InputPrefixes is empty; name at least one prefix"
        for prefix in () if self.input_bucket else self.input_prefixes:
            if not _ANNOUNCED.fullmatch(prefix):
                yield (
                    f"InputPrefixes {prefix!r} has characters under which the stack's own bucket "
                    "announces no upload; use A-Z a-z 0-9 ! - _ . ' ( ) alone, or name a bucket in "
                    "InputBucketName"
                )
        for name, _, prefix in self._named():
            segments = prefix.split("/")
            if segments[-1] or {"", ".", ".."} & set(segments[:-1]) or prefix == "":
                yield (
                    f"{name} {prefix!r} must be a folder such as team/inputs/, with a slash at the "
                    "end alone and no segment . or .."
                )

    def _named(self) -> list[tuple[str, str, str]]:
        """Each prefix with the parameter that names it, and its bucket."""
        outputs = self.output_bucket or self.own_bucket
        return [
            *self._inputs(),
            ("OutputPrefix", outputs, self.output_prefix),
            ("FailurePrefix", outputs, self.failure_prefix),
        ]

    def _inputs(self) -> Iterator[tuple[str, str, str]]:
        bucket = self.input_bucket or self.own_bucket
        return (("InputPrefixes", bucket, each) for each in self.input_prefixes)

    def _folders(self) -> Iterator[NamedFolder]:
        for name, bucket, prefix in self._named():
            try:
                yield NamedFolder(name, S3Uri(bucket, prefix))
            except ValueError:
                return  # a key of more than S3 takes, which a parameter does not admit

    def _logged(self) -> Iterator[str]:
        """Each output is an access to the stack's bucket, and would lead to another log."""
        for folder in (f"s3://{bucket}/{each}" for _, bucket, each in self._inputs()):
            if self.access_logs.startswith(folder):
                yield (
                    f"InputPrefixes {folder} has the access logs of the stack's bucket, which "
                    f"S3 writes under {self.access_logs}, and logs would be taken for inputs; "
                    "choose another prefix, or another AccessLogBucketName"
                )

    def _overlaps(self, folders: list[NamedFolder]) -> Iterator[str]:
        models = NamedFolder("the folder of models", S3Uri(self.own_bucket, _MODELS))
        for one, other in overlaps([*folders, models]):
            found = f"{one.name} {one.folder} and {other.name} {other.folder} overlap, and"
            if one.name == other.name:
                yield f"{found} the shorter one has the uploads of both; leave the other one out"
            else:
                yield (
                    f"{found} outputs would be taken for inputs, failures or models; choose "
                    "prefixes of which none begins with another"
                )
