from pathlib import Path

from async_endpoint_emulator.testing import Sandbox
from train import train

ROWS = b"5.1,3.5,1.4,0.2\n6.3,3.3,6.0,2.5"


def test_irises_are_classified(async_emulator: Sandbox, tmp_path: Path) -> None:
    train(tmp_path)
    iris = async_emulator.deploy("iris", "python serve.py", tmp_path, content_type="text/csv")

    invocation = iris.invoke(ROWS)
    notification = iris.notification(invocation)

    assert notification["invocationStatus"] == "Completed"
    assert iris.read(invocation.output_location) == b"setosa\nvirginica"


def test_what_is_no_number_fails_with_the_words_of_the_server(
    async_emulator: Sandbox, tmp_path: Path
) -> None:
    train(tmp_path)
    iris = async_emulator.deploy("iris", "python serve.py", tmp_path, content_type="text/csv")

    invocation = iris.invoke(b"5.1,3.5,1.4,short")

    assert iris.notification(invocation)["invocationStatus"] == "Failed"
    assert b"could not convert string to float" in iris.read(invocation.failure_location or "")
