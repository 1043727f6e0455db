"""Texts that fit the patterns of the service models, and texts that do not.

Written by hand for each pattern, so that they do not depend on how a pattern is read.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from botocore.model import Shape


@dataclass(frozen=True, slots=True)
class Pattern:
    """`start` with any number of `filler` fits, up to `most` characters in all. `bad` does not fit;
    None: every text fits. `empty`: the empty text fits."""

    start: str = ""
    filler: str = "a"
    bad: str | None = None
    most: int | None = None
    empty: bool = False


_ANY = Pattern(empty=True)
_NAME = Pattern(bad="-", most=63)
_ROLE = Pattern("arn:aws:iam::123456789012:role/", bad="arn:aws:iam::123:role/execution")
_SAGEMAKER = "arn:aws:sagemaker:us-east-1:123456789012:"
_LOCATION = Pattern("s3://b/", bad="ftp://b/k")
PATTERNS = {
    r"[a-zA-Z0-9]([\-a-zA-Z0-9]*[a-zA-Z0-9])?": Pattern(bad="a-"),
    r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}": _NAME,
    r"^[a-zA-Z0-9](-*[a-zA-Z0-9])*": Pattern(bad="-"),
    r"[\S]+": Pattern(bad="a b"),
    r".*": Pattern(bad="a\nb", empty=True),
    r"[\S\s]*": _ANY,
    r"[\s\S]+": Pattern(),
    r"(https|s3)://([^/]+)/?(.*)": _LOCATION,
    r"^(https|s3)://([^/]+)/?(.*)$": _LOCATION,
    r"(https|s3)://([^/])/?(.*)": _LOCATION,
    r"[A-Za-z0-9\.\-_]+": Pattern(bad="a b"),
    r"[a-zA-Z_][a-zA-Z0-9_]*": Pattern(bad="1"),
    r"(arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:[a-z\-]*\/)?([a-zA-Z0-9]([a-zA-Z0-9-])"
    r"{0,62})(?<!-)(\/[0-9]{1,9})?": Pattern(bad="a-", most=63),
    r"/(?!.*\.\.)[a-zA-Z0-9/_.\-]+": Pattern("/a", bad="/../a"),
    r"arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+": _ROLE,
    r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)": Pattern(filler="é", bad="a;b", empty=True),
    r"[-0-9a-zA-Z]+": Pattern(bad="a_b"),
    r"[a-zA-Z0-9-]+": Pattern(bad="a_b"),
    r"[a-zA-Z0-9:/_-]*": Pattern(bad="a b", empty=True),
    r"arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:[a-z0-9\-]{1,14}/.*": Pattern(
        _SAGEMAKER + "reservation/", bad="arn:aws:sagemaker:us-east-1:123:a/b"
    ),
    r"[a-zA-Z0-9](-*[a-zA-Z0-9])*\/[a-zA-Z0-9](-*[a-zA-Z0-9.])*": Pattern("a/", bad="csv"),
    r"[a-zA-Z0-9](-*[a-zA-Z0-9])*\/[a-zA-Z0-9](-*[a-zA-Z0-9+.])*": Pattern("a/", bad="csv"),
    r"arn:aws[a-z\-]*:sns:[a-z0-9\-]*:[0-9]{12}:[a-zA-Z0-9_.-]+": Pattern(
        "arn:aws:sns:us-east-1:123456789012:", bad="arn:aws:sqs:us-east-1:123456789012:a"
    ),
    r"(?!\s*$).+": Pattern(bad=" "),
    r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:[0-9]{12}:.+": Pattern(_SAGEMAKER, bad="model/m"),
    r"\p{ASCII}*": Pattern(bad="ü", empty=True),
    r"\A\S[\p{Print}]*\z": Pattern(bad="aü"),
    r"^(?!s3:|https:)[a-zA-Z0-9!_.*'()/-]+$": Pattern(bad="s3:a"),
    r"^(?!.*\..*\.)[a-zA-Z0-9][a-zA-Z0-9-_\.]*$": Pattern(bad="a.b.c"),
    r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*": Pattern(
        filler="ü", bad="a\u0001b", empty=True
    ),
    r"(?!((^[ ]+.*)|(.*([\u0000-\u001f]|[\u007f-\u009f]|[:/|])+.*)|(.*[ ]+$))).+": Pattern(
        bad="a/b"
    ),
    r"\p{Print}+": Pattern(bad="a\nb"),
}


def pattern_of(shape: Shape) -> Pattern:
    """How texts of this shape are made; every pattern of the models is in the table."""
    return PATTERNS[shape.metadata["pattern"]] if "pattern" in shape.metadata else _ANY


def text(shape: Shape, length: int | None = None) -> str:
    """A text that fits the pattern, if one of this length can."""
    pattern = pattern_of(shape)
    if length is None:
        length = max(shape.metadata.get("min", 0), len(pattern.start) + 1)
    return (pattern.start + pattern.filler * length)[:length]


def fits(shape: Shape, given: str) -> bool:
    """Whether a text that `text` has made fits the pattern."""
    pattern = pattern_of(shape)
    if not given:
        return pattern.empty
    whole = given.startswith(pattern.start) and len(given) > len(pattern.start)
    return whole and (pattern.most is None or len(given) <= pattern.most)


def lengths(shape: Shape) -> Iterator[int]:
    """The shortest and the longest text that the shape accepts."""
    pattern, limits = pattern_of(shape), shape.metadata
    least = max(limits.get("min", 0), 0 if pattern.empty else len(pattern.start) + 1)
    most = min(limits.get("max", least), pattern.most or 10**9)
    yield from dict.fromkeys((least, most))
