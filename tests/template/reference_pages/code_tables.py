"""The tables of the code in the pages of docs/: the endpoint's life, its ends, its properties."""

import re
from collections.abc import Callable

from relay.provision.endpoint import EndpointStatus
from relay.provision.lifecycle.stored_record import Goal
from relay.provision.lifecycle.table import EARLY, TABLE, EarlyRow, Row
from relay.provision.specification.endpoint_properties import ENDPOINT_PROPERTIES
from relay.provision.texts.call_failures import CALL_FAILURES
from relay.provision.texts.endings import ENDINGS
from relay.provision.texts.refusals import REFUSALS
from relay.provision.texts.remedies import REMEDIES


def endpoint_properties() -> str:
    """Return the table of endpoint-specification.md."""
    rows = ["| property | member | form |", "| --- | --- | --- |"]
    for each in ENDPOINT_PROPERTIES:
        members = ", ".join(f"`{member}`" for member in each.members)
        rows.append(f"| `{each.name}` | {members} | {each.form.words if each.form else ''} |")
    return "".join(f"{row}\n" for row in rows)


def endpoint_life() -> str:
    """Return the table of endpoint.md."""
    lines = ["| goal | EndpointStatus | condition | step |\n", "| --- | --- | --- | --- |\n"]
    for early in EARLY:
        goals = [goal for goal in Goal if goal in early.goals]
        lines.append(_line(goals, "not asked for", [_words(early.when)], early))
    for row in TABLE:
        conditions = [_words(condition) for condition in row.when]
        lines.append(_line([row.goal], _statuses(row), conditions, row))
    return "".join(lines)


def endings() -> str:
    """Return the tables of reference/endings.md: endings, failures of calls, and remedies."""
    rows = [
        _cells(each.when, each.happened, each.state, each.goes_on, each.to_do)
        for each in (*ENDINGS.values(), *REFUSALS.values())
    ]
    failures = [_cells(each.when, each.text, each.advice) for each in CALL_FAILURES]
    remedies = [_cells(f"`{pattern}`", text) for pattern, text in REMEDIES]
    return "".join(
        (
            "| when | the stack or the log shows | endpoint | what goes on by itself "
            "| what to do |\n| --- | --- | --- | --- | --- |\n",
            *rows,
            "\n## Calls that AWS does not take\n\n"
            "`PROBLEM` above is one of these texts. `ADVICE` is the remedy of the table below, or "
            "else the one here.\n\n| when | `PROBLEM` | `ADVICE` |\n| --- | --- | --- |\n",
            *failures,
            "\n## Remedies for messages of AWS\n\n"
            "The first pattern that matches AWS's message gives `ADVICE`. Without one, the advice "
            "for a failed deployment is to check the container's output.\n\n"
            "| AWS's message matches | `ADVICE` |\n| --- | --- |\n",
            *remedies,
        )
    )


def _cells(*texts: str) -> str:
    """Return a row, in which `{wanted.image}` is `IMAGE`."""
    return "".join(f"| {_cell(text)} " for text in texts) + "|\n"


def _cell(text: str) -> str:
    if text.startswith("`") and text.endswith("`"):
        return text.replace("|", "\\|")
    text = re.sub(r"\{found\[(\d)\]!?r?\}", r"MATCH_\1", text).replace("{{", "{").replace("}}", "}")
    named = re.sub(r"\{(?:wanted\.)?(\w+)\}", lambda name: f"`{name[1].upper()}`", text)
    return named.replace("|", "\\|") or "–"


def _line(goals: list[Goal], statuses: str, conditions: list[str], row: Row | EarlyRow) -> str:
    names = ", ".join(f"`{goal.value}`" for goal in goals)
    return f"| {names} | {statuses} | {', and '.join(conditions)} | {_step(row)} |\n"


def _step(row: Row | EarlyRow) -> str:
    module = row.step.__module__.rpartition(".")[2]
    return f"`{module}.{row.step.__name__}`: {_words(row.step).rstrip('.')}"


def _statuses(row: Row) -> str:
    names = [status.value for status in EndpointStatus if status in row.statuses]
    others = [status.value for status in EndpointStatus if status not in row.statuses]
    return f"any but {', '.join(others)}" if len(others) < 3 else ", ".join(names)


def _words(function: Callable[..., object]) -> str:
    """Return the first line of a docstring."""
    return (function.__doc__ or "").strip().splitlines()[0]
