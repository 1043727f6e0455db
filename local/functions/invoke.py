"""`python -m local.functions.invoke FUNCTION EVENT`: a built function, under Lambda's runtime.

Standard output is the function's answer and nothing else.
"""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from local.commands import perform
from local.functions.deployed import NAMES, deployed_function, rebuild_if_changed
from local.functions.lambda_runtime import Answer, Failure, Invocation, LambdaRuntime
from local.machine.lock import exclusive
from local.stack.clients import Clients
from local.stack.settings import REPOSITORY, StackSettings
from local.stack.stack import Stack
from local.stack.up import Narrator, bring_up, train_model

_EVENTS = REPOSITORY / "events"

_USAGE = (
    "make invoke FUNCTION=route EVENT=events/route/completed-via-sqs.json",
    "python -m local.functions.invoke FUNCTION EVENT",
)

ANSWERED, RAISED, MISUSED = 0, 1, 2


class _Misuse(Exception):
    """The command line is wrong. The message says how it should be."""


def main(arguments: Sequence[str]) -> int:
    """Runs the command and returns its exit code: 1 when the function raised, 2 for wrong usage."""
    return call(arguments, invoke, _USAGE)


def call(
    arguments: Sequence[str],
    run: Callable[[str, object, StackSettings], Invocation],
    usage_lines: Sequence[str],
) -> int:
    """Reads a function and an event, runs one on the other and shows what came of it.

    The exit code is 0 for an answer, 1 when the function raised or the stack, the build or the
    runtime failed, 2 for wrong usage.
    """

    def command(settings: StackSettings) -> int:
        try:
            name, event = _read(arguments, usage_lines)
        except _Misuse as misuse:
            print(misuse, file=sys.stderr)
            return MISUSED
        return _show(name, run(name, event, settings))

    return perform(command)


def invoke(name: str, event: object, settings: StackSettings) -> Invocation:
    """Runs a function against the local stack, and starts one just for that when none is up.

    Raises:
        LocalStackError: the stack, the build or the runtime failed; not the function.
    """
    with _a_stack(settings):
        clients = Clients(settings)
        rebuild_if_changed(settings, clients, report)
        with LambdaRuntime(deployed_function(name, settings, clients)) as runtime:
            return runtime.invoke(event)


@contextmanager
def _a_stack(settings: StackSettings) -> Iterator[None]:
    stack = Stack(settings, report)
    if stack.running:
        yield
        return
    report("no local stack is up: starting one for this call (`make up` keeps one)")
    with exclusive(settings.directory):
        try:
            bring_up(settings, train_model(settings), Narrator(report))
            yield
        finally:
            report(f"stopped {', '.join(stack.stop())}")


def _read(arguments: Sequence[str], usage_lines: Sequence[str]) -> tuple[str, object]:
    name, path = (*arguments, "", "")[:2]
    if len(arguments) != 2 or name not in NAMES:
        raise _Misuse(usage(usage_lines))
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text()
        return name, json.loads(text)
    except OSError as exc:
        raise _Misuse(f"cannot read the event: {exc}\n\n{usage(usage_lines, name)}") from exc
    except ValueError as exc:
        raise _Misuse(f"the event {path} is not JSON: {exc}") from exc


def usage(lines: Sequence[str], name: str | None = None) -> str:
    """How to call the command, with the functions and the events there are."""
    found = sorted(_EVENTS.glob(f"{name or '*'}/*.json"))
    return "\n".join(
        (
            f"usage: {lines[0]}",
            *(f"       {line}" for line in lines[1:]),
            "",
            "EVENT is a file, or - for standard input. events/README.md describes those there are.",
            "",
            f"functions: {', '.join(NAMES)}",
            "events:",
            *(f"  {path.relative_to(REPOSITORY)}" for path in found),
        )
    )


def _show(name: str, invocation: Invocation) -> int:
    for line in invocation.log:
        report(line)
    if invocation.init_milliseconds is not None:
        report(f"{name} was initialised in {invocation.init_milliseconds:.0f} ms")
    match invocation.outcome:
        case Answer(payload):
            print(json.dumps(payload, indent=2, ensure_ascii=False))
            return ANSWERED
        case Failure(error, message):
            report(f"{name} raised {error}: {message}")
            return RAISED


def report(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
