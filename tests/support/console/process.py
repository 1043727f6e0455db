"""`relayctl console` as a process of its own."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from local.stack.settings import REPOSITORY


@contextmanager
def console(environment: Mapping[str, str]) -> Iterator[str]:
    """Run the command as a person does after `. .local/env`; yield the address it prints.

    Raises AssertionError if it does not begin, or if it does not end well after Ctrl-C.
    """
    others = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    paths = {"PYTHONPATH": os.pathsep.join((str(REPOSITORY / "layers/relay"), str(REPOSITORY)))}
    process = subprocess.Popen(
        [sys.executable, "-m", "relayctl", "console"],
        env=others | dict(environment) | paths,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    lines: list[str] = []
    try:
        for line in process.stdout:
            lines.append(line)
            if found := re.fullmatch(r"(http://127\.0\.0\.1:\d+/\?token=\S+)\n", line):
                break
        else:
            raise AssertionError("".join(lines))
        rest = threading.Thread(target=lambda: lines.extend(process.stdout or ()))
        rest.start()
        yield found[1]
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        rest.join()
        assert "Traceback" not in "".join(lines), "".join(lines)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
