"""The form of an ending: one situation, and the text that describes it."""

import json
import re
from dataclasses import dataclass
from typing import Final

# Bytes. So that the end of a text, which says what to do, fits into CloudFormation's response.
_LONGEST_TEXT: Final = 1900


@dataclass(frozen=True, slots=True)
class Ending:
    """One situation, and its text in four parts, of which some can be empty.

    `{names}` in the parts are filled in. No part ends with a full stop.
    """

    when: str
    happened: str
    state: str = ""
    goes_on: str = ""
    to_do: str = ""

    @property
    def template(self) -> str:
        parts = (self.happened, self.state, self.goes_on, self.to_do)
        return ". ".join(filter(None, parts))

    def text(self, **values: object) -> str:
        """Return the text with these values, each without its last full stop.

        In a text that is too long, the longest values are shortened.
        """
        used = re.findall(r"\{(\w+)\}", self.template)
        filled = {name: sentence(str(values[name])) for name in used}
        while _sent_length(text := self.template.format(**filled)) > _LONGEST_TEXT:
            longest = max(filled, key=lambda name: _sent_length(filled[name]))
            kept = filled[longest].removesuffix("…")
            filled[longest] = kept[: len(kept) * 9 // 10] + "…"
        return text

    def matches(self, text: str) -> bool:
        """Whether this is a text of this ending, whatever its values."""
        literal = map(re.escape, re.split(r"\{\w+\}", self.template))
        return bool(re.fullmatch(".+".join(literal), text, re.DOTALL))


def _sent_length(text: str) -> int:
    """In JSON, where a character can be six bytes."""
    return len(json.dumps(text))


def sentence(text: str) -> str:
    """Return the text without its last full stop: another sentence may follow."""
    return text.strip().rstrip(".").rstrip()


@dataclass(frozen=True, slots=True)
class CallFailure:
    """Why a call was given up: `{problem}` in an ending, and `{advice}` where no other is known."""

    when: str
    text: str
    advice: str
