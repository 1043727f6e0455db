"""Each wildcard of a policy has its reason beside it in template.yaml."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from local.stack.settings import REPOSITORY

TEXT = (REPOSITORY / "template.yaml").read_text()
_BEGINS = re.compile(r"( *)- (?:Sid: (\w+)|\{? *Effect:)")
_COMMENT = re.compile(r"^ *#|\s# ")
_EVERYTHING = re.compile(r"""(Resource|Principal|Action): ["']?\*["']?$""")
# What stands around a statement that is optional.
_OPTIONAL = re.compile(r" *- (!If|\w+)$")


@dataclass(frozen=True, slots=True)
class Written:
    """A statement as the file has it: its lines, and the comment lines directly above them."""

    sid: str
    number: int
    above: tuple[str, ...]
    lines: tuple[str, ...]

    @property
    def has_wildcard(self) -> bool:
        return any("*" in _code(line) for line in self.lines)

    @property
    def has_reason(self) -> bool:
        return bool(self.above) or any(_COMMENT.search(line) for line in self.lines)


def _code(line: str) -> str:
    return re.sub(r"(^| )#.*", "", line)


def statements(text: str) -> Iterator[Written]:
    lines = text.splitlines()
    for index, line in enumerate(lines):
        if begin := _BEGINS.match(line):
            indent, sid = begin[1], begin[2] or "unnamed"
            end = index + 1
            while end < len(lines) and lines[end].startswith(f"{indent} "):
                end += 1
            yield Written(sid, index + 1, tuple(_above(lines, index)), tuple(lines[index:end]))


def _above(lines: list[str], index: int) -> Iterator[str]:
    for line in reversed(lines[:index]):
        if line.lstrip().startswith("#"):
            yield line
        elif not _OPTIONAL.match(line):
            return


def test_each_wildcard_of_a_statement_has_its_reason_beside_it() -> None:
    silent = [
        f"template.yaml:{each.number}: say beside {each.sid} why its wildcard is not narrower"
        for each in statements(TEXT)
        if each.has_wildcard and not each.has_reason
    ]

    assert silent == []


def test_each_wildcard_for_everything_has_its_reason_on_its_line() -> None:
    silent = [
        f"template.yaml:{number}: say behind it why {_code(line).strip()} is not narrower"
        for number, line in enumerate(TEXT.splitlines(), 1)
        if _EVERYTHING.search(_code(line)) and not _COMMENT.search(line)
    ]

    assert silent == []


def test_every_statement_is_looked_at() -> None:
    found = list(statements(TEXT))

    assert len(found) == TEXT.count("Effect: ")
    assert {"PullImage", "TlsOnly", "ManageNetworkInterfaces"} <= {
        each.sid for each in found if each.has_wildcard
    }


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('Resource: "*"', True),
        ("Action: s3:*", True),
        ("Resource: !Sub ${Bucket.Arn}/*", True),
        ("Resource: !GetAtt Queue.Arn", False),
        ("Resource: !GetAtt Queue.Arn # not s3:*", False),
    ],
)
def test_a_wildcard_without_a_reason_is_found(line: str, found: bool) -> None:
    text = f"""
    Statement:
      # The first has a reason.
      - Sid: First
        Effect: Allow
        Resource: "*"
      - Sid: Second
        Effect: Allow
        {line}
"""

    (first, second) = statements(text)

    assert first.has_wildcard and first.has_reason
    assert (second.has_wildcard, second.has_wildcard and not second.has_reason) == (found, found)
