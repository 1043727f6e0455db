"""The processes of a running stack, and the ports of 127.0.0.1 on which they listen."""

from contextlib import suppress
from pathlib import Path

from local.machine.process_table import children, read_table
from local.machine.processes import read_records
from local.stack.settings import StackSettings
from tests.e2e.strangers.requests import AWS, OTHER, SAGEMAKER

_LISTEN = "0A"


def processes(settings: StackSettings) -> list[int]:
    """The ids of the servers and of all that they have started."""
    table = read_table()
    found = [record.pid for record in read_records(settings.records)]
    for pid in found:  # grows meanwhile
        found += [each.pid for each in children(table, pid)]
    return found


def listening_ports(settings: StackSettings) -> dict[int, str]:
    """Whose each port is: that of a server, or of something else such as a model server."""
    known = {settings.aws_port: AWS, settings.sagemaker_port: SAGEMAKER}
    sockets = {each for pid in processes(settings) for each in _sockets(pid)}
    lines = [
        line.split()
        for name in ("tcp", "tcp6")
        for line in Path("/proc/net", name).read_text().splitlines()[1:]
    ]
    ports = [
        int(columns[1].rpartition(":")[2], 16)
        for columns in lines
        if columns[3] == _LISTEN and f"socket:[{columns[9]}]" in sockets
    ]
    return {port: known.get(port, OTHER) for port in sorted(ports)}


def _sockets(pid: int) -> list[str]:
    """What the process has open; nothing when it has ended."""
    found: list[str] = []
    with suppress(FileNotFoundError):
        for each in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                found.append(str(each.readlink()))
    return found
