"""JSON of AWS's, and the relay's own messages: the first problem makes a message unreadable."""

from relay.errors import UnreadableMessage
from relay.reading import Problem, Reader


class Fields(Reader):
    """A reader that raises UnreadableMessage at the first problem, with its path."""

    def remember(self, problem: Problem) -> None:
        raise UnreadableMessage(str(problem))
