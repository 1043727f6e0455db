"""What the commands report to a person as one message, without a traceback."""


class LocalStackError(Exception):
    """The command cannot go on. The message says what happened and what to change."""
