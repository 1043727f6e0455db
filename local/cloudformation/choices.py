"""Every combination of the choices that a computation asks for, and of no others."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

_T = TypeVar("_T")
# A rule that asks for more has lost its way.
_COMBINATIONS = 50_000


class Choices:
    """Answers a question with the value that is written in the script, or with the first one."""

    def __init__(self, options: Callable[[str], Sequence[Any]], script: tuple[int, ...]) -> None:
        self._options = options
        self._script = script
        self._taken: dict[str, Any] = {}
        self.counts: list[int] = []

    def take(self, name: str) -> Any:
        """The value that holds for this name in this run."""
        if name not in self._taken:
            options = self._options(name)
            index = self._script[len(self.counts)] if len(self.counts) < len(self._script) else 0
            self._taken[name] = options[index]
            self.counts.append(len(options))
        return self._taken[name]

    @property
    def taken(self) -> Mapping[str, Any]:
        return self._taken


def explore(
    options: Callable[[str], Sequence[Any]], run: Callable[[Choices], _T]
) -> Iterator[tuple[Mapping[str, Any], _T]]:
    """Run once for each combination: a question that is only asked on one way is only varied there.

    Yields what was chosen and the result. `run` must ask the same questions for the same answers.
    """
    pending: list[tuple[int, ...]] = [()]
    runs = 0
    while pending:
        script = pending.pop()
        choices = Choices(options, script)
        result = run(choices)
        yield choices.taken, result
        runs += 1
        if runs > _COMBINATIONS:
            raise RuntimeError(f"more than {_COMBINATIONS:,} combinations of {list(choices.taken)}")
        for depth in range(len(script), len(choices.counts)):
            ahead = script + (0,) * (depth - len(script))
            pending.extend((*ahead, other) for other in range(1, choices.counts[depth]))
