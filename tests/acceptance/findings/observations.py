"""What a run has seen of each assumption."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tests.acceptance.findings.assumptions import Assumption


class Verdict(StrEnum):
    """In the order in which a reader wants them."""

    BROKEN = "broken"
    UNSEEN = "not observed"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Observation:
    """What one test saw of an assumption; `detail` says why when it did not hold."""

    verdict: Verdict
    test: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """What became of an assumption in a run."""

    id: str
    verdict: Verdict
    detail: str
    claim: str


class Observations:
    """Collected while tests run."""

    def __init__(self) -> None:
        self._seen: defaultdict[str, list[Observation]] = defaultdict(list)

    def add(self, assumption: str, observation: Observation) -> None:
        self._seen[assumption].append(observation)

    def about(self, assumption: str) -> Sequence[Observation]:
        return tuple(self._seen[assumption])

    def rows(self, page: Sequence[Assumption], otherwise: str) -> list[Row]:
        """One for each assumption of the page, the broken first.

        Broken once is broken; `otherwise` is why there is no observation where one was to be.
        """
        rows = [self._row(each, otherwise) for each in page]
        return sorted(rows, key=lambda row: list(Verdict).index(row.verdict))

    def _row(self, assumption: Assumption, otherwise: str) -> Row:
        seen = self._seen[assumption.id]
        for verdict in (Verdict.BROKEN, Verdict.HELD, Verdict.UNSEEN):
            found = [each for each in seen if each.verdict is verdict]
            if found:
                details = dict.fromkeys(each.detail for each in found if each.detail)
                return Row(assumption.id, verdict, "; ".join(details), assumption.claim)
        reason = assumption.unobserved or otherwise
        return Row(assumption.id, Verdict.UNSEEN, reason, assumption.claim)
