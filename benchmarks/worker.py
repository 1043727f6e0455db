"""One function in a process of its own, called again and again: `worker.py MODULE [CALLABLE …]`.

Standard input has one event file and a number of repetitions a line; for each comes a line of
JSON: processor time, how much of it each CALLABLE (`module:name`) took, memory, and what was
logged. Runs on a bare interpreter, with nothing of the benchmarks on its path.
"""

import importlib
import json
import os
import sys
import time
from collections import defaultdict
from typing import Any


class Context:
    """Lambda's context, as far as handlers look at it."""

    aws_request_id = "7a5f0f0e-7c52-4e4a-9f1b-000000000000"
    function_name = "benchmark"
    function_version = "$LATEST"
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:benchmark"
    memory_limit_in_mb = 512

    def get_remaining_time_in_millis(self) -> int:
        return 45_000


def main() -> None:
    # The answers go to our own standard output, the function's log to a file without a name.
    answers = os.fdopen(os.dup(1), "w")
    log = os.memfd_create("log")
    os.dup2(log, 1)
    started = time.process_time()
    handler = importlib.import_module(sys.argv[1]).handler
    spent: defaultdict[str, float] = defaultdict(float)
    for name in sys.argv[2:]:
        _put_clock_on(name, spent)
    print(json.dumps({"import_seconds": time.process_time() - started}), file=answers, flush=True)
    for line in sys.stdin:
        path, repetitions = line.split()
        measured = _measure(handler, path, int(repetitions), log, spent)
        print(json.dumps(measured), file=answers, flush=True)


def _put_clock_on(name: str, spent: dict[str, float]) -> None:
    """Has every call of it add its processor time to `spent`."""
    module, _, path = name.partition(":")
    *owners, last = path.split(".")
    owner: Any = importlib.import_module(module)
    for each in owners:
        owner = getattr(owner, each)
    function = getattr(owner, last)

    def clocked(*args: Any, **kwargs: Any) -> Any:
        started = time.process_time()
        try:
            return function(*args, **kwargs)
        finally:
            spent[name] += time.process_time() - started

    setattr(owner, last, clocked)


def _measure(
    handler: Any, path: str, repetitions: int, log: int, spent: dict[str, float]
) -> dict[str, Any]:
    with open(path) as file:  # noqa: PTH123 - what pathlib imports is not the function's memory
        text = file.read()
    seconds = []
    os.lseek(log, 0, os.SEEK_SET)
    spent.clear()
    for _ in range(repetitions):
        event = json.loads(text)
        started = time.process_time()
        returned = handler(event, Context())
        seconds.append(time.process_time() - started)
        if returned["batchItemFailures"]:
            raise SystemExit(f"{sys.argv[1]} gave messages back: {returned}")
    sys.stdout.flush()
    return {
        "cpu_seconds": seconds,
        "parts": {name: total / repetitions for name, total in spent.items()},
        "peak_bytes": _peak_bytes(),
        "log_bytes": os.lseek(log, 0, os.SEEK_CUR) / repetitions,
    }


def _peak_bytes() -> int:
    """Of this program: the usual `getrusage` returns the parent's, when that was larger."""
    with open("/proc/self/status") as file:  # noqa: PTH123 - as above
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
