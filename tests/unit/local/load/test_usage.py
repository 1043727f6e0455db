from async_endpoint_emulator.model_servers import warden

from local.load.usage import function_workers, model_servers
from local.machine.process_table import Row

_MINISTACK = 40


def _row(pid: int, command: str, parent: int = _MINISTACK) -> Row:
    return Row(pid, parent, 1024, 0.5, command)


_SUBMIT = _row(41, "python /tmp/ministack-lambda-relay-SubmitFunction-1A-x7/_worker.py")
_ROUTE = _row(42, "python /tmp/ministack-lambda-relay-RouteFunction-2B-y8/_worker.py")


def test_workers_of_a_function_are_found_by_its_name() -> None:
    assert function_workers([_SUBMIT, _ROUTE], _MINISTACK, "relay-RouteFunction-2B") == [_ROUTE]


def test_without_a_name_all_workers_are_found() -> None:
    assert function_workers([_SUBMIT, _ROUTE], _MINISTACK) == [_SUBMIT, _ROUTE]


def test_another_stacks_workers_and_other_children_are_no_workers() -> None:
    table = [
        _row(43, _SUBMIT.command, parent=99),
        _row(44, "python -m something.else"),
        _row(45, "less /tmp/ministack-lambda-relay-SubmitFunction-1A-x7/_worker.py.txt"),
    ]

    assert function_workers(table, _MINISTACK) == []


def test_the_emulators_warden_is_no_model_server() -> None:
    server = _row(46, "python -m local.containers.xgboost")
    beside = _row(47, f"python -I -S {warden.__file__} /tmp/sagemaker-a1")

    assert model_servers([server, beside], _MINISTACK) == [server]
