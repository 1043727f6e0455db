"""Isolation: an exception that is no RelayError harms only the record that raises it.

A call for several records that raises is repeated for each record alone. The record that raises
again fails with an UnexpectedError, and the others succeed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from traceback import walk_tb
from typing import TypeVar

from relay.errors import RelayError, UnexpectedError

_Record = TypeVar("_Record")
_Answer = TypeVar("_Answer")
_End = TypeVar("_End")


def unexpected(error: Exception, doing: str = "") -> UnexpectedError:
    """Return the error that stands for an exception: `TypeError at relay/route/route.py:123`.

    The text of the exception is left out, because it may repeat a payload.

    Args:
        error: an exception that was raised.
        doing: what failed, to begin the message with.
    """
    if isinstance(error, UnexpectedError):
        return error
    what = f"{type(error).__name__} at {_place(error)}"
    made = UnexpectedError(f"{doing}: {what}" if doing else what)
    made.__cause__ = error
    return made


def as_relay_error(error: Exception, doing: str = "") -> RelayError:
    """Return a RelayError as it is, and the error that stands for any other exception."""
    return error if isinstance(error, RelayError) else unexpected(error, doing)


def isolated(
    work: Callable[[Sequence[_Record]], Sequence[_End]],
    records: Sequence[_Record],
    broken: Callable[[_Record, UnexpectedError], _End],
) -> list[_End]:
    """Work on records together; if that raises, on each alone.

    Args:
        work: returns the end of each record, such as its disposition. It is repeated after an
            exception, as after a crash of the function.
        records: the records.
        broken: returns the end of a record that raises alone.
    """
    try:
        return list(work(records))
    except Exception as error:
        if len(records) == 1:
            return [broken(records[0], unexpected(error))]
    return [each for record in records for each in isolated(work, [record], broken)]


def answers(
    call: Callable[[Sequence[_Record]], Mapping[str, _Answer]],
    records: Sequence[_Record],
    key: Callable[[_Record], str],
) -> Mapping[str, _Answer | RelayError]:
    """Call a port for all records; if that raises, for each alone. No records need no call.

    Return the port's answers by key, with an UnexpectedError for a record that raises alone. A
    RelayError of the whole call is the answer for each record.
    """
    if not records:
        return {}
    try:
        return call(records)
    except RelayError as error:
        return {key(record): error for record in records}
    except Exception as error:
        if len(records) == 1:
            return {key(records[0]): unexpected(error)}
    found: dict[str, _Answer | RelayError] = {}
    for record in records:
        found |= answers(call, [record], key)
    return found


def in_turn(act: Callable[[_Record], None], records: Iterable[_Record]) -> None:
    """Act on each record, also after an error.

    Raises:
        Exception: the first error, once all records were acted on, with notes of the others.
    """
    errors: list[Exception] = []
    for record in records:
        try:
            act(record)
        except Exception as error:
            errors.append(error)
    if errors:
        first, *rest = errors
        for other in rest:
            first.add_note(f"another record failed too: {unexpected(other)}")
        raise first


def _place(error: Exception) -> str:
    """Return the innermost line of the relay that the exception passed, as `module.py:line`."""
    place = ""
    for frame, line in walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith("relay.") or not place:
            place = f"{module.replace('.', '/')}.py:{line}"
    return place or "an unknown place"
