"""What the parts of a local stack use: memory and processor time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from local.machine.process_table import Row, children, read_table
from local.machine.processes import read_records
from local.stack.settings import StackSettings

MINISTACK = "ministack"
SAGEMAKER = "sagemaker"
_MODEL = "model"
_FUNCTIONS = "functions"
PARTS = (MINISTACK, SAGEMAKER, _MODEL, _FUNCTIONS)

_WORKER = "_worker.py"
_WARDEN = "/async_endpoint_emulator/model_servers/warden.py"


@dataclass(frozen=True, slots=True)
class Use:
    """Of one part, summed over its processes."""

    processes: int = 0
    resident_bytes: int = 0
    cpu_seconds: float = 0.0


def read_usage(settings: StackSettings) -> Mapping[str, Use]:
    """What each of PARTS uses now; a part that does not run uses nothing."""
    pids = {record.name: record.pid for record in read_records(settings.records) if record.alive}
    table = read_table()
    ministack, sagemaker = pids.get(MINISTACK, -1), pids.get(SAGEMAKER, -1)
    return {
        MINISTACK: _use(row for row in table if row.pid == ministack),
        SAGEMAKER: _use(row for row in table if row.pid == sagemaker),
        _MODEL: _use(model_servers(table, sagemaker)),
        _FUNCTIONS: _use(function_workers(table, ministack)),
    }


def model_servers(table: Iterable[Row], sagemaker: int) -> list[Row]:
    """The processes that the emulator, by its process id, runs for the endpoint."""
    return [row for row in children(table, sagemaker) if _WARDEN not in row.command]


def function_workers(table: Iterable[Row], ministack: int, function: str = "") -> list[Row]:
    """The processes in which MiniStack, by its process id, runs Lambda functions.

    All of them, or those of one function by its name.
    """
    # Each runs a script of its own: …/ministack-lambda-<function>-<random>/_worker.py
    folder = f"/ministack-lambda-{function}-" if function else "/ministack-lambda-"
    return [
        row
        for row in children(table, ministack)
        if folder in row.command and row.command.endswith(_WORKER)
    ]


def _use(rows: Iterable[Row]) -> Use:
    rows = list(rows)
    return Use(
        processes=len(rows),
        resident_bytes=sum(row.resident_bytes for row in rows),
        cpu_seconds=sum(row.cpu_seconds for row in rows),
    )
